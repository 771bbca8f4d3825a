-- The last fourteen scored days up to a day: what became of each.
with
gates as (
    select
        score_date,
        count(*) as n_gates,
        count(*) filter (where not is_passed) as n_failed
    from quality.gates
    where score_date is not null
    group by score_date
),

arrivals as (
    select
        cast(d.delivered_at as date) as day,
        count(distinct d.delivery_id) as n_deliveries,
        sum(l.n_received) as n_received
    from raw.deliveries as d
    left join quality.ledger as l on d.delivery_id = l.delivery_id
    group by day
)

select
    q.score_date as day,
    q.run_id,
    q.method_version,
    q.knowledge,
    coalesce(p.outcome, 'scored') as outcome,
    p.held_by,
    p.decided_by,
    p.decided_at,
    p.reason,
    g.n_gates,
    g.n_failed,
    coalesce(a.n_deliveries, 0) as n_deliveries,
    coalesce(a.n_received, 0) as n_received
from quality.scored_days as q
left join quality.publications as p on q.score_date = p.score_date and q.run_id = p.run_id
left join gates as g on q.score_date = g.score_date
left join arrivals as a on q.score_date = a.day
where q.score_date <= $day
order by q.score_date desc
limit 14
