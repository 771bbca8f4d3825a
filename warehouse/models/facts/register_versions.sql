-- Versions of each row of each register, from the delivery that first said so until one says otherwise.
-- A register is the whole list, so that a version ends with the first delivery without it; a row set
-- aside there leaves the version before, and a delivery that is held leaves them all. In hindsight a row
-- holds from the day that it states, and what came later goes before what came earlier.
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
    inner join facts.register_deliveries as s
        on u.source_id = s.source_id and u.held_in = s.delivery_id
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
),

marked as (
    select
        *,
        coalesce(
            from_date = lag(until_date) over own
            and supplier_name is not distinct from lag(supplier_name) over own
            and aliases is not distinct from lag(aliases) over own
            and parent_id is not distinct from lag(parent_id) over own
            and country is not distinct from lag(country) over own
            and sites is not distinct from lag(sites) over own
            and sectors is not distinct from lag(sectors) over own
            and criticality_1_5 is not distinct from lag(criticality_1_5) over own
            and dependency_0_1 is not distinct from lag(dependency_0_1) over own
            and spend_eur is not distinct from lag(spend_eur) over own
            and contact_group is not distinct from lag(contact_group) over own,
            false
        ) as is_continued
    from versions
    where from_date < until_date
    window own as (
        partition by source_id, supplier_id order by from_date, until_date, held_in, source_row
    )
),

runs as (
    select
        *,
        sum(cast(not is_continued as integer)) over (
            partition by source_id, supplier_id
            order by from_date, until_date, held_in, source_row
            rows between unbounded preceding and current row
        ) as run
    from marked
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
    max(until_date) over (partition by source_id, supplier_id, run) as until_date
from runs
qualify not is_continued
