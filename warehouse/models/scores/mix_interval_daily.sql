-- How far the 80 % interval reaches from the score, for suppliers of each mix by what is missing of
-- them.
select
    e.score_date,
    e.mix_id,
    g.gaps,
    least(
        0, method.mixture_end(e.parts, e.other_variance_points2 + g.variance_points2, 0.1)
    ) as low_points,
    greatest(
        0, method.mixture_end(e.parts, e.other_variance_points2 + g.variance_points2, 0.9)
    ) as high_points
from temp.mix_evidence as e
cross join facts.gaps as g
where contains(e.mix_id, ':') and e.score_date between $start_date and $end_date
