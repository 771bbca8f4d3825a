-- sheet: Charts
-- workbooks: day
-- title: Sector scores over 90 days, {day}
-- note: One chart for each sector on the same axis from 0 to 100; dashed lines are the limits of
--   the bands ({limits}). The numbers are on the sheet Trend.
-- question: The same as lines: which way is each sector going?
-- tab: daily
-- page: portrait 1
--
-- table: Limits
-- | score_date | Date (UTC) | 14 | date | First and last day drawn | Never blank |
-- | *band | From * (points) | 14 | integer | Lowest score of the band *, drawn as a dashed line | Never blank |
pivot (
    select
        unnest([least(min(s.score_date), max(s.score_date) - 14), max(s.score_date)]) as score_date,
        format('{}: {}', b.lower_score, b.band) as band,
        b.lower_score
    from scores.sector_daily as s
    cross join chosen as c
    cross join bands as b
    where s.score_date between c.end_date - 89 and c.end_date and b.lower_score > 0
    group by b.band, b.lower_score
)
on band
using max(lower_score)
group by score_date
order by score_date;

-- charts: Trend Limits
-- | chart_title | Chart | 0 | text | Title of the chart | Never blank |
-- | alt_text | Description | 0 | text | What the chart shows, in words | Never blank |
-- | place | Column | 0 | integer | Column of the sector in the table Trend | Never blank |
-- | first_date | First day | 0 | date | First day drawn | Never blank |
-- | last_date | Last day | 0 | date | Last day drawn | Never blank |
-- | n_days | Days | 0 | integer | Days of the axis that have scores | Never blank |
with
days as (
    select
        min(s.score_date) as first_scored,
        max(s.score_date) as last_date,
        least(first_scored, last_date - 14) as first_date,
        count(distinct s.score_date) as n_days
    from scores.sector_daily as s
    cross join chosen as c
    where s.score_date between c.end_date - 89 and c.end_date
)

select
    case
        when s.published_score is null then format('{}: not scored today', s.sector)
        else format('{}: {:.1f}, {}', s.sector, s.published_score::double, s.band)
    end as chart_title,
    format(
        'Line chart of the daily score of {} from {} to {}: lowest {}, highest {}, now {}.',
        s.sector,
        d.first_scored,
        d.last_date,
        coalesce(s.low_90::varchar, 'none'),
        coalesce(s.high_90::varchar, 'none'),
        coalesce(s.published_score::varchar, 'not scored')
    ) as alt_text,
    1 + row_number() over (order by s.sector) as place,
    d.first_date,
    d.last_date,
    d.n_days
from sector_now as s
cross join days as d
order by s.place;
