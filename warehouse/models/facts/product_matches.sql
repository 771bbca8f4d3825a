-- Assets that run a product of which something is said, on what ground and on which days.
with
matched as (
    select
        a.supplier_id,
        a.asset_id,
        a.reach,
        a.since_date,
        a.title,
        a.delivery_id,
        a.source_row,
        p.cve_id,
        p.status,
        p.justification,
        p.source_id,
        p.delivery_id as stated_delivery_id,
        p.source_row as stated_source_row,
        p.from_date as stated_date,
        greatest(a.from_date, p.from_date) as from_date,
        least(a.until_date, p.until_date) as until_date,
        case
            when p.versions = 'named' then 'product_named'
            when p.versions = 'all' then 'every_version'
            when p.versions = 'unknown' or a.version_key is null then 'version_unknown'
            when
                (a.version_key < p.low_key or (p.is_low_open and a.version_key = p.low_key)) is true
                or (a.version_key > p.high_key or (p.is_high_open and a.version_key = p.high_key))
                is true
                then 'out_of_range'
            else 'version_in_range'
        end as basis
    from facts.asset_products as a
    inner join facts.affected_products as p
        on
            a.vendor_key = p.vendor_key
            and a.product_key = p.product_key
            and a.from_date < p.until_date
            and a.until_date > p.from_date
)

select distinct m.*, i.credibility_0_1, i.is_precise
from matched as m
inner join method.inference as i on m.basis = i.basis
