-- Hazard of each supplier from each day on which it changed: the sum over its open vulnerabilities.
with
steps as (
    select supplier_id, from_date, hazard as step, 1 as n from facts.open_vulnerabilities
    union all
    select supplier_id, until_date, -hazard, -1 from facts.open_vulnerabilities
),

changes as (
    select supplier_id, from_date, sum(step) as step, sum(n) as n
    from steps
    group by all
)

select
    supplier_id,
    from_date,
    cast(sum(step) over running as double) as hazard,
    cast(sum(n) over running as integer) as n_open_vulnerabilities
from changes
window running as (
    partition by supplier_id order by from_date
    rows between unbounded preceding and current row
)
