-- What scans found open and what inventories let conclude, by days, before anyone overrules it.
select
    f.supplier_id,
    f.asset_id,
    f.cve_id,
    f.source_id,
    f.delivery_id,
    f.source_row,
    greatest(s.scan_date, coalesce(f.first_seen, s.scan_date)) as from_date,
    least(s.until_date, coalesce(f.fixed_on, date '9999-12-31')) as until_date,
    case when coalesce(f.is_inferred, false) then i.credibility_0_1 else 1 end as credibility_0_1,
    case when coalesce(f.is_inferred, false) then 'listed by ' || f.source_id end as inferred_from
from validated.findings as f
inner join facts.scans as s
    on
        f.source_id = s.source_id
        and f.supplier_id = s.supplier_id
        and f.delivery_id = s.delivery_id
        and (s.asset_id is null or f.asset_id = s.asset_id)
inner join method.inference as i on i.basis = 'listed_without_analysis'
where
    f.status = 'open'
    and f.cve_id is not null
    and greatest(s.scan_date, coalesce(f.first_seen, s.scan_date))
    < least(s.until_date, coalesce(f.fixed_on, date '9999-12-31'))
union all by name
select *, null as source_id
from facts.inferred_findings
