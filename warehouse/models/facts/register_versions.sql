-- Versions of each row of each register. A register is the whole list, so that a
-- version ends with the source's next delivery; a row set aside there leaves the version
-- before, and a delivery that is held leaves them all. In hindsight a row holds from the day that it
-- states, and what came later goes before what came earlier.
with
carried as (
    select q.source_id, q.delivery_id, q.known_at, q.known_date, q.supplier_id
    from (
        select distinct
            source_id,
            delivery_id,
            supplier_id,
            known_at,
            cast(known_at as date) as known_date
        from quarantine.suppliers
        where
            supplier_id is not null
            and delivery_id not in (
                select d.delivery_id from raw.deliveries as d
                where d.status = 'held'
            )
    ) as q
    anti join validated.suppliers as v
        on q.delivery_id = v.delivery_id and q.supplier_id = v.supplier_id
),

rows_held as (
    select delivery_id as held_in, * from validated.suppliers
    union all by name
    select c.delivery_id as held_in, v.* replace (c.known_at as known_at, c.known_date as known_date)
    from carried as c
    asof inner join validated.suppliers as v
        on
            c.source_id = v.source_id
            and c.supplier_id = v.supplier_id
            and c.known_at > v.known_at
),

deliveries as (
    select source_id, held_in, max(known_date) as known_date, max(known_at) as known_at
    from rows_held
    group by all
),

spans as (
    select
        *,
        lead(known_date, 1, date '9999-12-31') over (
            partition by source_id order by known_date, known_at, held_in
        ) as until_date
    from deliveries
),

dated as (
    select
        u.* exclude (known_date, known_at),
        s.known_date,
        s.known_at,
        case
            when getvariable('knowledge') = 'now' then coalesce(u.valid_from, s.known_date)
            else greatest(s.known_date, coalesce(u.valid_from, s.known_date))
        end as from_date,
        least(s.until_date, coalesce(u.valid_to, date '9999-12-31')) as until_date
    from rows_held as u
    inner join spans as s on u.source_id = s.source_id and u.held_in = s.held_in
),

versions as (
    select
        * replace (
            least(until_date, coalesce(min(from_date) over following, until_date)) as until_date
        )
    from dated
    window following as (
        partition by source_id, supplier_id
        order by known_date, known_at, held_in, valid_from nulls first, source_row
        rows between 1 following and unbounded following
    )
)

select
    supplier_id,
    supplier_name,
    aliases,
    parent_id,
    country,
    sites,
    sectors,
    criticality_1_5,
    dependency_0_1,
    spend_eur,
    contact_group,
    source_id,
    delivery_id,
    source_row,
    from_date,
    until_date
from versions
where from_date < until_date
