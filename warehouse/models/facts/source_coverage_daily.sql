-- Every day and every source that had delivered by then: how old its last delivery is.
with
days as (
    select unnest(generate_series($start_date, $end_date, interval 1 day))::date as score_date
),

arrivals as (
    select distinct source_id, cast(delivered_at as date) as delivered_on
    from raw.deliveries
    where status in ('loaded', 'duplicate') and not is_historical
),

ages as (
    select d.score_date, a.source_id, max(a.delivered_on) as last_delivered_on
    from days as d
    inner join arrivals as a on d.score_date >= a.delivered_on
    group by all
)

select
    a.score_date,
    a.source_id,
    a.last_delivered_on,
    a.score_date - a.last_delivered_on as age_days,
    s.expected_every_days,
    case
        when a.score_date - a.last_delivered_on > 3 * s.expected_every_days then 'missing'
        when a.score_date - a.last_delivered_on > s.expected_every_days then 'late'
        else 'current'
    end as coverage_state
from ages as a
inner join method.sources as s on a.source_id = s.source_id
