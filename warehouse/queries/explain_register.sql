-- What the register said of a supplier on a day, beyond its sectors.
select dependency_0_1, aliases, parent_id, sites, spend_eur, contact_group
from facts.supplier_versions
where
    supplier_id = $supplier_id
    and delivery_id = $delivery_id
    and source_row = $source_row
    and $day >= from_date and $day < until_date
