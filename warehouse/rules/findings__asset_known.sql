-- Findings on assets that no inventory has named: loaded, with the reach taken as unknown.
select
    f.source_row,
    'warning' as severity,
    'asset_id ''' || f.asset_id || ''' is in no asset inventory: its reach is unknown' as reason,
    'Add the asset to the inventory, or correct the id at the source.' as remedy
from staged.findings as f
where
    f.delivery_id = $delivery_id
    and f.asset_id is not null
    and f.asset_id not in (
        select a.asset_id from validated.assets as a
        where a.asset_id is not null
    )
