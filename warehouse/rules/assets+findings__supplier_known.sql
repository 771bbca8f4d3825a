-- References to suppliers that no register has named.
with
unknown as (
    select r.source_row, r.supplier_id
    from quality.supplier_references as r
    where
        r.table_name = $table_name
        and r.delivery_id = $delivery_id
        and r.supplier_id is not null
        and r.supplier_id not in (
            select u.supplier_id from validated.suppliers as u
            where u.supplier_id is not null
        )
),

near as (
    select
        n.supplier_id,
        arg_max(
            u.supplier_id,
            (jaro_winkler_similarity(n.supplier_id, u.supplier_id), u.supplier_id)
        ) as nearest_id
    from (
        select distinct supplier_id from unknown
        order by supplier_id limit 200
    ) as n
    cross join (select distinct supplier_id from validated.suppliers) as u
    group by n.supplier_id
)

select
    r.source_row,
    'critical' as severity,
    'supplier_id ''' || r.supplier_id || ''' is in no supplier register'
    || coalesce('; nearest: ' || n.nearest_id, '') as reason,
    'Correct the id at the source, or deliver the register that names it.' as remedy
from unknown as r
left join near as n on r.supplier_id = n.supplier_id
