-- Vulnerabilities concluded from what assets run, by days on which the ground was the same. What is said
-- with versions goes before what is said without. A scan that covers the asset long enough after both
-- were known, and does not list the CVE, ends the conclusion; of kinds of assets that scans seldom know,
-- only where scans have listed something at this one.
with
stated as (
    select * from facts.product_matches
    where status = 'affected'
),

changes as (
    select supplier_id, asset_id, cve_id, from_date from stated
    union
    select supplier_id, asset_id, cve_id, until_date from stated
),

spans as (
    select
        supplier_id,
        asset_id,
        cve_id,
        from_date,
        lead(from_date, 1, date '9999-12-31') over (
            partition by supplier_id, asset_id, cve_id order by from_date
        ) as until_date
    from changes
),

best as (
    select
        s.supplier_id,
        s.asset_id,
        s.cve_id,
        s.from_date,
        s.until_date,
        min(m.stated_date) as stated_date,
        max(m.since_date) as since_date,
        bool_or(r.is_seen_by_scans) as is_seen_by_scans,
        arg_max(
            m, (m.is_precise, m.credibility_0_1, m.stated_delivery_id, -m.stated_source_row)
        ) as ground
    from spans as s
    inner join stated as m
        on
            s.supplier_id = m.supplier_id
            and s.asset_id = m.asset_id
            and s.cve_id = m.cve_id
            and s.from_date >= m.from_date
            and s.from_date < m.until_date
    inner join method.reach as r on m.reach = r.reach
    group by all
),

dated as (
    select
        *,
        min(stated_date) over (partition by supplier_id, asset_id, cve_id order by from_date)
            as first_stated_date
    from best
    where ground.credibility_0_1 > 0
),

listed_assets as (
    select f.supplier_id, f.asset_id, min(f.known_date) as listed_date
    from validated.findings as f
    inner join method.sources as o on f.source_id = o.source_id and not o.states_vex
    where f.cve_id is not null and f.asset_id is not null
    group by all
),

waiting as (
    select
        d.*,
        greatest(
            d.since_date,
            d.first_stated_date + cast(method.parameter('scanner_learns_days') as integer),
            case
                when not d.is_seen_by_scans then coalesce(l.listed_date, date '9999-12-31')
                else d.since_date
            end
        ) as scannable_date
    from dated as d
    left join listed_assets as l on d.supplier_id = l.supplier_id and d.asset_id = l.asset_id
),

scans as (
    select s.supplier_id, s.asset_id, s.scan_date
    from facts.scans as s
    inner join method.sources as o on s.source_id = o.source_id
    where not o.states_vex
),

whole_scans as (
    select * from scans
    where asset_id is null
),

asset_scans as (
    select * from scans
    where asset_id is not null
),

scanned as (
    select
        w.*,
        least(
            coalesce(a.scan_date, date '9999-12-31'), coalesce(b.scan_date, date '9999-12-31')
        ) as scanned_date
    from waiting as w
    asof left join whole_scans as a
        on w.supplier_id = a.supplier_id and w.scannable_date <= a.scan_date
    asof left join asset_scans as b
        on
            w.supplier_id = b.supplier_id
            and w.asset_id = b.asset_id
            and w.scannable_date <= b.scan_date
)

select
    supplier_id,
    asset_id,
    cve_id,
    ground.delivery_id as delivery_id,
    ground.source_row as source_row,
    from_date,
    least(until_date, scanned_date) as until_date,
    ground.credibility_0_1 as credibility_0_1,
    printf('%s, %s: %s', ground.title, replace(ground.basis, '_', ' '), ground.source_id)
        as inferred_from
from scanned
where from_date < least(until_date, scanned_date)
