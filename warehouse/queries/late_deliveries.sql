-- Deliveries that came or changed after days that should show them had been scored, and those days.
with
missed as (
    select c.delivery_id, t.score_date
    from quality.scored_days as t
    inner join known_inputs as c
        on t.knowledge = 'now' or c.known_date is null or t.score_date >= c.known_date
    anti join quality.inputs as i
        on
            c.delivery_id = i.delivery_id
            and c.content_hash = i.content_hash
            and t.score_date >= i.first_date
            and t.score_date <= i.last_date
    where t.score_date between $first_date and $last_date
)

select
    m.delivery_id,
    if(
        m.delivery_id in (select i.delivery_id from quality.inputs as i),
        'changed since',
        'came late'
    ) as what,
    count(*) as n_days,
    min(m.score_date) as first_date,
    max(m.score_date) as last_date
from missed as m
group by m.delivery_id
order by first_date, m.delivery_id
