-- Deliveries whose counts differ from the rows that are there.
select l.delivery_id || ' ' || l.table_name as found
from quality.ledger as l
where l.n_received <> l.n_loaded + l.n_quarantined + l.n_duplicate
order by 1
