-- Measures of one delivery as a whole.
with
refused as (
    select distinct v.source_row
    from quality.verdicts as v
    where
        v.delivery_id = $delivery_id and v.table_name = 'reports' and v.severity = 'critical'
)

select
    count(*) as n_rows,
    count(r.source_row) as n_refused
from staged.reports as s
left join refused as r on s.source_row = r.source_row
where s.delivery_id = $delivery_id
