-- What the register said of a supplier on a day, with the file and row that say it.
select
    v.criticality_1_5,
    v.dependency_0_1,
    v.delivery_id,
    v.source_row,
    d.name as file
from facts.supplier_versions as v
left join raw.deliveries as d on v.delivery_id = d.delivery_id
where v.supplier_id = $supplier_id and $day >= v.from_date and $day < v.until_date
order by v.source_id, v.from_date
