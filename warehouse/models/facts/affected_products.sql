-- What advisories, CVE records and catalogs say of products that some inventory names, by days: a later
-- revision of a document replaces all that it said, a withdrawn one says nothing.
with
documents as (
    select
        source_id,
        coalesce(statement_key, cve_id) as statement_key,
        delivery_id,
        known_date,
        known_at,
        disclosed_at
    from validated.vulnerabilities
    union
    select source_id, report_key, delivery_id, known_date, known_at, disclosed_at
    from validated.reports
    where kind = 'advisory'
),

newest as (
    select *
    from (
        select
            source_id, statement_key, delivery_id, known_date, max(known_at) as known_at,
            max(disclosed_at) as disclosed_at
        from documents
        group by all
    )
    qualify disclosed_at = max(disclosed_at) over (
        partition by source_id, statement_key order by known_date, disclosed_at, known_at, delivery_id
        rows between unbounded preceding and current row
    )
),

revisions as (
    select
        *,
        lead(known_date, 1, date '9999-12-31') over (
            partition by source_id, statement_key order by known_date, disclosed_at, known_at, delivery_id
        ) as until_date
    from newest
),

stated as (
    select
        v.cve_id, v.source_id, v.delivery_id, v.source_row, r.known_date as from_date, r.until_date,
        a.said as said
    from validated.vulnerabilities as v
    inner join revisions as r
        on
            v.source_id = r.source_id
            and coalesce(v.statement_key, v.cve_id) = r.statement_key
            and v.delivery_id = r.delivery_id
            and v.disclosed_at = r.disclosed_at,
        unnest(v.affected) as a (said)
    where r.known_date < r.until_date and not coalesce(v.is_withdrawn, false)
    union all
    select
        cve_id, source_id, delivery_id, source_row, from_date, until_date,
        {
            'status': 'affected',
            'vendor': vendor,
            'product': product,
            'versions': 'named',
            'low': null,
            'is_low_open': null,
            'high': null,
            'is_high_open': null,
            'justification': null
        }
    from facts.exploited_entries
    where vendor is not null and product is not null
),

names as (
    select
        vendor,
        product,
        method.vendor_key(vendor) as vendor_key,
        unnest(method.product_keys(vendor, product)) as product_key
    from (select distinct said.vendor as vendor, said.product as product from stated)
),

held_names as (
    from names
    semi join facts.asset_products using (vendor_key, product_key)
)

select
    k.cve_id,
    k.source_id,
    k.delivery_id,
    k.source_row,
    k.from_date,
    k.until_date,
    p.vendor_key,
    p.product_key,
    k.said.status as status,
    k.said.justification as justification,
    case
        when
            k.said.versions = 'range'
            and (
                (k.said.low is not null and method.version_key(k.said.low) is null)
                or (k.said.high is not null and method.version_key(k.said.high) is null)
            )
            then 'unknown'
        else k.said.versions
    end as versions,
    method.version_key(k.said.low) as low_key,
    method.version_key(k.said.high) as high_key,
    coalesce(k.said.is_low_open, false) as is_low_open,
    coalesce(k.said.is_high_open, false) as is_high_open
from stated as k
inner join held_names as p on k.said.vendor = p.vendor and k.said.product = p.product
