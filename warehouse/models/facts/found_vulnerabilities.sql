-- What scans found open and what inventories let conclude, by days, before anyone overrules it. In
-- hindsight a finding was open from the day on which it was first seen.
with
dated as (
    select
        f.*,
        case
            when getvariable('knowledge') = 'now' then coalesce(f.first_seen, s.scan_date)
            else greatest(s.scan_date, coalesce(f.first_seen, s.scan_date))
        end as from_date,
        least(s.until_date, coalesce(f.fixed_on, date '9999-12-31')) as until_date
    from validated.findings as f
    inner join facts.scans as s
        on
            f.source_id = s.source_id
            and f.supplier_id = s.supplier_id
            and f.delivery_id = s.delivery_id
            and (s.asset_id is null or f.asset_id = s.asset_id)
    where f.status = 'open' and f.cve_id is not null
)

select
    d.supplier_id,
    d.asset_id,
    d.cve_id,
    d.source_id,
    d.delivery_id,
    d.source_row,
    d.from_date,
    d.until_date,
    case when coalesce(d.is_inferred, false) then i.credibility_0_1 else 1 end as credibility_0_1,
    case when coalesce(d.is_inferred, false) then 'listed by ' || d.source_id end as inferred_from
from dated as d
inner join method.inference as i on i.basis = 'listed_without_analysis'
where d.from_date < d.until_date
union all by name
select *, null as source_id
from facts.inferred_findings
