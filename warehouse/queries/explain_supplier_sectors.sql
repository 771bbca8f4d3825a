-- The sectors of a supplier on a day with its share in each.
select sector_id, share_0_1, base_rate_30d
from temp.supplier_sector_daily
where score_date = $day and supplier_id = $supplier_id
order by share_0_1 desc, sector_id
