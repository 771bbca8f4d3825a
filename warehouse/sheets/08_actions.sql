-- sheet: Actions
-- workbooks: day
-- title: What would lower risk most, {day}
-- note: One row for each open vulnerability, the 500 that carry most risk. Each gain is computed
--   anew as if that one alone were closed, so gains of several rows do not simply add up.{portfolio}
-- question: What should be fixed first, and by whom?
-- tab: why
-- page: landscape
-- freeze: C
--
-- filtered_table: Actions
-- | place | Place | 7 | integer | Place by the risk that it carries, highest first | Never blank |
-- | cve | Vulnerability | 18 | link | CVE id; links to its record | Never blank |
-- | n_suppliers | Suppliers | 11 | integer | Suppliers where it is open | Never blank |
-- | risk_share | Risk that it carries (share) | 11 | share | Risk that would go if it were closed everywhere, divided by the risk of all suppliers listed | Never blank |
-- | points | Points together | 10 | points | Sum of what these suppliers would gain | Never blank |
-- | most | Largest gain (points) | 10 | points | What the supplier with most to gain would gain | Never blank |
-- | suppliers | At these suppliers (points each) | 80 | prose | The ten suppliers with most to gain, largest first | Never blank |
-- | action | What to do | 52 | prose | The next step | Never blank |
with
whole as (
    select sum(risk) as risk from supplier_now
),

hazards as (
    select
        v.cve_id as cve,
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
    from scores.vulnerability_spans as v
    inner join supplier_now as s on v.supplier_id = s.supplier_id
    where
        v.first_date <= getvariable('end_date')
        and v.last_date >= getvariable('end_date')
        and s.risk is not null
),

gains as (
    select
        cve,
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
    g.cve,
    'https://www.cve.org/CVERecord?id=' || g.cve as cve_url,
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
order by place
limit 500;
