-- Open findings by days, as the scans had them, with the reach of the asset.
with
found as (
    select
        f.supplier_id,
        f.asset_id,
        f.cve_id,
        f.delivery_id,
        f.source_row,
        greatest(s.scan_date, coalesce(f.first_seen, s.scan_date)) as from_date,
        least(s.until_date, coalesce(f.fixed_on, date '9999-12-31')) as until_date
    from validated.findings as f
    inner join facts.scans as s
        on
            f.source_id = s.source_id
            and f.supplier_id = s.supplier_id
            and f.delivery_id = s.delivery_id
            and (s.asset_id is null or f.asset_id = s.asset_id)
    where f.status = 'open' and f.cve_id is not null
)

select
    f.supplier_id, f.asset_id, f.cve_id, f.delivery_id, f.source_row, f.from_date, f.until_date,
    coalesce(a.reach, 'unknown') as reach,
    r.reach_factor
from found as f
asof left join facts.asset_versions as a
    on f.asset_id = a.asset_id and f.from_date >= a.from_date
inner join method.reach as r on coalesce(a.reach, 'unknown') = r.reach
where f.from_date < f.until_date
