-- sheet: Band days
-- workbooks: range
-- title: Days in each band, {first_day} to {day}
-- note: One row for each sector and each supplier; the days of the bands and the days not scored
--   add up to the days on file.{portfolio}{listing}
-- question: Who stayed high, and for how long?
-- tab: daily
-- page: portrait
-- freeze: D
--
-- filtered_table: BandDays
-- | level | Level | 10 | text | Sector or Supplier | Never blank |
-- | subject_id | Id | 16 | text | Identity of the sector or supplier | Never blank |
-- | name | Name | 36 | prose | Name of the sector or supplier | Never blank |
-- | n_days | Days on file | 10 | integer | Days of the period on which it was on file | Never blank |
-- | average | Average (points) | 11 | score | Mean of the daily scores | Never scored in the period |
-- | *band | Days * | 14 | integer | Days with a score in the band * | Never blank |
select
    level,
    subject_id,
    name,
    n_days,
    average,
    coalesce(columns('^(from \d|not scored)'), 0)
from (pivot (
    with
    subjects as (
        select
            'Sector' as level,
            s.sector_id as subject_id,
            sector.title as name,
            s.published_score,
            s.band_id
        from scores.sector_daily as s
        inner join method.sectors as sector on s.sector_id = sector.sector_id
        where s.score_date between getvariable('start_date') and getvariable('end_date')
        union all
        select
            'Supplier',
            s.supplier_id,
            n.supplier_name,
            s.published_score,
            s.band_id
        from shown_suppliers as s
        inner join supplier_now as n on s.supplier_id = n.supplier_id
        cross join chosen as c
        where
            s.score_date between getvariable('start_date') and getvariable('end_date')
            and n.place <= c.max_suppliers
    ),

    totals as (
        select
            level,
            subject_id,
            any_value(name) as name,
            count(*) as n_days,
            round(avg(published_score), 1) as average
        from subjects
        group by all
    )

    select
        t.level,
        t.subject_id,
        t.name,
        t.n_days,
        t.average,
        coalesce(format('from {}: {}', b.lower_score, b.band), 'not scored') as band,
        count(*) as n
    from subjects as s
    inner join totals as t on s.level = t.level and s.subject_id = t.subject_id
    left join bands as b on s.band_id = b.band_id
    group by all
)
on band
using sum(n)::integer
group by level, subject_id, name, n_days, average)
order by level, average desc nulls last, name, subject_id;
