-- A sector's score on a day as computed now and as stored.
select
    s.*,
    p.score_0_100 as stored_score_0_100,
    p.sector_id is not null as is_stored
from scores.sector_daily as s
left join published.scores.sector_daily as p
    on s.score_date = p.score_date and s.sector_id = p.sector_id
where s.score_date = $day and s.sector_id = $sector_id
