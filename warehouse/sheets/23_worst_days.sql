-- sheet: Worst days
-- workbooks: range
-- title: Worst days of each sector, {first_day} to {day}
-- note: The five days with the highest score of each sector, and the event that added most points.
-- question: When was it worst, and why?
-- tab: why
-- page: landscape
-- freeze: C
--
-- filtered_table: WorstDays
-- | sector | Sector | 18 | text | Name of the sector | Never blank |
-- | place | Place | 8 | integer | Place among the sector's days, worst first | Never blank |
-- | score_date | Day (UTC) | 13 | date | Day scored | Never blank |
-- | score | Score (points) | 10 | score | Score of that day | Never blank |
-- | band | Band | 11 | band | Band of the score, see Method | Never blank |
-- | points | Points of the event | 10 | points | What the event added | No event on record |
-- | reason | Main event | 74 | link | Event that added most points; links to its report | No event on record |
with
ranked as (
    select
        s.sector_id,
        s.score_date,
        s.published_score as score,
        s.band_id,
        row_number() over (
            partition by s.sector_id order by s.published_score desc, s.score_date
        ) as place
    from scores.sector_daily as s
    cross join chosen as c
    where s.score_date between c.start_date and c.end_date and s.published_score is not null
    qualify place <= 5
)

select
    sector.title as sector,
    r.place,
    r.score_date,
    r.score,
    b.band,
    round(d.points, 1) as points,
    d.driver_title as reason,
    d.url as reason_url
from ranked as r
inner join method.sectors as sector on r.sector_id = sector.sector_id
left join bands as b on r.band_id = b.band_id
left join shown_sector_drivers as d
    on
        r.sector_id = d.sector_id
        and r.score_date = d.score_date
        and d.driver_rank = 1
        and d.driver_kind not in ('other', 'usual')
order by sector.title, r.place;
