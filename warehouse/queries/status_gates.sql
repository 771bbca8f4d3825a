-- Gates of a day, and those of deliveries of the week before it that were not passed.
select
    g.kind,
    g.gate,
    coalesce('Delivery ' || d.name, 'The day') as subject,
    g.policy,
    g.is_passed,
    g.expected,
    g.found
from quality.gates as g
left join shown_deliveries as d on g.delivery_id = d.delivery_id
where
    g.score_date = $day
    or (not g.is_passed and d.delivered_at >= $day - 6 and d.delivered_at < $day + 1)
order by
    g.is_passed,
    array_position(['stop', 'hold', 'warn'], g.policy),
    array_position(['freshness', 'volume', 'schema', 'drift', 'row', 'score'], g.kind),
    subject desc,
    g.gate,
    g.found
