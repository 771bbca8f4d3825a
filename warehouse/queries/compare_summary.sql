-- Over all days: how many scores and bands moved, how far, and whether the order stayed.
with
pairs as (
    select
        'sectors' as what, score_date, b.published_score as old, a.published_score as new,
        a.score_0_100 - b.score_0_100 as moved,
        (b.band_id is distinct from a.band_id) as has_new_band
    from before.sector_daily as b
    inner join after.sector_daily as a using (score_date, sector_id)
    union all
    select
        'suppliers', score_date, b.published_score, a.published_score,
        a.score_0_100 - b.score_0_100,
        (b.band_id is distinct from a.band_id)
    from before.supplier_daily as b
    inner join after.supplier_daily as a using (score_date, supplier_id)
),

ranked as (
    select
        *,
        rank() over (partition by what, score_date order by old) as old_rank,
        rank() over (partition by what, score_date order by new) as new_rank
    from pairs
)

select
    what,
    count(*) as scores,
    count(*) filter (where old is distinct from new) as moved,
    avg(moved) as mean_move,
    max(abs(moved)) as largest_move,
    count(*) filter (where has_new_band) as new_bands,
    count(*) filter (where old_rank <> new_rank) as new_ranks,
    corr(old_rank, new_rank) as rank_correlation
from ranked
group by what
order by what
