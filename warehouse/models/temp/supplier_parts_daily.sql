-- One row per day and supplier: threat, susceptibility and consequence before they are scored.
with
threats as (
    select
        score_date,
        supplier_id,
        any_value(supplier_name) as supplier_name,
        any_value(country) as country,
        any_value(criticality_1_5) as criticality_1_5,
        any_value(dependency_0_1) as dependency_0_1,
        any_value(threat_coverage_0_1) as threat_coverage_0_1,
        cast(sum(method.exact(share_0_1 * threat_rate_30d)) as double) as threat_rate_30d,
        cast(sum(method.exact(
            pow(share_0_1 * base_rate_30d, 2) * threat_intensity_variance
        )) as double) as threat_rate_variance,
        max_by(sector_id, (share_0_1, sector_id)) as main_sector_id,
        string_agg(
            sector_id || ' ' || printf('%.0f', 100 * share_0_1) || ' %', ', '
            order by share_0_1 desc, sector_id
        ) as sectors
    from temp.supplier_sector_daily
    where score_date between $start_date and $end_date
    group by all
),

scanned as (
    select supplier_id, scan_date, max(scan_date) as last_scan_date
    from facts.scans
    group by all
)

select
    t.*,
    c.last_scan_date,
    c.last_scan_date is null as is_unscanned,
    coalesce(t.score_date - c.last_scan_date, 0) > method.parameter('stale_scan_days') as is_stale,
    case when c.last_scan_date is not null then coalesce(h.n_open_vulnerabilities, 0) end
        as n_open_vulnerabilities,
    case
        when c.last_scan_date is null then method.parameter('unscanned_hazard')
        else coalesce(h.hazard, 0)
    end as hazard,
    pow(2, coalesce(t.criticality_1_5, method.parameter('default_criticality')) - 1)
    * greatest(coalesce(t.dependency_0_1, 1), method.parameter('dependency_minimum'))
        as consequence
from threats as t
asof left join scanned as c
    on t.supplier_id = c.supplier_id and t.score_date >= c.scan_date
asof left join facts.supplier_hazard as h
    on t.supplier_id = h.supplier_id and t.score_date >= h.from_date
