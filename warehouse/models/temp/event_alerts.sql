-- Events that new evidence has made strong in a sector: told once while they stay so.
with
event_days as (
    select
        d.*,
        lag(d.score_date) over (
            partition by d.sector_id, d.driver_id order by d.score_date
        ) as previous_date
    from scores.sector_driver_daily as d
    inner join scores.sector_threat_daily as t
        on d.score_date = t.score_date and d.sector_id = t.sector_id
    where
        d.driver_id is not null
        and d.score_date
        between $start_date - cast(method.parameter('alert_memory_days') as integer) and $end_date
        and 10 * log2(1 + d.share_0_1 * t.threat_intensity)
        >= method.parameter('alert_event_points')
),

new_events as (
    select
        d.score_date,
        d.driver_id,
        max(d.points) as points,
        max_by(d.sector_id, (d.points, d.sector_id)) as sector_id,
        max_by(
            {
                'delivery_id': d.delivery_id, 'source_row': d.source_row, 'title': d.driver_title,
                'kind': d.driver_kind
            },
            (d.points, d.sector_id)
        ) as driver,
        string_agg(
            printf('%.1f points to %s', d.points, s.title), ', ' order by d.points desc, d.sector_id
        ) as effects
    from event_days as d
    inner join method.sectors as s on d.sector_id = s.sector_id
    semi join facts.event_members as m
        on d.driver_id = m.event_id and d.score_date = m.known_date and not m.is_withdrawn
    semi join scores.sector_threat_daily as b
        on
            d.sector_id = b.sector_id
            and b.score_date < d.score_date
            and b.score_date
            >= d.score_date - cast(method.parameter('alert_memory_days') as integer)
    where
        d.score_date between $start_date and $end_date
        and (
            d.previous_date is null
            or d.previous_date
            < d.score_date - cast(method.parameter('alert_memory_days') as integer)
        )
    group by all
)

select
    score_date,
    'event' as alert_kind,
    'event' as subject_kind,
    driver_id as subject_id,
    sector_id,
    null as supplier_id,
    case
        when points >= 2 * method.parameter('alert_event_points') then 'critical' else 'warning'
    end as severity,
    points,
    printf('New evidence, "%s" (%s), adds %s.', driver.title, driver.kind, effects) as sentence,
    driver.delivery_id as delivery_id,
    driver.source_row as source_row
from new_events
