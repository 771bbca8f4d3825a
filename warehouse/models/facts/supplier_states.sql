-- What a supplier is like, by days on which nothing about it changed: register row, hazard of its
-- open vulnerabilities, and how fresh the last scan is.
with
changes as (
    select supplier_id, from_date from facts.supplier_versions
    union
    select supplier_id, from_date from facts.supplier_hazard
    union
    select supplier_id, scan_date from facts.scan_dates
    union
    select supplier_id, scan_date + cast(method.parameter('stale_scan_days') as integer) + 1
    from facts.scan_dates
),

spans as (
    select
        v.supplier_id,
        v.source_id,
        v.from_date as version_from_date,
        greatest(c.from_date, v.from_date) as from_date,
        least(
            v.until_date,
            lead(c.from_date, 1, date '9999-12-31') over (
                partition by v.supplier_id, v.source_id, v.from_date order by c.from_date
            )
        ) as until_date
    from facts.supplier_versions as v
    inner join changes as c
        on v.supplier_id = c.supplier_id and c.from_date >= v.from_date and c.from_date < v.until_date
)

select
    s.supplier_id,
    s.from_date,
    s.until_date,
    v.supplier_name,
    v.country,
    m.mix_id,
    m.main_sector_id,
    m.sectors,
    v.criticality_1_5,
    v.delivery_id,
    v.source_row,
    c.scan_date as last_scan_date,
    c.scan_date is null as is_unscanned,
    coalesce(s.from_date - c.scan_date, 0) > method.parameter('stale_scan_days') as is_stale,
    case when c.scan_date is not null then coalesce(h.n_open_vulnerabilities, 0) end
        as n_open_vulnerabilities,
    case
        when c.scan_date is null then method.parameter('unscanned_hazard')
        else coalesce(h.hazard, 0)
    end as hazard,
    pow(2, coalesce(v.criticality_1_5, method.parameter('default_criticality')) - 1)
    * greatest(coalesce(v.dependency_0_1, 1), method.parameter('dependency_minimum'))
        as consequence
from spans as s
inner join facts.supplier_versions as v
    on
        s.supplier_id = v.supplier_id
        and s.source_id = v.source_id
        and s.version_from_date = v.from_date
inner join facts.supplier_mixes as m
    on
        s.supplier_id = m.supplier_id
        and s.source_id = m.source_id
        and s.version_from_date = m.from_date
asof left join facts.supplier_hazard as h
    on s.supplier_id = h.supplier_id and s.from_date >= h.from_date
asof left join facts.scan_dates as c
    on s.supplier_id = c.supplier_id and s.from_date >= c.scan_date
