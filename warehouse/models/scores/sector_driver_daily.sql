-- What a sector's threat points come from: its usual level, its five strongest events and the rest.
with
ranked as (
    select
        e.*,
        row_number() over (
            partition by e.score_date, e.sector_id order by e.intensity desc, e.event_id
        ) as driver_rank
    from temp.event_sector_daily as e
    where e.score_date between $start_date and $end_date
),

shares as (
    select
        r.score_date,
        r.sector_id,
        r.event_id,
        r.report_id,
        r.driver_rank,
        r.intensity / t.threat_intensity as share_0_1,
        r.intensity / t.threat_intensity * t.threat_points as points
    from ranked as r
    inner join scores.sector_threat_daily as t
        on r.score_date = t.score_date and r.sector_id = t.sector_id
    where r.driver_rank <= 5
),

named as (
    select
        s.score_date,
        s.sector_id,
        s.driver_rank,
        s.event_id,
        s.share_0_1,
        s.points,
        v.kind,
        v.title,
        v.url,
        v.published_at,
        v.delivery_id,
        v.source_row
    from shares as s
    inner join facts.report_versions as v
        on
            s.report_id = v.report_id
            and s.score_date >= v.known_date
            and s.score_date < v.until_date
),

others as (
    select
        t.score_date,
        t.sector_id,
        1 - cast(sum(method.exact(s.share_0_1)) as double) as share_0_1,
        any_value(t.threat_points) - cast(sum(method.exact(s.points)) as double) as points,
        any_value(t.n_events) - count(*) as n_others
    from scores.sector_threat_daily as t
    inner join shares as s on t.score_date = s.score_date and t.sector_id = s.sector_id
    group by all
    having any_value(t.n_events) > count(*)
)

select
    score_date, sector_id, driver_rank, kind as driver_kind, event_id as driver_id,
    coalesce(title, event_id) as driver_title, url, published_at, share_0_1, points,
    delivery_id, source_row
from named
union all
select
    score_date, sector_id, 6, 'other', null, printf('%d other events', n_others), null, null,
    share_0_1, points, null, null
from others
union all
select
    t.score_date,
    t.sector_id,
    7,
    'usual',
    null,
    'Usual level of the sector',
    null,
    null,
    0,
    10 * log2(t.base_rate_30d / method.parameter('typical_threat_rate_30d')),
    null,
    null
from scores.sector_threat_daily as t
where t.score_date between $start_date and $end_date
