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
    method.vendor_key(s.vendor_spelled) as vendor_key,
    k.product_key,
    method.version_key(s.version) as version_key,
    concat_ws(' ', coalesce(s.vendor, s.parts[1]), coalesce(s.product, s.parts[2]), s.version)
        as title
from spelled as s, unnest(method.product_keys(s.vendor_spelled, s.product_spelled)) as k (product_key)
