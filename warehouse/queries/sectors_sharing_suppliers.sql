-- Sectors outside those given in which a supplier with a share in one of them has a share too.
select
    other.sector_id,
    count(distinct other.supplier_id) as n_suppliers
from facts.supplier_sectors as other
where
    not list_contains($sectors, other.sector_id)
    and other.supplier_id in (
        select s.supplier_id
        from facts.supplier_sectors as s
        where list_contains($sectors, s.sector_id)
    )
group by other.sector_id
order by other.sector_id
