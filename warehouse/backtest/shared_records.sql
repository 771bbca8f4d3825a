-- Records that are an outcome of a month and were known on its eve: there must be none.
select count(*)
from backtest.incidents as i
inner join facts.event_members as m on i.event_id = m.event_id and m.known_date < i.incident_month
where i.fate = 'counted' and i.incident_month between $start_date and $end_date
