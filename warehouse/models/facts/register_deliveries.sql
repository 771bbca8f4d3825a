-- Deliveries of each register that say anything of a supplier: a valid row, or one that is set aside
-- where an earlier delivery had a valid one.
with
first_rows as (
    select source_id, supplier_id, min(known_at) as known_at
    from validated.suppliers
    group by all
),

rows_said as (
    select source_id, delivery_id, known_date, known_at from validated.suppliers
    union all
    select q.source_id, q.delivery_id, cast(q.known_at as date), q.known_at
    from quarantine.suppliers as q
    inner join first_rows as f
        on q.source_id = f.source_id and q.supplier_id = f.supplier_id and q.known_at > f.known_at
    where q.delivery_id not in (
        select d.delivery_id from raw.deliveries as d
        where d.status = 'held'
    )
),

deliveries as (
    select source_id, delivery_id, max(known_date) as known_date, max(known_at) as known_at
    from rows_said
    group by all
)

select
    source_id,
    delivery_id,
    known_date,
    known_at,
    lead(known_date, 1, date '9999-12-31') over (
        partition by source_id order by known_date, known_at, delivery_id
    ) as until_date
from deliveries
