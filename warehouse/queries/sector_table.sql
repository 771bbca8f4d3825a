-- One row per sector on a day: score, band, interval, changes of the published scores, main reason.
with
reasons as (
    select sector_id, driver_title, points
    from scores.sector_driver_daily
    where score_date = $day and driver_rank = 1
)

select
    m.title as sector,
    s.published_score as score,
    b.title as band,
    printf('%.0f–%.0f', s.score_low_0_100, s.score_high_0_100) as "80 % interval",
    s.published_score - d.published_score as "1 day",
    s.published_score - w.published_score as "7 days",
    coalesce(printf('%s (%+.1f points)', r.driver_title, r.points), 'No current event')
        as "main reason",
    s.coverage_state as "data"
from scores.sector_daily as s
inner join method.sectors as m on s.sector_id = m.sector_id
left join method.bands as b on s.band_id = b.band_id
left join scores.sector_daily as d
    on s.sector_id = d.sector_id and s.score_date - 1 = d.score_date
left join scores.sector_daily as w
    on s.sector_id = w.sector_id and s.score_date - 7 = w.score_date
left join reasons as r on s.sector_id = r.sector_id
where s.score_date = $day
order by s.published_score desc nulls last, m.title
