-- What the texts of the sheets say.
create or replace temp view withheld as
with
reports as (
    select count(distinct driver_id) as n
    from shown_sector_drivers
    where is_withheld and score_date between getvariable('start_date') and getvariable('end_date')
),

files as (
    select count(*) as n
    from known_deliveries
    where is_withheld
),

marked as (
    select
        bool_or(source_id = 'supplier_register' and is_above(tlp)) as are_suppliers,
        bool_or(source_id = 'scanner_findings' and is_above(tlp)) as are_findings
    from source_markings
)

select
    concat_ws(
        ', ',
        if(r.n > 0, counted(r.n, 'report') || ' behind the scores', null),
        if(f.n > 0, counted(f.n, 'file name'), null),
        if(m.are_suppliers, 'the names of the suppliers', null),
        if(m.are_findings, 'their open vulnerabilities', null)
    ) as list
from reports as r
cross join files as f
cross join marked as m;

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
                    'Partial: all {} sources are current, but {} of {} sectors are partial',
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
                    ' The first {:,} of {:,} are listed; all are in {}.parquet and .csv beside this file.',
                    c.max_suppliers,
                    s.n_suppliers,
                    c.beside
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
