-- What is not known of suppliers on a day: how many, and what that does to their scores.
with
on_day as (
    select supplier_id, gaps
    from scores.supplier_spans
    where $day between first_date and last_date
),

outside as (
    select v.supplier_id
    from facts.supplier_versions as v
    anti join on_day as o on v.supplier_id = o.supplier_id
    where $day >= v.from_date and $day < v.until_date
),

counted as (
    select t.gap, count(*) as suppliers
    from on_day as o, unnest(string_split(o.gaps, ', ')) as t (gap)
    where t.gap <> ''
    group by t.gap
    union all
    select 'no sector of the eight', count(*)
    from outside
    having count(*) > 0
)

select
    c.gap,
    c.suppliers,
    printf('%.0f %%', 100 * c.suppliers / (
        (select count(*) from on_day) + (select count(*) from outside)
    )) as share,
    case c.gap
        when 'no scan' then 'counted as the usual hazard or more; wider interval'
        when 'stale scan' then 'counted as last seen; wider interval'
        when 'no criticality' then 'counted as the usual one; wider interval'
        else 'not scored'
    end as effect
from counted as c
order by c.suppliers desc, c.gap
