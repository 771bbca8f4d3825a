-- Open findings by days: what was found and not overruled, with the reach that the asset was known
-- to have.
with
contested as (
    select
        f.*,
        greatest(f.from_date, o.from_date) as overruled_date,
        least(f.until_date, o.until_date) as reopened_date
    from facts.found_vulnerabilities as f
    inner join facts.overruling_statements as o
        on
            f.supplier_id = o.supplier_id
            and f.asset_id = o.asset_id
            and f.cve_id = o.cve_id
            and f.from_date < o.until_date
            and f.until_date > o.from_date
    left join method.sources as s on f.source_id = s.source_id
    where not coalesce(s.states_vex, false)
),

pieces as (
    select distinct
        c.* exclude (from_date, until_date, overruled_date, reopened_date),
        c.from_date as found_date,
        c.until_date as end_date,
        d.from_date
    from contested as c, unnest([c.from_date, c.reopened_date]) as d (from_date)
    where d.from_date < c.until_date
),

closed as (
    select
        p.*,
        min(coalesce(c.overruled_date, p.end_date)) as overruled_date
    from pieces as p
    left join contested as c
        on
            p.supplier_id = c.supplier_id
            and p.asset_id = c.asset_id
            and p.cve_id = c.cve_id
            and p.delivery_id = c.delivery_id
            and p.source_row = c.source_row
            and p.found_date = c.from_date
            and p.from_date < c.reopened_date
    group by all
),

kept as (
    select
        * exclude (found_date, end_date, overruled_date),
        least(end_date, overruled_date) as until_date
    from closed
),

found as (
    from facts.found_vulnerabilities
    anti join contested
        using (supplier_id, asset_id, cve_id, delivery_id, source_row, from_date)
    union all by name
    from kept
    where from_date < until_date
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

stated_reaches as (
    select
        supplier_id,
        asset_id,
        from_date,
        max_by(reach, (delivery_id, source_row)) as reach
    from facts.asset_versions
    where reach is not null
    group by all
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
    from stated_reaches
    union all
    select supplier_id, asset_id, 'unknown', date '0001-01-01', min(from_date)
    from stated_reaches
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
    r.reach_factor,
    f.credibility_0_1,
    f.inferred_from
from reached as f
inner join method.reach as r on f.reach = r.reach
where f.from_date < f.until_date
