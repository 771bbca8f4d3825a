-- What the sheets read: the chosen day or days (`chosen`, one row) and suppliers (`portfolio`),
-- joined and rounded once. Changes are differences of published scores.
create or replace temp view bands as
select
    band_id,
    title as band,
    lower_score,
    lead(lower_score, 1, 101) over (order by lower_score) as upper_score,
    action,
    fill,
    ink,
    rationale
from method.bands
order by lower_score;

create or replace temp table supplier_then as
select
    s.*,
    c.end_date - s.score_date as age_days
from scores.supplier_daily as s
cross join chosen as c
where
    s.score_date in (
        getvariable('end_date'),
        getvariable('end_date') - 1,
        getvariable('end_date') - 7,
        getvariable('end_date') - 30
    )
    and (not c.is_portfolio or s.supplier_id in (select p.supplier_id from portfolio as p));

create or replace temp table sector_then as
select
    s.*,
    c.end_date - s.score_date as age_days
from scores.sector_daily as s
cross join chosen as c
where s.score_date in (
    getvariable('end_date'),
    getvariable('end_date') - 1,
    getvariable('end_date') - 7,
    getvariable('end_date') - 30
);

create or replace temp table supplier_now as
with
earlier as (
    select
        supplier_id,
        max(published_score) filter (where age_days = 1) as score_1,
        max(published_score) filter (where age_days = 7) as score_7,
        max(published_score) filter (where age_days = 30) as score_30,
        max(band_id) filter (where age_days = 1) as band_id_1
    from supplier_then
    where age_days > 0
    group by supplier_id
),

placed as (
    select
        s.* exclude (consequence),
        s.published_score is not null as is_scored,
        if(is_scored, round(s.baseline_points, 1), null) as baseline,
        if(is_scored, round(s.threat_points, 1), null) as threat,
        if(is_scored, round(s.susceptibility_points, 1), null) as susceptibility,
        if(is_scored, round(s.consequence_points, 1), null) as consequence,
        row_number() over (
            order by s.published_score desc nulls last, s.supplier_name, s.supplier_id
        ) as place
    from supplier_then as s
    where s.age_days = 0
)

select
    p.*,
    sector.title as sector,
    b.band,
    b.lower_score,
    high.lower_score <= b.lower_score as is_high,
    e.band_id_1,
    before.band as band_1,
    p.published_score - e.score_1 as change_1,
    p.published_score - e.score_7 as change_7,
    p.published_score - e.score_30 as change_30,
    e.score_1,
    round(
        p.published_score::double - p.baseline - p.threat - p.susceptibility - p.consequence, 1
    ) as rest
from placed as p
left join earlier as e on p.supplier_id = e.supplier_id
left join bands as b on p.band_id = b.band_id
left join bands as before on e.band_id_1 = before.band_id
left join bands as high on high.band_id = 'high'
left join method.sectors as sector on p.main_sector_id = sector.sector_id;

create or replace temp table sector_now as
with
earlier as (
    select
        sector_id,
        max(published_score) filter (where age_days = 1) as score_1,
        max(published_score) filter (where age_days = 7) as score_7,
        max(published_score) filter (where age_days = 30) as score_30
    from sector_then
    where age_days > 0
    group by sector_id
),

history as (
    select
        d.sector_id,
        min(d.published_score) as low_90,
        max(d.published_score) as high_90,
        count(d.published_score) as n_days_90,
        count(*) filter (where d.published_score >= t.published_score) as n_days_at_or_above
    from scores.sector_daily as d
    cross join chosen as c
    inner join sector_then as t on d.sector_id = t.sector_id and t.age_days = 0
    where d.score_date between c.end_date - 89 and c.end_date
    group by d.sector_id
)

select
    s.*,
    sector.title as sector,
    b.band,
    row_number() over (order by s.published_score desc nulls last, sector.title) as place,
    e.score_1,
    s.published_score - e.score_1 as change_1,
    s.published_score - e.score_7 as change_7,
    s.published_score - e.score_30 as change_30,
    h.* exclude (sector_id),
    round(s.baseline_points, 1) as baseline,
    round(s.threat_points, 1) as threat,
    round(s.susceptibility_points, 1) as susceptibility,
    round(s.consequence_points, 1) as consequence,
    round(s.published_score::double - baseline - threat - susceptibility - consequence, 1) as rest
from sector_then as s
inner join method.sectors as sector on s.sector_id = sector.sector_id
left join earlier as e on s.sector_id = e.sector_id
left join history as h on s.sector_id = h.sector_id
left join bands as b on s.band_id = b.band_id
where s.age_days = 0;

-- Named evidence behind each score, strongest first. An event adds to a supplier what it adds to
-- the supplier's main sector.
create or replace temp table evidence as
with
events as (
    select d.*
    from scores.sector_driver_daily as d
    where d.score_date = getvariable('end_date') and d.driver_kind not in ('other', 'usual')
),

every as (
    select
        'Sector' as level,
        e.sector_id as subject_id,
        e.driver_kind,
        e.driver_id,
        e.driver_title,
        e.url,
        e.published_at,
        e.points
    from events as e
    inner join sector_now as s on e.sector_id = s.sector_id
    where s.published_score is not null
    union all
    select
        'Supplier',
        s.supplier_id,
        e.driver_kind,
        e.driver_id,
        e.driver_title,
        e.url,
        e.published_at,
        e.points
    from supplier_now as s
    inner join events as e on s.main_sector_id = e.sector_id and e.driver_rank <= 3
    where s.published_score is not null
    union all
    select
        'Supplier',
        d.supplier_id,
        d.driver_kind,
        d.driver_id,
        d.driver_title,
        case
            when regexp_full_match(d.driver_id, 'CVE-\d{4}-\d{4,}')
                then 'https://www.cve.org/CVERecord?id=' || d.driver_id
        end,
        null,
        d.points
    from scores.supplier_driver_daily as d
    inner join supplier_now as s on d.supplier_id = s.supplier_id
    where
        d.score_date = getvariable('end_date')
        and d.driver_kind not in ('other', 'usual')
        and s.published_score is not null
)

select
    level,
    subject_id,
    driver_kind,
    driver_id,
    driver_title,
    url,
    published_at,
    round(points, 1) as points,
    row_number() over (
        partition by level, subject_id order by round(points, 1) desc, driver_title, driver_id
    ) as place
from every
where round(points, 1) > 0;

create or replace temp table reasons as
select
    level,
    subject_id,
    driver_title as reason,
    url
from evidence
where place = 1;

create or replace temp view known_deliveries as
select d.*
from raw.deliveries as d
cross join chosen as c
where d.delivered_at < c.end_date + 1 or d.is_historical;

create or replace temp table source_now as
with
counts as (
    select
        d.source_id,
        count(distinct d.delivery_id) as n_deliveries,
        count(distinct d.delivery_id) filter (where d.status = 'failed') as n_failed,
        max(d.delivered_at) as last_delivered_at,
        sum(l.n_received) as n_received,
        sum(l.n_loaded) as n_loaded,
        sum(l.n_quarantined) as n_quarantined,
        sum(l.n_duplicate) as n_duplicate
    from known_deliveries as d
    left join quality.ledger as l on d.delivery_id = l.delivery_id
    group by d.source_id
)

select
    f.*,
    s.title,
    n.* exclude (source_id)
from facts.source_coverage_daily as f
inner join chosen as c on f.score_date = c.end_date
left join method.sources as s on f.source_id = s.source_id
left join counts as n on f.source_id = n.source_id;

create or replace temp view wording as
with
states as (
    select
        count(*) as n_sources,
        string_agg(
            format('{} ({})', coalesce(title, source_id), coverage_state), ', ' order by source_id
        ) filter (where coverage_state <> 'current') as gaps,
        count(*) filter (where coverage_state <> 'current') as n_gaps
    from source_now
),

partials as (
    select
        count(*) filter (where coverage_state <> 'complete') as n_partial,
        count(*) as n_sectors
    from sector_now
),

suppliers as (
    select count(*) as n_suppliers from supplier_now
),

limits as (
    select string_agg(format('{} {:g}', band, lower_score::double), ', ' order by lower_score) as list
    from bands
    where lower_score > 0
)

select
    strftime(c.end_date, '%Y-%m-%d') as day,
    strftime(c.end_date, '%A %Y-%m-%d') as long_day,
    strftime(c.start_date, '%Y-%m-%d') as first_day,
    strftime(c.end_date - 1, '%Y-%m-%d') as day_before,
    c.end_date - c.start_date + 1 as n_days,
    s.n_suppliers,
    l.list as limits,
    format('TLP:{} · {}', c.tlp, c.end_date) as footer,
    case
        when n.n_gaps > 0
            then format('Partial: {} of {} sources not current: {}', n.n_gaps, n.n_sources, n.gaps)
        when p.n_partial > 0
            then
                format(
                    'Partial: all {} sources are current, but {} of {} sectors are partial, see below',
                    n.n_sources,
                    p.n_partial,
                    p.n_sectors
                )
        else format('Complete: all {} sources are current', n.n_sources)
    end as data_state,
    case
        when c.is_portfolio then format(' Portfolio of {} suppliers.', s.n_suppliers) else ''
    end as portfolio,
    case
        when s.n_suppliers > c.max_suppliers
            then
                format(
                    ' The first {:,} of {:,} are listed; all are in the Parquet tables.',
                    c.max_suppliers,
                    s.n_suppliers
                )
        else ''
    end as listing
from chosen as c
cross join states as n
cross join suppliers as s
cross join limits as l
cross join partials as p;

create or replace temp view document_properties as
select
    strftime(c.end_date, '%Y-%m-%d') as score_date,
    strftime(c.start_date, '%Y-%m-%d') as first_date,
    q.run_id,
    q.method_version,
    q.inputs_sha256,
    q.knowledge,
    w.data_state,
    'TLP:' || c.tlp as tlp
from chosen as c
inner join quality.scored_days as q on c.end_date = q.score_date
cross join wording as w;
