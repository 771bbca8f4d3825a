-- Versions of each asset of each inventory. An inventory is the whole list, a bill of materials that of
-- its product, so that a version ends with the next one; a row set aside there leaves the version before.
with
carried as (
    select q.source_id, q.delivery_id, q.known_at, q.known_date, q.supplier_id, q.asset_id
    from (
        select distinct
            source_id,
            delivery_id,
            supplier_id,
            asset_id,
            known_at,
            cast(known_at as date) as known_date
        from quarantine.assets
        where
            asset_id is not null
            and delivery_id not in (
                select d.delivery_id from raw.deliveries as d
                where d.status = 'held'
            )
    ) as q
    anti join validated.assets as v
        on q.delivery_id = v.delivery_id and q.asset_id = v.asset_id
),

rows_held as (
    select delivery_id as held_in, * from validated.assets
    union all by name
    select c.delivery_id as held_in, v.* replace (c.known_at as known_at, c.known_date as known_date)
    from carried as c
    asof inner join validated.assets as v
        on
            c.source_id = v.source_id
            and c.supplier_id = v.supplier_id
            and c.asset_id = v.asset_id
            and c.known_at > v.known_at
),

scoped as (
    select
        r.* exclude (supplier_id),
        r.supplier_id,
        case
            when not s.is_snapshot then r.supplier_id || ' ' || string_split(r.asset_id, '/')[1]
        end as scope
    from rows_held as r
    inner join method.sources as s on r.source_id = s.source_id
),

deliveries as (
    select
        source_id, scope, held_in, max(known_date) as known_date, max(known_at) as known_at
    from scoped
    group by all
),

spans as (
    select
        *,
        lead(known_date, 1, date '9999-12-31') over (
            partition by source_id, scope order by known_date, known_at, held_in
        ) as until_date
    from deliveries
),

dated as (
    select
        a.* exclude (known_date, known_at),
        s.known_date,
        s.known_at,
        case
            when getvariable('knowledge') = 'now' then coalesce(a.valid_from, s.known_date)
            else greatest(s.known_date, coalesce(a.valid_from, s.known_date))
        end as from_date,
        least(s.until_date, coalesce(a.valid_to, date '9999-12-31')) as until_date
    from scoped as a
    inner join spans as s
        on
            a.source_id = s.source_id
            and a.scope is not distinct from s.scope
            and a.held_in = s.held_in
),

versions as (
    select
        * replace (
            least(until_date, coalesce(min(from_date) over following, until_date)) as until_date
        )
    from dated
    window following as (
        partition by source_id, supplier_id, asset_id
        order by known_date, known_at, held_in, valid_from nulls first, source_row
        rows between 1 following and unbounded following
    )
)

select
    supplier_id,
    asset_id,
    source_id,
    delivery_id,
    source_row,
    reach,
    vendor,
    product,
    product_version,
    cpe,
    from_date,
    until_date
from versions
where from_date < until_date
