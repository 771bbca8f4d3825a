-- Versions of each supplier as its register had them: a register is the whole list, so that a
-- version ends with the source's next delivery.
with
deliveries as (
    select source_id, delivery_id, max(known_date) as known_date
    from validated.suppliers
    group by all
),

spans as (
    select
        *,
        lead(known_date, 1, date '9999-12-31') over (
            partition by source_id order by known_date, delivery_id
        ) as until_date
    from deliveries
)

select
    u.supplier_id,
    u.supplier_name,
    u.country,
    u.sectors,
    u.criticality_1_5,
    u.dependency_0_1,
    u.source_id,
    u.delivery_id,
    u.source_row,
    greatest(s.known_date, coalesce(u.valid_from, s.known_date)) as from_date,
    least(s.until_date, coalesce(u.valid_to, date '9999-12-31')) as until_date
from validated.suppliers as u
inner join spans as s on u.source_id = s.source_id and u.delivery_id = s.delivery_id
where
    greatest(s.known_date, coalesce(u.valid_from, s.known_date))
    < least(s.until_date, coalesce(u.valid_to, date '9999-12-31'))
