-- The dependency that the register gave for a supplier on a day.
select dependency_0_1
from facts.supplier_versions
where
    supplier_id = $supplier_id
    and delivery_id = $delivery_id
    and source_row = $source_row
    and $day >= from_date and $day < until_date
