-- Suppliers of whom these deliveries of registers say anything new, or of whom they no longer speak. One
-- that comes before what its source had delivered, or beside another, may change any of its suppliers.
with
arrived as (
    select
        source_id,
        min(cast(known_at as date)) as known_date,
        count(distinct delivery_id) = 1
        and min(known_at) > coalesce((
            select max(e.known_at) from staged.suppliers as e
            where e.source_id = s.source_id and not list_contains($ids, e.delivery_id)
        ), timestamp '0001-01-01') as is_next
    from staged.suppliers as s
    where list_contains($ids, delivery_id)
    group by source_id
),

written as (
    select *
    from validated.suppliers
    where list_contains($ids, delivery_id)
    qualify count(*) over (partition by source_id, supplier_id) = 1
),

open_versions as (
    select *
    from facts.register_versions
    where until_date = date '9999-12-31'
    qualify count(*) over (partition by source_id, supplier_id) = 1
),

unchanged as (
    select w.source_id, w.supplier_id
    from written as w
    inner join arrived as a on w.source_id = a.source_id and a.is_next
    inner join open_versions as v
        on
            w.source_id = v.source_id
            and w.supplier_id = v.supplier_id
            and v.from_date <= w.known_date
            and w.supplier_name is not distinct from v.supplier_name
            and w.aliases is not distinct from v.aliases
            and w.parent_id is not distinct from v.parent_id
            and w.country is not distinct from v.country
            and w.sites is not distinct from v.sites
            and w.sectors is not distinct from v.sectors
            and w.criticality_1_5 is not distinct from v.criticality_1_5
            and w.dependency_0_1 is not distinct from v.dependency_0_1
            and w.spend_eur is not distinct from v.spend_eur
            and w.contact_group is not distinct from v.contact_group
    where coalesce(w.valid_from, w.known_date) <= w.known_date and w.valid_to is null
),

named as (
    select source_id, supplier_id
    from staged.suppliers
    where list_contains($ids, delivery_id)
    union
    select v.source_id, v.supplier_id
    from facts.register_versions as v
    inner join arrived as a on v.source_id = a.source_id
    where v.until_date > a.known_date or not a.is_next
    union
    select s.source_id, s.supplier_id
    from staged.suppliers as s
    inner join arrived as a on s.source_id = a.source_id and not a.is_next
)

select distinct supplier_id
from named
anti join unchanged using (source_id, supplier_id)
where supplier_id is not null
