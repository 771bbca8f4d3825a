-- sheet: Charts
-- workbooks: day
-- title: Sector scores over 90 days, {day}
-- note: One chart for each sector on the same axis from 0 to 100; dashed lines are the limits of
--   the bands ({limits}). The numbers are on the sheet Trend.
-- question: The same as lines: which way is each sector going?
-- tab: daily
-- page: landscape 1
--
-- charts: Trend
-- | chart_title | Chart | 80 | text | Title of the chart | Never blank |
-- | alt_text | Description | 80 | text | What the chart shows, in words | Never blank |
-- | sheet | Sheet | 0 | text | Sheet that holds the numbers | Never blank |
-- | place | Column | 0 | integer | Column of the sector on that sheet | Never blank |
-- | first_row | First row | 0 | integer | First row with numbers | Never blank |
-- | last_row | Last row | 0 | integer | Last row with numbers | Never blank |
with
days as (
    select count(distinct s.score_date) as n_days
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
        'Line chart of the daily score of {} over {} days to {}: lowest {}, highest {}, now {}.',
        s.sector, d.n_days, c.end_date,
        coalesce(s.low_90::varchar, 'none'),
        coalesce(s.high_90::varchar, 'none'),
        coalesce(s.published_score::varchar, 'not scored')
    ) as alt_text,
    'Trend' as sheet,
    1 + row_number() over (order by s.sector) as place,
    5 as first_row,
    4 + d.n_days as last_row
from sector_now as s
cross join days as d
cross join chosen as c
order by s.place;
