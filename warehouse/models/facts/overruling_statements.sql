-- Statements that a product at an asset is not, or no longer, affected, by days. One made of a product
-- holds for every asset of the supplier that runs the same version of it.
with
stated as (
    select
        f.supplier_id,
        f.asset_id,
        f.cve_id,
        f.status,
        f.justification,
        f.source_id,
        f.delivery_id,
        f.source_row,
        greatest(s.scan_date, coalesce(f.fixed_on, s.scan_date)) as from_date,
        s.until_date
    from validated.findings as f
    inner join method.sources as o on f.source_id = o.source_id and o.states_vex
    inner join facts.scans as s
        on
            f.source_id = s.source_id
            and f.supplier_id = s.supplier_id
            and f.delivery_id = s.delivery_id
            and f.asset_id = s.asset_id
    where f.status in ('fixed', 'not_affected')
),

twins as (
    select distinct
        a.supplier_id, a.asset_id, b.asset_id as twin_id,
        greatest(a.from_date, b.from_date) as from_date,
        least(a.until_date, b.until_date) as until_date
    from facts.asset_products as a
    inner join facts.asset_products as b
        on
            a.supplier_id = b.supplier_id
            and a.vendor_key = b.vendor_key
            and a.product_key = b.product_key
            and a.version_key = b.version_key
            and a.asset_id <> b.asset_id
            and a.from_date < b.until_date
            and a.until_date > b.from_date
    where (a.supplier_id, a.asset_id) in (select (s.supplier_id, s.asset_id) from stated as s)
),

of_twins as (
    select
        s.* replace (
            t.twin_id as asset_id,
            greatest(s.from_date, t.from_date) as from_date,
            least(s.until_date, t.until_date) as until_date
        )
    from stated as s
    inner join twins as t on s.supplier_id = t.supplier_id and s.asset_id = t.asset_id
),

reopened as (
    select supplier_id, asset_id, cve_id, source_id, stated_date
    from facts.product_matches
    where status = 'affected' and basis in ('version_in_range', 'every_version')
),

clearing as (
    select
        m.supplier_id,
        m.asset_id,
        m.cve_id,
        m.status,
        m.justification,
        m.source_id,
        m.stated_delivery_id as delivery_id,
        m.stated_source_row as source_row,
        m.from_date,
        m.until_date,
        min(coalesce(r.stated_date, m.until_date)) as reopened_date
    from facts.product_matches as m
    left join reopened as r
        on
            m.supplier_id = r.supplier_id
            and m.asset_id = r.asset_id
            and m.cve_id = r.cve_id
            and m.source_id = r.source_id
            and m.stated_date < r.stated_date
    where
        m.status in ('fixed', 'not_affected')
        and m.basis in ('version_in_range', 'every_version')
    group by all
),

of_advisories as (
    select
        * exclude (until_date, reopened_date), least(until_date, reopened_date) as until_date
    from clearing
)

select distinct *
from (
    from stated
    union all by name
    from of_twins
    union all by name
    from of_advisories
)
where from_date < until_date
