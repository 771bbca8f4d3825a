-- What a person should hear of on each day, each thing once.
from temp.score_alerts
where score_date between $start_date and $end_date
union all by name
from temp.event_alerts
union all by name
from temp.exploitation_alerts
