-- Sectors on a day, riskiest first, with what moved them and why.
select
    s.sector_id,
    m.title as sector,
    s.published_score as score,
    s.score_low_0_100 as low,
    s.score_high_0_100 as high,
    b.title as band,
    b.fill,
    b.ink,
    s.published_score - d.published_score as change_1,
    s.published_score - w.published_score as change_7,
    r.driver_title as reason,
    r.points as reason_points,
    s.n_suppliers,
    s.coverage_0_1,
    s.coverage_state
from scores.sector_daily as s
inner join method.sectors as m on s.sector_id = m.sector_id
left join method.bands as b on s.band_id = b.band_id
left join scores.sector_daily as d
    on s.sector_id = d.sector_id and s.score_date - 1 = d.score_date
left join scores.sector_daily as w
    on s.sector_id = w.sector_id and s.score_date - 7 = w.score_date
left join shown_sector_drivers as r
    on s.score_date = r.score_date and s.sector_id = r.sector_id and r.driver_rank = 1
where s.score_date = $day
order by s.published_score desc nulls last, m.title
