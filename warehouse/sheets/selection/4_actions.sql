-- What would lower risk most: each open vulnerability, as if it alone were closed.
create or replace temp table actions as
with
whole as (
    select sum(risk) as risk from supplier_now
),

hazards as (
    select
        v.cve_id as cve,
        v.cve_title,
        s.supplier_name,
        s.supplier_id,
        s.risk,
        s.susceptibility_0_1 as susceptibility,
        if(
            s.last_scan_date is null,
            1 - (1 - method.parameter('susceptibility_minimum'))
            * exp(-method.parameter('unscanned_hazard')),
            method.parameter('susceptibility_minimum')
        ) as minimum,
        v.inferred_from is not null as is_inferred,
        1 - (1 - s.susceptibility_0_1) * exp(v.hazard) as susceptibility_without
    from shown_vulnerabilities as v
    inner join supplier_now as s on v.supplier_id = s.supplier_id
    where
        v.first_date <= getvariable('end_date')
        and v.last_date >= getvariable('end_date')
        and s.risk is not null
),

gains as (
    select
        cve,
        cve_title,
        supplier_name,
        supplier_id,
        is_inferred,
        round(
            10 * log2(susceptibility / greatest(susceptibility_without, minimum)), 1
        ) as points,
        risk * (1 - greatest(susceptibility_without, minimum) / susceptibility) as risk_removed
    from hazards
),

ranked as (
    select
        *,
        row_number() over (
            partition by cve order by points desc, supplier_name, supplier_id
        ) as supplier_place
    from gains
),

grouped as (
    select
        cve,
        any_value(cve_title) as cve_title,
        count(*) as n_suppliers,
        sum(risk_removed) as risk_removed,
        round(sum(points), 1) as points,
        max(points) as most,
        bool_and(is_inferred) as is_inferred,
        string_agg(
            printf('%s (%.1f)', supplier_name, points), ', ' order by supplier_place
        ) filter (where supplier_place <= 10) as named
    from ranked
    group by cve
)

select
    row_number() over (order by g.risk_removed desc, g.cve) as place,
    g.cve_title as cve,
    if(g.cve = g.cve_title, 'https://www.cve.org/CVERecord?id=' || g.cve, null) as cve_url,
    g.n_suppliers,
    g.risk_removed / w.risk as risk_share,
    g.points,
    g.most,
    g.named
    || if(g.n_suppliers > 10, format(' and {} more', g.n_suppliers - 10), '') as suppliers,
    if(
        g.is_inferred,
        'Concluded from inventories, found by no scan: ask which version runs, and when it is patched.',
        'Ask for the date on which it is patched or taken off the network.'
    ) as action
from grouped as g
cross join whole as w
qualify place <= 500;
