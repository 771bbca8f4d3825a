-- sheet: Months
-- workbooks: range
-- title: Sectors by month, {first_day} to {day}
-- note: One row for each sector and month; a month at either end may hold a part of its days only.
-- question: How did each sector go from month to month?
-- tab: daily
-- page: portrait
-- freeze: B
--
-- filtered_table: Months
-- | sector | Sector | 18 | text | Name of the sector | Never blank |
-- | month | Month | 11 | text | Year and month (UTC) | Never blank |
-- | average | Average (points) | 11 | score | Mean of the daily scores | Not scored in the month |
-- | change | Change to the month before (points) | 15 | change | Average minus the average of the month before | No score in one of the two |
-- | lowest | Lowest (points) | 11 | score | Lowest daily score | Not scored in the month |
-- | highest | Highest (points) | 11 | score | Highest daily score | Not scored in the month |
-- | n_days | Days scored | 10 | integer | Days of the month with a score | Never blank |
with
months as (
    select
        sector.title as sector,
        strftime(s.score_date, '%Y-%m') as month,
        round(avg(s.published_score), 1) as average,
        min(s.published_score) as lowest,
        max(s.published_score) as highest,
        count(s.published_score) as n_days
    from scores.sector_daily as s
    cross join chosen as c
    inner join method.sectors as sector on s.sector_id = sector.sector_id
    where s.score_date between c.start_date and c.end_date
    group by all
)

select
    sector,
    month,
    average,
    round(average - lag(average) over (partition by sector order by month), 1) as change,
    lowest,
    highest,
    n_days
from months
order by sector, month;
