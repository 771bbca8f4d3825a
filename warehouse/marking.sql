-- What may leave under the export's marking (variable `tlp`), in the order of TLP 2.0. What a report or
-- a source marked above it says, and the names of its files, are withheld; points, counts and supplier
-- ids stay. A marking that TLP 2.0 does not know counts as RED. A record that could not be read may
-- bear a marking that could not be read either: it counts as AMBER at least.
-- Sheets and published tables read evidence through these views alone.
create or replace temp macro tlp_rank(label) as list_position(['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'], label);

create or replace temp macro is_above(label) as coalesce(tlp_rank(label), 5) > coalesce(tlp_rank(getvariable('tlp')), 1);

create or replace temp macro known(label) as if(tlp_rank(label) is null, 'RED', label);

create or replace temp macro shown(said, label) as if(is_above(label), format('withheld (TLP:{})', known(label)), said);

create or replace temp macro kept(said, label) as if(is_above(label), null, said);

create or replace temp macro pseudonym(id, label) as if(is_above(label), 'withheld/' || left(sha256(id), 12), id);

create or replace temp view source_markings as
select
    source_id,
    tlp,
    if(tlp_rank(tlp) < 3, 'AMBER', tlp) as unread_tlp
from method.sources;

create or replace temp view report_markings as
select
    r.delivery_id,
    r.source_row,
    coalesce(r.tlp, s.tlp, 'RED') as tlp,
    coalesce(r.tlp, s.unread_tlp, 'RED') as unread_tlp
from staged.reports as r
left join source_markings as s on r.source_id = s.source_id;

create or replace temp view marked_sector_drivers as
select
    d.*,
    if(d.driver_id is null, 'CLEAR', coalesce(r.tlp, 'RED')) as label
from scores.sector_driver_daily as d
left join report_markings as r on d.delivery_id = r.delivery_id and d.source_row = r.source_row;

create or replace temp view shown_sector_drivers as
select
    m.* exclude (label) replace (
        pseudonym(m.driver_id, m.label) as driver_id,
        shown(m.driver_title, m.label) as driver_title,
        kept(m.url, m.label) as url
    ),
    is_above(m.label) as is_withheld
from marked_sector_drivers as m;

create or replace temp view shown_supplier_drivers as
with
marked as (
    select
        d.*,
        if(d.driver_id is null, 'CLEAR', coalesce(s.tlp, 'RED')) as label
    from scores.supplier_driver_daily as d
    left join source_markings as s on split_part(d.delivery_id, '/', 1) = s.source_id
)

select
    m.* exclude (label) replace (
        pseudonym(m.driver_id, m.label) as driver_id,
        shown(m.driver_title, m.label) as driver_title
    )
from marked as m;

create or replace temp view shown_vulnerabilities as
select
    v.* replace (pseudonym(v.cve_id, coalesce(s.tlp, 'RED')) as cve_id),
    shown(v.cve_id, coalesce(s.tlp, 'RED')) as cve_title
from scores.vulnerability_spans as v
left join source_markings as s on split_part(v.delivery_id, '/', 1) = s.source_id;

create or replace temp view shown_suppliers as
select
    s.* replace (
        shown(s.supplier_name, r.tlp) as supplier_name,
        kept(s.country, r.tlp) as country
    )
from scores.supplier_daily as s
inner join source_markings as r on r.source_id = 'supplier_register';

create or replace temp view shown_deliveries as
with
strictest as (
    select
        delivery_id,
        max_by(tlp, tlp_rank(tlp)) as tlp
    from report_markings
    group by delivery_id
),

marked as (
    select
        d.*,
        case
            when r.tlp is not null and tlp_rank(r.tlp) >= tlp_rank(s.tlp) then r.tlp
            when d.status = 'failed' then coalesce(s.unread_tlp, 'RED')
            else coalesce(s.tlp, 'RED')
        end as label
    from raw.deliveries as d
    left join source_markings as s on d.source_id = s.source_id
    left join strictest as r on d.delivery_id = r.delivery_id
)

select
    m.* exclude (label) replace (
        shown(m.name, m.label) as name,
        shown(m.path, m.label) as path,
        kept(m.url, m.label) as url,
        kept(m.problem, m.label) as problem
    ),
    is_above(m.label) as is_withheld
from marked as m;

create or replace temp view shown_verdicts as
with
marked as (
    select
        v.*,
        case
            when v.table_name = 'reports' then coalesce(r.unread_tlp, s.unread_tlp, 'RED')
            else coalesce(s.tlp, 'RED')
        end as label
    from quality.verdicts as v
    left join source_markings as s on split_part(v.delivery_id, '/', 1) = s.source_id
    left join report_markings as r
        on
            v.table_name = 'reports'
            and v.delivery_id = r.delivery_id
            and v.source_row = r.source_row
)

select
    m.* exclude (label) replace (
        shown(m.reason, m.label) as reason,
        shown(m.remedy, m.label) as remedy
    )
from marked as m;

create or replace temp view supplier_gaps as
select
    supplier_id,
    first_date,
    last_date,
    gaps
from scores.supplier_spans;

-- The sentence of an alert may quote its own report and any other that drives its sector.
create or replace temp view shown_alerts as
with
sectors as (
    select
        score_date,
        sector_id,
        max(coalesce(tlp_rank(label), 5)) as strictness
    from marked_sector_drivers
    group by score_date, sector_id
),

marked as (
    select
        a.*,
        list_extract(
            ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'],
            greatest(
                if(a.delivery_id is null, 1, coalesce(tlp_rank(coalesce(r.tlp, s.tlp)), 5)),
                if(a.supplier_id is null, 1, coalesce(tlp_rank(register.tlp), 5)),
                coalesce(today.strictness, 1),
                coalesce(yesterday.strictness, 1)
            )
        ) as label
    from scores.alerts_daily as a
    left join report_markings as r on a.delivery_id = r.delivery_id and a.source_row = r.source_row
    left join source_markings as s on split_part(a.delivery_id, '/', 1) = s.source_id
    left join source_markings as register on register.source_id = 'supplier_register'
    left join sectors as today on a.sector_id = today.sector_id and a.score_date = today.score_date
    left join sectors as yesterday
        on a.sector_id = yesterday.sector_id and a.score_date - 1 = yesterday.score_date
)

select
    m.* exclude (label) replace (
        pseudonym(m.subject_id, if(m.subject_kind in ('event', 'vulnerability'), m.label, 'CLEAR'))
            as subject_id,
        shown(m.sentence, m.label) as sentence
    )
from marked as m;
