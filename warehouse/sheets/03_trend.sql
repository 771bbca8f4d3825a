-- sheet: Trend
-- workbooks: day
-- title: Daily sector scores, 90 days to {day}
-- note: One row for each day, newest first; darker is higher. Blank: not scored on that day.
-- question: How did each sector get here?
-- tab: daily
-- page: portrait
-- freeze: B
--
-- table: Trend
-- | score_date | Date (UTC) | 13 | date | Day scored | Never blank |
-- | *sector | * (points) | 15 | heat | Score of * on that day | Not scored on that day |
pivot (
    select
        s.score_date,
        sector.title as sector,
        s.published_score
    from scores.sector_daily as s
    cross join chosen as c
    inner join method.sectors as sector on s.sector_id = sector.sector_id
    where s.score_date between c.end_date - 89 and c.end_date
)
on sector
using max(published_score)
group by score_date
order by score_date desc;
