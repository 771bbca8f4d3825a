-- Measures of one delivery as a whole: the rows that repeat the file before count, but are not staged.
with
refused as (
    select count(distinct v.source_row) as n
    from quality.verdicts as v
    where
        v.delivery_id = $delivery_id and v.table_name = 'epss_scores' and v.severity = 'critical'
)

select
    coalesce(max(l.n_received), 0) as n_rows,
    max(refused.n) as n_refused,
    count(distinct s.epss_date) as n_dates
from refused
left join quality.ledger as l
    on l.delivery_id = $delivery_id and l.table_name = 'epss_scores'
left join staged.epss_scores as s on l.delivery_id = s.delivery_id
