-- What each asset runs, in names and versions for comparing, and since when it has run the same.
with
named as (
    select
        *,
        method.cpe_parts(cpe) as parts,
        hash(vendor, product, product_version, cpe) as content
    from facts.asset_versions
    where product is not null or cpe is not null
),

changed as (
    select
        *,
        not coalesce(lag(content) over own = content and lag(until_date) over own >= from_date, false)
            as is_new
    from named
    window own as (partition by supplier_id, asset_id, source_id order by from_date, source_row)
),

settled as (
    select
        *,
        max(case when is_new then from_date end) over (
            partition by supplier_id, asset_id, source_id order by from_date, source_row
            rows between unbounded preceding and current row
        ) as since_date,
        coalesce(product_version, nullif(nullif(parts[3], '*'), '-')) as version
    from changed
),

spelled as (
    select *, vendor as vendor_spelled, product as product_spelled
    from settled
    where vendor is not null and product is not null
    union all
    select *, parts[1], parts[2]
    from settled
    where len(parts) > 1
),

names as (
    select
        vendor_spelled,
        product_spelled,
        method.vendor_key(vendor_spelled) as vendor_key,
        unnest(method.product_keys(vendor_spelled, product_spelled)) as product_key
    from (select distinct vendor_spelled, product_spelled from spelled)
),

versions as (
    select version, method.version_key(version) as version_key
    from (select distinct version from spelled)
)

select distinct
    s.supplier_id,
    s.asset_id,
    s.source_id,
    s.delivery_id,
    s.source_row,
    coalesce(s.reach, 'unknown') as reach,
    s.since_date,
    s.from_date,
    s.until_date,
    n.vendor_key,
    n.product_key,
    v.version_key,
    concat_ws(' ', coalesce(s.vendor, s.parts[1]), coalesce(s.product, s.parts[2]), s.version)
        as title
from spelled as s
inner join names as n
    on s.vendor_spelled = n.vendor_spelled and s.product_spelled = n.product_spelled
left join versions as v on s.version = v.version
