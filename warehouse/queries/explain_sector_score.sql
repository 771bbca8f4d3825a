-- A sector's score on a day.
select d.*, m.title, t.base_rate_30d
from scores.sector_daily as d
inner join method.sectors as m on d.sector_id = m.sector_id
inner join scores.sector_threat_daily as t
    on d.score_date = t.score_date and d.sector_id = t.sector_id
where d.score_date = $day and d.sector_id = $sector_id
