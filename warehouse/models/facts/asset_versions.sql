-- Assets as the inventories had them, by the days from which a version was known.
select
    supplier_id,
    asset_id,
    greatest(known_date, coalesce(valid_from, known_date)) as from_date,
    max_by(reach, (known_at, delivery_id, source_row)) as reach
from validated.assets
group by all
