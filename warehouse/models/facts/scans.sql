-- What each delivery of findings covers, until its source covers the same again: the supplier as a
-- whole (no asset_id), or only those of its assets that it says were scanned.
with
named as (
    select
        source_id,
        delivery_id,
        supplier_id,
        known_date,
        known_at,
        case when status = 'scanned' then asset_id end as scanned_asset_id
    from validated.findings
),

by_asset as (
    select distinct source_id, delivery_id, supplier_id
    from named
    where scanned_asset_id is not null
),

covered as (
    select
        n.source_id,
        n.delivery_id,
        n.supplier_id,
        n.scanned_asset_id as asset_id,
        max(n.known_date) as known_date,
        max(n.known_at) as known_at
    from named as n
    left join by_asset as a
        on n.delivery_id = a.delivery_id and n.supplier_id = a.supplier_id
    where n.scanned_asset_id is not null or a.delivery_id is null
    group by all
)

select
    source_id,
    supplier_id,
    asset_id,
    delivery_id,
    known_date as scan_date,
    lead(known_date, 1, date '9999-12-31') over (
        partition by source_id, supplier_id, asset_id order by known_date, known_at, delivery_id
    ) as until_date
from covered
