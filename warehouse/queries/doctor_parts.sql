-- Days on which some supplier's parts do not sum to its score.
select distinct cast(score_date as varchar) as found
from scores.supplier_daily
where
    abs(
        baseline_points + threat_points + susceptibility_points + consequence_points
        + bound_points - score_0_100
    ) > 1e-9
order by 1
