-- Days on which a scan of a supplier became known, from any scanner, under the id of that day. A bill
-- of materials is no scan.
select distinct
    coalesce(i.identity_id, s.supplier_id) as supplier_id,
    greatest(s.scan_date, coalesce(i.from_date, s.scan_date)) as scan_date
from facts.scans as s
inner join method.sources as o on s.source_id = o.source_id and not o.states_vex
left join facts.supplier_identities as i
    on s.supplier_id = i.supplier_id and s.scan_date < i.until_date
