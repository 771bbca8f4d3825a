-- Each sector on a day before and after: score, band, rank, the parts' moves, and the event whose
-- points moved most.
with
ranked as (
    select
        'before' as state, *,
        rank() over (order by published_score desc nulls last) as place
    from before.sector_daily
    where score_date = $day
    union all by name
    select
        'after' as state, *,
        rank() over (order by published_score desc nulls last) as place
    from after.sector_daily
    where score_date = $day
),

events as (
    select
        sector_id,
        coalesce(a.driver_title, b.driver_title) as title,
        coalesce(a.points, 0) - coalesce(b.points, 0) as points
    from (
        from before.sector_driver_daily
        where score_date = $day and driver_id is not null
    ) as b
    full join (
        from after.sector_driver_daily
        where score_date = $day and driver_id is not null
    ) as a using (sector_id, driver_id)
),

reasons as (
    select sector_id, max_by(title, abs(points)) as title, max_by(points, abs(points)) as points
    from events
    where abs(points) > 1e-9
    group by all
)

select
    m.title as sector,
    b.published_score as score_before,
    a.published_score as score_after,
    a.score_0_100 - b.score_0_100 as moved,
    a.baseline_points - b.baseline_points as baseline,
    a.threat_points - b.threat_points as threat,
    a.susceptibility_points - b.susceptibility_points as susceptibility,
    a.consequence_points - b.consequence_points as consequence,
    a.bound_points - b.bound_points as bound,
    b.band_id as band_before,
    a.band_id as band_after,
    b.place as rank_before,
    a.place as rank_after,
    printf('%s (%+.1f)', r.title, r.points) as event_moved_most
from method.sectors as m
left join ranked as b on m.sector_id = b.sector_id and b.state = 'before'
left join ranked as a on m.sector_id = a.sector_id and a.state = 'after'
left join reasons as r on m.sector_id = r.sector_id
order by abs(a.score_0_100 - b.score_0_100) desc nulls last, m.title
