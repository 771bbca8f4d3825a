-- Measures of one delivery as a whole.
with
refused as (
    select distinct v.source_row
    from quality.verdicts as v
    where
        v.delivery_id = $delivery_id and v.table_name = 'epss_scores' and v.severity = 'critical'
)

select
    count(*) as n_rows,
    count(r.source_row) as n_refused,
    count(distinct s.epss_date) as n_dates
from staged.epss_scores as s
left join refused as r on s.source_row = r.source_row
where s.delivery_id = $delivery_id
