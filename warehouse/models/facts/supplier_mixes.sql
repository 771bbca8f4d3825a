-- The mix of sectors of each version of a supplier.
select
    supplier_id,
    source_id,
    from_date,
    string_agg(sector_id || ':' || share_0_1, ' ' order by sector_id) as mix_id,
    max_by(sector_id, (share_0_1, sector_id)) as main_sector_id,
    string_agg(
        sector_id || ' ' || printf('%.0f', 100 * share_0_1) || ' %', ', '
        order by share_0_1 desc, sector_id
    ) as sectors
from facts.supplier_sectors
group by all
