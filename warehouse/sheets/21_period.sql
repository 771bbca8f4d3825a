-- sheet: Summary
-- workbooks: range
-- title: Sector cyber-threat risk, {first_day} to {day}
-- note: Scores run from 0 to 100; ten points more is twice the risk. They rank attention;
--   they are not a forecast, and no basis for mechanical decisions.{portfolio}
-- question: What happened in the period?
-- tab: daily
-- page: landscape 1
--
-- list: Facts
-- | label | Fact | 18 | label | What is stated | Never blank |
-- | fact | Value | 11 | fact | The statement | Never blank |
with
days as (
    select
        count(*) as n_scored,
        string_agg(
            distinct if(
                q.knowledge = 'then',
                'as could be known by the end of each day (UTC)',
                'with hindsight: includes what became known later'
            ),
            '; '
        ) as knowledge,
        string_agg(distinct q.method_version, ', ' order by q.method_version) as methods
    from quality.scored_days as q
    cross join chosen as c
    where q.score_date between c.start_date and c.end_date
)

select
    unnest([
        {'label': 'Marking', 'fact': 'TLP:' || c.tlp, 'fact_name': 'tlp'},
        {'label': 'From', 'fact': w.first_day, 'fact_name': 'first_date'},
        {'label': 'To', 'fact': w.day, 'fact_name': 'score_date'},
        {
            'label': 'Data state',
            'fact': if(d.n_scored = w.n_days, 'Complete: all ', 'Partial: ')
            || format('{} of {} days are scored', d.n_scored, w.n_days),
            'fact_name': 'days_scored'
        },
        {'label': 'Knowledge', 'fact': d.knowledge, 'fact_name': 'knowledge'},
        {'label': 'Questions', 'fact': c.contact, 'fact_name': 'contact'},
        {'label': 'Method version', 'fact': d.methods, 'fact_name': 'method_version'}
    ], recursive := true)
from chosen as c
cross join wording as w
cross join days as d;

-- list: Changes
-- heading: What happened
-- | sentence | Sentence | 18 | sentence | A sentence computed from the scores | Never blank |
with
sectors as (
    select
        sector.title as sector,
        arg_max(s.score_date, (s.published_score, s.score_date)) as worst_date,
        max(s.published_score)::double as highest,
        avg(s.published_score) as average,
        arg_min(s.published_score, s.score_date)::double as first_score,
        arg_max(s.published_score, s.score_date)::double as last_score
    from scores.sector_daily as s
    cross join chosen as c
    inner join method.sectors as sector on s.sector_id = sector.sector_id
    where s.score_date between c.start_date and c.end_date and s.published_score is not null
    group by sector.title
),

crossings as (
    select
        count(*) as n_both,
        count(*) filter (where n.is_high) as n_high,
        count(*) filter (where b.lower_score >= high.lower_score) as n_high_before
    from supplier_now as n
    inner join supplier_then as t on n.supplier_id = t.supplier_id and t.age_days > 0
    left join bands as b on t.band_id = b.band_id
    left join bands as high on high.band_id = 'high'
    where n.published_score is not null and t.published_score is not null
)

select sentence
from (
    select
        1 as place,
        format(
            '{} had the highest average, {:.1f}; its worst day was {} at {:.1f}.',
            sector, average, worst_date, highest
        ) as sentence
    from (from sectors order by average desc, sector limit 1)
    union all
    select
        2,
        format(
            '{} changed most: {:.1f} at the start, {:.1f} at the end.',
            sector, first_score, last_score
        )
    from (from sectors order by abs(last_score - first_score) desc, sector limit 1)
    union all
    select
        3,
        format('The worst single day was {} for {} at {:.1f}.', worst_date, sector, highest)
    from (from sectors order by highest desc, sector limit 1)
    union all
    select
        4,
        format(
            'Of {} scored on the first and the last day, {:,} were High or above at the start, {:,} at the end.',
            counted(n_both, 'supplier'), n_high_before, n_high
        )
    from crossings
    where n_both > 0
    union all
    select
        4 + place,
        format(
            '{} {} most among the suppliers, by {:.1f} to {:.1f} ({}).',
            name, if(direction = 'Rise', 'rose', 'fell'), abs(change)::double, score::double, reason
        )
    from moves
    where place = 1
)
order by place, sentence desc;

-- list: Trust
-- heading: How far to trust it
-- | sentence | Sentence | 18 | sentence | A sentence computed from what has arrived | Never blank |
with
days as (
    select
        count(*) as n_days,
        count(*) filter (where n_gaps > 0) as n_partial
    from (
        select
            f.score_date,
            count(*) filter (where f.coverage_state <> 'current') as n_gaps
        from facts.source_coverage_daily as f
        where f.score_date between getvariable('start_date') and getvariable('end_date')
        group by f.score_date
    )
),

gaps as (
    select
        coalesce(any_value(s.title), f.source_id) as title,
        count(*) filter (where f.coverage_state = 'late') as n_late,
        count(*) filter (where f.coverage_state not in ('late', 'current')) as n_missing
    from facts.source_coverage_daily as f
    left join method.sources as s on f.source_id = s.source_id
    where f.score_date between getvariable('start_date') and getvariable('end_date')
    group by f.source_id
    having n_late + n_missing > 0
)

select sentence
from (
    select
        1 as place,
        if(
            n_partial = 0,
            format('All sources were current on each of the {}.', counted(n_days, 'day')),
            format('On {} of {} a source was late or had never arrived.', n_partial, counted(n_days, 'day'))
        ) as sentence
    from days
    union all
    (
        select
            2,
            title || ' was '
            || concat_ws(
                ' and ',
                if(n_late > 0, format('late on {}', counted(n_late, 'day')), null),
                if(n_missing > 0, format('not yet there on {}', counted(n_missing, 'day')), null)
            )
            || '; intervals were wider then.'
        from gaps
        order by n_late + n_missing desc, title
        limit 4
    )
    union all
    select
        3,
        format('Withheld as marked above TLP:{}: {}. Their points are counted all the same.', c.tlp, w.list)
    from withheld as w
    cross join chosen as c
    where w.list <> ''
)
order by place, sentence;

-- table: SectorPeriod
-- heading: Sectors, highest average first
-- | sector | Sector | 18 | text | Name of the sector | Never blank |
-- | average | Average (points) | 11 | score | Mean of the daily scores | Never scored in the period |
-- | lowest | Lowest (points) | 11 | score | Lowest daily score | Never scored in the period |
-- | highest | Highest (points) | 11 | score | Highest daily score | Never scored in the period |
-- | worst_date | Worst day (UTC) | 13 | date | First day with the highest score | Never scored in the period |
-- | first_score | At the start (points) | 11 | score | Score of the first day | Not scored on that day |
-- | last_score | At the end (points) | 11 | score | Score of the last day | Not scored on that day |
-- | change | Change (points) | 11 | change | Score at the end minus score at the start | One of the two is missing |
-- | n_days | Days scored | 10 | integer | Days of the period with a score | Never blank |
-- | n_high | Days High or above | 11 | integer | Days on which the sector scored High or Severe | Never blank |
select
    sector.title as sector,
    round(avg(s.published_score), 1) as average,
    min(s.published_score) as lowest,
    max(s.published_score) as highest,
    min(s.score_date) filter (where s.published_score = t.highest) as worst_date,
    max(s.published_score) filter (where s.score_date = c.start_date) as first_score,
    max(s.published_score) filter (where s.score_date = c.end_date) as last_score,
    last_score - first_score as change,
    count(s.published_score) as n_days,
    count(*) filter (where b.band_id in ('high', 'severe')) as n_high
from scores.sector_daily as s
cross join chosen as c
inner join method.sectors as sector on s.sector_id = sector.sector_id
left join bands as b on s.band_id = b.band_id
left join (
    select
        sector_id,
        max(published_score) as highest
    from scores.sector_daily
    cross join chosen
    where score_date between start_date and end_date
    group by sector_id
) as t on s.sector_id = t.sector_id
where s.score_date between c.start_date and c.end_date
group by sector.title
order by average desc nulls last, sector;

-- list: Contents
-- heading: In this workbook
-- | sheet | Sheet | 18 | contents | Name of the sheet | Never blank |
-- | question | Question | 11 | sentence | The question that it answers | Never blank |
select
    sheet,
    format('#''{}''!A1', sheet) as sheet_url,
    question
from declared_sheets
where place > 0
order by place;
