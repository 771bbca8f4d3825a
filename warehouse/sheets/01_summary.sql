-- sheet: Summary
-- workbooks: day
-- title: Sector cyber-threat risk, {day}
-- note: Scores run from 0 to 100; ten points more is twice the risk. They rank attention;
--   they are not a forecast, and no basis for mechanical decisions.{portfolio}
-- question: What changed, can I trust it, where next?
-- tab: daily
-- page: landscape 1
--
-- list: Facts
-- | label | Fact | 20 | label | What is stated | Never blank |
-- | fact | Value | 11 | fact | The statement | Never blank |
with
facts as (
    select
        w.*,
        c.tlp,
        c.contact,
        q.run_id,
        q.method_version,
        q.knowledge,
        b.score_date is not null as has_before
    from wording as w
    cross join chosen as c
    inner join quality.scored_days as q on c.end_date = q.score_date
    left join quality.scored_days as b on b.score_date = c.end_date - 1
)

select
    unnest([
        { 'label': 'Marking', 'fact': 'TLP:' || tlp, 'fact_name': 'tlp' },
        { 'label': 'Scores for', 'fact': long_day, 'fact_name': 'score_date' },
        { 'label': 'Data state', 'fact': data_state, 'fact_name': 'data_state' },
        {
            'label': 'Compared with',
            'fact': case when has_before then day_before else 'nothing: the day before has no scores' end,
            'fact_name': 'compared_with'
        },
        {
            'label': 'Knowledge',
            'fact': case
                when knowledge = 'then' then 'as could be known by the end of that day (UTC)'
                else 'with hindsight: includes what became known later'
            end,
            'fact_name': 'knowledge'
        },
        { 'label': 'Next scores', 'fact': 'the next morning (UTC), in a file of its own', 'fact_name': 'next_scores' },
        { 'label': 'Questions', 'fact': contact, 'fact_name': 'contact' },
        { 'label': 'Method version, run', 'fact': method_version, 'fact_name': 'method_version' },
        { 'label': '', 'fact': run_id, 'fact_name': 'run_id' }
    ], recursive := true)
from facts;

-- list: Changes
-- heading: What changed
-- | sentence | Sentence | 20 | sentence | A sentence computed from the scores | Never blank |
with
top as (
    select
        format(
            '{} is the highest sector at {:.1f} ({}){}.',
            s.sector, s.published_score::double, s.band,
            case
                when s.change_1 is null then ''
                when s.change_1 = 0 then ', as the day before'
                else printf(', %+.1f since the day before', s.change_1::double)
            end
            || case
                when s.change_7 is null then ''
                else printf(', %+.1f in seven days', s.change_7::double)
            end
        ) as sentence
    from sector_now as s
    where s.place = 1 and s.published_score is not null
),

rises as (
    select
        format(
            '{} rose most since the day before, by {:.1f} to {:.1f}{}.',
            s.sector, s.change_1::double, s.published_score::double, coalesce(' (mostly ' || m.reason || ')', '')
        ) as sentence
    from sector_now as s
    left join sector_moves as m on s.sector_id = m.sector_id
    where s.change_1 > 0
    order by s.change_1 desc, s.place
    limit 1
),

falls as (
    select
        format(
            '{} fell most since the day before, by {:.1f} to {:.1f}{}.',
            s.sector, -s.change_1::double, s.published_score::double, coalesce(' (mostly ' || m.reason || ')', '')
        ) as sentence
    from sector_now as s
    left join sector_moves as m on s.sector_id = m.sector_id
    where s.change_1 < 0
    order by s.change_1, s.place
    limit 1
),

crossings as (
    select
        count(*) filter (where s.is_high) as n_high,
        count(s.published_score) as n_scored,
        count(*) filter (where s.lower_score > before.lower_score) as n_up,
        count(*) filter (where s.lower_score < before.lower_score) as n_down,
        count(*) filter (where s.band_id_1 is not null) as n_compared
    from supplier_now as s
    left join bands as before on s.band_id_1 = before.band_id
),

common as (
    select
        r.reason,
        count(*) as n
    from reasons as r
    where r.level = 'Supplier'
    group by r.reason
    order by n desc, r.reason
    limit 1
)

select sentence from top
union all
select sentence from rises
union all
select sentence from falls
union all
select
    format('{:,} of {:,} suppliers are High or above.', n_high, n_scored)
    || case
        when n_compared = 0 then ''
        else format(
            ' Since the day before, {:,} moved to a higher band, {:,} to a lower one.', n_up, n_down
        )
    end
from crossings
union all
select format('{} is the main reason for {}.', quoted(reason, 80), counted(n, 'supplier'))
from common;

-- list: Trust
-- heading: How far to trust it
-- | sentence | Sentence | 20 | sentence | A sentence computed from what has arrived | Never blank |
with
intervals as (
    select
        median(score_high_0_100 - score_low_0_100) as width,
        first(
            format('{} ({:.1f} to {:.1f})', sector, score_low_0_100, score_high_0_100)
            order by score_high_0_100 - score_low_0_100 desc, sector
        ) as widest
    from sector_now
    where published_score is not null
),

late as (
    select
        if(
            coverage_state = 'late',
            format(
                '{} is late: nothing newer than {} is known from it; intervals are wider.',
                coalesce(title, source_id), last_delivered_on
            ),
            format('{} has never arrived; intervals are wider where it counts.', coalesce(title, source_id))
        ) as sentence
    from source_now
    where coverage_state <> 'current'
    order by coverage_state, title
    limit 4
),

unscored as (
    select string_agg(format('{} ({})', sector, coverage_state), '; ' order by sector) as list
    from sector_now
    where published_score is null
),

suppliers as (
    select count(*) filter (where published_score is null) as n_not_scored
    from supplier_now
),

gaps as (
    select string_agg(format('{:,} with {}', n, gap), ', ' order by n desc, gap) as list
    from (
        select
            gap,
            count(*) as n
        from (
            select unnest(string_split(g.gaps, ', ')) as gap
            from supplier_gaps as g
            inner join supplier_now as now on g.supplier_id = now.supplier_id
            where getvariable('end_date') between g.first_date and g.last_date
        )
        where gap <> ''
        group by gap
    )
),

aside as (
    select count(distinct(v.delivery_id, v.table_name, v.source_row)) as n
    from shown_verdicts as v
    inner join known_deliveries as d on v.delivery_id = d.delivery_id
    where
        v.severity = 'critical'
        and d.delivered_at >= getvariable('end_date')
        and d.delivered_at < getvariable('end_date') + 1
)

select sentence from late
union all
select 'No score: ' || list || '.'
from unscored
where list is not null
union all
select
    format(
        'Four times in five the true score lies in its 80 % interval: {:.1f} points wide for the usual sector, widest for {}.',
        width, widest
    )
from intervals
where width is not null
union all
select 'Not known of suppliers, and never taken for safe: ' || list || '; their intervals are wider.'
from gaps
where list is not null
union all
select counted(n_not_scored, 'supplier') || ' without a score; the sheet Suppliers says why.'
from suppliers
where n_not_scored > 0
union all
select counted(n, 'record') || ' of this day set aside; the sheet Quarantine says what to do.'
from aside
where n > 0
union all
select format('Withheld as marked above TLP:{}: {}. Their points are counted all the same.', c.tlp, w.list)
from withheld as w
cross join chosen as c
where w.list <> '';

-- list: First
-- heading: What to do first
-- | sentence | Sentence | 20 | sentence | A sentence computed from what closing a vulnerability would gain | Never blank |
select
    format(
        'Close {} at {}: {:.1f} % of the risk of all suppliers listed would go; most at {}.',
        cve,
        counted(n_suppliers, 'supplier'),
        100 * risk_share,
        regexp_replace(regexp_extract(suppliers, '^(.*? \(-?[0-9.]+\))', 1), '\)$', ' points)')
    ) as sentence
from actions
where place <= 3
order by place;

-- table: SectorSummary
-- heading: Sectors, highest first
-- | sector | Sector | 36 | link | Name of the sector; links to its row on Sectors | Never blank |
-- | score | Score (points) | 11 | score | = scores.supplier_daily.published_score | Not scored: see Data state |
-- | band | Band | 11 | band | Band of the score, see Method | Not scored |
-- | low | 80 % from (points) | 9 | points | = scores.supplier_daily.score_low_0_100 | Not scored |
-- | high | 80 % to (points) | 9 | points | = scores.supplier_daily.score_high_0_100 | Not scored |
-- | change_1 | Change 1 day (points) | 10 | change | Score minus the score of the day before | One of the two is missing |
-- | change_7 | Change 7 days (points) | 10 | change | Score minus the score seven days before | One of the two is missing |
-- | n_high | Suppliers High or above | 11 | integer | Suppliers of this main sector that score High or Severe | Never blank |
-- | state | Data state | 62 | state | = scores.sector_daily.coverage_state | Never blank |
-- | reason | Main reason | 60 | prose | Event or vulnerability that adds most points | Nothing stands out |
with
high as (
    select
        main_sector_id as sector_id,
        count(*) filter (where is_high) as n_high
    from supplier_now
    group by main_sector_id
)

select
    s.sector,
    '#Sectors!A' || (s.place + 4) as sector_url,
    s.published_score as score,
    s.band,
    s.score_low_0_100 as low,
    s.score_high_0_100 as high,
    s.change_1,
    s.change_7,
    coalesce(h.n_high, 0) as n_high,
    upper(s.coverage_state[1]) || s.coverage_state[2:] as state,
    r.reason
from sector_now as s
left join high as h on s.sector_id = h.sector_id
left join reasons as r on r.level = 'Sector' and s.sector_id = r.subject_id
order by s.place;

-- table: SupplierSummary
-- heading: Suppliers that moved most in seven days
-- | name | Supplier | 36 | prose | Name in the register | Never blank |
-- | score | Score (points) | 11 | score | = scores.supplier_daily.published_score | Never blank |
-- | band | Band | 11 | band | Band of the score, see Method | Never blank |
-- | low | 80 % from (points) | 9 | points | = scores.supplier_daily.score_low_0_100 | Never blank |
-- | high | 80 % to (points) | 9 | points | = scores.supplier_daily.score_high_0_100 | Never blank |
-- | change_1 | Change 1 day (points) | 10 | change | Score minus the score of the day before | Not scored the day before |
-- | change_7 | Change 7 days (points) | 10 | change | Score minus the score seven days before | Never blank |
-- | place | Place of all | 11 | integer | Place by score among all suppliers, as on Suppliers | Never blank |
-- | sectors | Sectors | 62 | prose | = scores.supplier_daily.sectors | Never blank |
-- | reason | Reason of the move | 60 | prose | The part that moved most, and the evidence whose points moved most | Never blank |
select
    m.name,
    m.score,
    s.band,
    s.score_low_0_100 as low,
    s.score_high_0_100 as high,
    s.change_1,
    m.change as change_7,
    s.place,
    s.sectors,
    m.reason
from moves as m
inner join supplier_now as s on m.supplier_id = s.supplier_id
where m.days = 7
order by abs(m.change) desc, m.name, m.supplier_id
limit 5;

-- list: Contents
-- heading: In this workbook
-- | sheet | Sheet | 20 | contents | Name of the sheet | Never blank |
-- | question | Question | 11 | sentence | The question that it answers | Never blank |
select
    sheet,
    format('#''{}''!A1', sheet) as sheet_url,
    question
from declared_sheets
where place > 0
order by place;
