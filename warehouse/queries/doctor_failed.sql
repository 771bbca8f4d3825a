-- Deliveries that could not be read.
select problem as found
from raw.deliveries
where status = 'failed'
order by 1
