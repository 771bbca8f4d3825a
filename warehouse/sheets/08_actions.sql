-- sheet: Actions
-- workbooks: day
-- title: What would lower risk most, {day}
-- note: One row for each vulnerability among the three most dangerous open ones of any supplier.
--   Closing it would take away up to these points; the shares of risk do not add up across rows.{portfolio}
-- question: What should be fixed first, and by whom?
-- tab: why
-- page: landscape
-- freeze: C
--
-- filtered_table: Actions
-- | place | Place | 7 | integer | Place by the risk that it carries, highest first | Never blank |
-- | cve | Vulnerability | 18 | link | CVE id; links to its record | Never blank |
-- | n_suppliers | Suppliers | 11 | integer | Suppliers where it is open and among the worst three | Never blank |
-- | risk_share | Risk that it carries (share) | 11 | share | Risk of these suppliers times 1 - 2^(-points/10), divided by the risk of all suppliers listed | Never blank |
-- | points | Points together | 10 | points | Sum of its points over these suppliers | Never blank |
-- | most | Largest gain (points) | 10 | points | Points that the supplier with most to gain would lose | Never blank |
-- | suppliers | At these suppliers (points each) | 80 | prose | The ten suppliers with most to gain, largest first | Never blank |
-- | action | What to do | 52 | prose | The next step | Never blank |
with
whole as (
    select sum(risk) as risk from supplier_now
),

gains as (
    select
        d.driver_id as cve,
        s.supplier_name,
        s.supplier_id,
        round(d.points, 1) as points,
        s.risk * (1 - pow(2, -d.points / 10)) as risk_removed
    from scores.supplier_driver_daily as d
    inner join supplier_now as s on d.supplier_id = s.supplier_id
    where
        d.score_date = getvariable('end_date')
        and d.driver_kind = 'vulnerability'
        and round(d.points, 1) > 0
        and s.risk is not null
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
    'Ask for the date on which it is patched or taken off the network.' as action
from grouped as g
cross join whole as w
order by place
limit 500;
