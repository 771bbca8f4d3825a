-- What is found at a supplier on a day but does not count, because someone says that it is not affected.
select distinct on (f.cve_id, f.asset_id)
    f.cve_id,
    f.asset_id,
    o.status,
    o.justification,
    o.from_date as since,
    o.delivery_id,
    o.source_row,
    d.name as file
from facts.found_vulnerabilities as f
inner join facts.overruling_statements as o
    on f.supplier_id = o.supplier_id and f.asset_id = o.asset_id and f.cve_id = o.cve_id
left join facts.supplier_identities as i
    on f.supplier_id = i.supplier_id and $day >= i.from_date and $day < i.until_date
left join method.sources as s on f.source_id = s.source_id
left join raw.deliveries as d on o.delivery_id = d.delivery_id
where
    coalesce(i.identity_id, f.supplier_id) = $supplier_id
    and $day >= f.from_date and $day < f.until_date
    and $day >= o.from_date and $day < o.until_date
    and not coalesce(s.states_vex, false)
order by f.cve_id, f.asset_id, o.from_date, o.delivery_id, o.source_row
