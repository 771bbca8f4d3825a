-- Versions of the method that are kept here, which is installed, and the days scored by each.
with
kept as (
    select distinct method_version
    from quality.method_files
),

used as (
    select
        method_version,
        count(*) as n_days,
        min(score_date) as first_date,
        max(score_date) as last_date
    from quality.scored_days
    group by method_version
)

select
    k.method_version,
    k.method_version = v.method_version as is_installed,
    coalesce(u.n_days, 0) as n_days,
    u.first_date,
    u.last_date
from kept as k
cross join method.version as v
left join used as u on k.method_version = u.method_version
order by u.last_date desc nulls last, k.method_version
