-- Scores of the sectors on the sixty days up to a day, for its pictures.
select
    s.sector_id,
    s.score_date as day,
    s.published_score as score,
    s.score_low_0_100 as low,
    s.score_high_0_100 as high,
    b.title as band,
    b.fill
from scores.sector_daily as s
left join method.bands as b on s.band_id = b.band_id
where s.score_date between $day - 59 and $day
order by s.sector_id, s.score_date
