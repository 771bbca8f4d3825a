-- Sectors and suppliers scored on a day that are called like `$wanted`: by id, by name, then the nearest.
with
named as (
    select 'sector' as what, m.sector_id as id, m.title as name
    from scores.sector_daily as s
    inner join method.sectors as m on s.sector_id = m.sector_id
    where s.score_date = $day
    union all
    select 'supplier', supplier_id, coalesce(supplier_name, supplier_id)
    from scores.supplier_daily
    where score_date = $day
),

compared as (
    select
        *,
        lower(id) = lower(trim($wanted)) as is_id,
        lower(name) = lower(trim($wanted)) as is_name,
        greatest(
            jaro_winkler_similarity(lower(id), lower(trim($wanted))),
            jaro_winkler_similarity(lower(name), lower(trim($wanted)))
        ) as likeness
    from named
)

select what, id, name, is_id or is_name as is_meant
from compared
order by is_id desc, is_name desc, likeness desc, what, id
limit 20
