-- How exposed a supplier is, by days on which nothing about that changed: which version of its register
-- row holds, the hazard of its open vulnerabilities, and how fresh the last scan is.
with
scans as (
    select
        supplier_id,
        scan_date,
        scan_date + cast(method.parameter('stale_scan_days') as integer) + 1 as stale_date,
        lead(scan_date, 1, date '9999-12-31') over (
            partition by supplier_id order by scan_date
        ) as next_scan_date
    from facts.scan_dates
),

marks as (
    select
        supplier_id, from_date, hazard as step, hazard_variance as variance_step, 1 as n,
        cast(null as date) as scan_date, cast(null as date) as version_date
    from facts.open_vulnerabilities
    union all
    select supplier_id, until_date, -hazard, -hazard_variance, -1, null, null
    from facts.open_vulnerabilities
    union all
    select supplier_id, scan_date, 0, 0, 0, scan_date, null from scans
    union all
    select supplier_id, stale_date, 0, 0, 0, null, null
    from scans
    where stale_date < next_scan_date
    union all
    select supplier_id, from_date, 0, 0, 0, null, from_date from facts.supplier_versions
    union all
    select supplier_id, until_date, 0, 0, 0, null, null from facts.supplier_versions
),

sums as (
    select
        supplier_id,
        from_date,
        cast(sum(step) over running as double) as hazard,
        cast(sum(variance_step) over running as double) as hazard_variance,
        cast(sum(n) over running as integer) as n_open_vulnerabilities,
        max(scan_date) over running as last_scan_date,
        max(version_date) over running as version_date
    from marks
    window running as (
        partition by supplier_id order by from_date
        range between unbounded preceding and current row
    )
),

days as (
    select *
    from sums
    qualify from_date <> lead(from_date, 1, date '9999-12-31') over (
        partition by supplier_id order by from_date
    )
),

states as (
    select
        s.supplier_id,
        s.from_date,
        s.version_date,
        s.last_scan_date,
        coalesce(s.from_date - s.last_scan_date, 0) > method.parameter('stale_scan_days')
            as is_stale,
        case
            when s.last_scan_date is not null then s.n_open_vulnerabilities
            else nullif(s.n_open_vulnerabilities, 0)
        end as n_open_vulnerabilities,
        greatest(
            s.hazard,
            case when s.last_scan_date is null then method.parameter('unscanned_hazard') else 0 end
        ) as hazard,
        s.hazard_variance
    from days as s
),

changes as (
    select *
    from (
        select
            *,
            hash(
                version_date, last_scan_date, is_stale, n_open_vulnerabilities, hazard,
                hazard_variance
            ) as state
        from states
    )
    qualify state is distinct from lag(state) over (partition by supplier_id order by from_date)
),

spans as (
    select
        *,
        lead(from_date, 1, date '9999-12-31') over (partition by supplier_id order by from_date)
            as until_date
    from changes
)

select s.* exclude (state) replace (least(s.until_date, v.until_date) as until_date)
from spans as s
inner join facts.supplier_versions as v
    on
        s.supplier_id = v.supplier_id
        and s.version_date = v.from_date
        and s.from_date < v.until_date
