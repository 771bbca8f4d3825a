-- Deliveries that a gate holds until a person lets them through.
select delivery_id as found
from raw.deliveries
where status = 'held'
order by 1
