-- Every source at the end of a day: how fresh it is and what became of its records.
with
counts as (
    select
        d.source_id,
        count(distinct d.delivery_id) as n_deliveries,
        count(distinct d.delivery_id) filter (where d.status = 'failed') as n_failed,
        max(cast(d.delivered_at as date)) as last_on,
        sum(l.n_received) as n_received,
        sum(l.n_loaded) as n_loaded,
        sum(l.n_quarantined) as n_quarantined,
        sum(l.n_duplicate) as n_duplicate
    from raw.deliveries as d
    left join quality.ledger as l on d.delivery_id = l.delivery_id
    where d.delivered_at < $day + 1 or d.is_historical
    group by d.source_id
)

select
    s.source_id,
    s.title as source,
    coalesce(f.coverage_state, if(c.source_id is null, 'never', 'current')) as state,
    coalesce(f.last_delivered_on, c.last_on) as last_on,
    $day - coalesce(f.last_delivered_on, c.last_on) as age_days,
    s.expected_every_days,
    coalesce(c.n_deliveries, 0) as n_deliveries,
    coalesce(c.n_failed, 0) as n_failed,
    coalesce(c.n_received, 0) as n_received,
    coalesce(c.n_loaded, 0) as n_loaded,
    coalesce(c.n_quarantined, 0) as n_quarantined,
    coalesce(c.n_duplicate, 0) as n_duplicate
from method.sources as s
left join facts.source_coverage_daily as f on s.source_id = f.source_id and f.score_date = $day
left join counts as c on s.source_id = c.source_id
order by
    array_position(['missing', 'late', 'current', 'never'], state),
    n_received desc,
    s.source_id
