-- Open findings by days, as the scans had them, with the reach that the asset was known to have.
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
),

identified as (
    select
        coalesce(i.identity_id, f.supplier_id) as supplier_id,
        f.supplier_id as given_id,
        f.* exclude (supplier_id, from_date, until_date),
        greatest(f.from_date, coalesce(i.from_date, f.from_date)) as from_date,
        least(f.until_date, coalesce(i.until_date, f.until_date)) as until_date
    from found as f
    left join facts.supplier_identities as i
        on
            f.supplier_id = i.supplier_id
            and f.from_date < i.until_date
            and f.until_date > i.from_date
),

reaches as (
    select
        supplier_id,
        asset_id,
        reach,
        from_date,
        lead(from_date, 1, date '9999-12-31') over (
            partition by supplier_id, asset_id order by from_date
        ) as until_date
    from facts.asset_versions
    union all
    select supplier_id, asset_id, 'unknown', date '0001-01-01', min(from_date)
    from facts.asset_versions
    group by supplier_id, asset_id
),

reached as (
    select
        f.* exclude (from_date, until_date),
        coalesce(a.reach, 'unknown') as reach,
        greatest(f.from_date, coalesce(a.from_date, f.from_date)) as from_date,
        least(f.until_date, coalesce(a.until_date, f.until_date)) as until_date
    from identified as f
    left join reaches as a
        on
            f.given_id = a.supplier_id
            and f.asset_id = a.asset_id
            and f.from_date < a.until_date
            and f.until_date > a.from_date
)

select
    f.supplier_id, f.asset_id, f.cve_id, f.delivery_id, f.source_row, f.from_date, f.until_date,
    f.reach,
    r.reach_factor
from reached as f
inner join method.reach as r on f.reach = r.reach
where f.from_date < f.until_date
