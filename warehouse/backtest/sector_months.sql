-- One row per sector and month: the incidents that followed, what was printed on the eve of the
-- month, and what the two baselines say; these learn from all earlier months since two years
-- before the first, as they are known today, which flatters them.
with
months as (
    select
        cast(unnest(generate_series(
            $start_date - interval 36 month, cast($end_date as timestamp), interval 1 month
        )) as date) as incident_month
),

incidents as (
    select event_id, incident_month, unnest(sector_ids) as sector_id
    from backtest.incidents
    where fate = 'counted'
),

counts as (
    select m.incident_month, s.sector_id, count(i.event_id) as n_incidents
    from months as m
    cross join method.sectors as s
    left join incidents as i
        on m.incident_month = i.incident_month and s.sector_id = i.sector_id
    group by all
),

levels as (
    select
        *,
        avg(n_incidents) over year_before as usual_level,
        count(*) over year_before as n_months_before
    from counts
    window year_before as (
        partition by sector_id order by incident_month rows between 12 preceding and 1 preceding
    )
),

labelled as (
    select
        incident_month,
        sector_id,
        n_incidents,
        usual_level,
        n_incidents > usual_level as is_above,
        lag(n_incidents > usual_level, 1, false) over (
            partition by sector_id order by incident_month
        ) as was_above
    from levels
    where n_months_before = 12
),

learned as (
    select
        *,
        count(*) over own as n_own,
        count(*) filter (where is_above) over own as n_above_own,
        count(*) over alike as n_alike,
        count(*) filter (where is_above) over alike as n_above_alike,
        (count(*) filter (where is_above) over everywhere + 1.0) / (count(*) over everywhere + 2.0)
            as share_above
    from labelled
    window
        own as (
            partition by sector_id order by incident_month
            range between unbounded preceding and interval 1 month preceding
        ),
        alike as (
            partition by was_above order by incident_month
            range between unbounded preceding and interval 1 month preceding
        ),
        everywhere as (
            order by incident_month
            range between unbounded preceding and interval 1 month preceding
        )
),

eves as (
    select
        l.incident_month,
        l.sector_id,
        l.n_incidents,
        l.usual_level,
        l.is_above,
        o.threat_intensity,
        o.threat_points,
        o.above_usual_0_1 as printed,
        (l.n_above_own + 4 * l.share_above) / (l.n_own + 4) as climatology,
        (l.n_above_alike + 4 * l.share_above) / (l.n_alike + 4) as last_month,
        coalesce(avg(o.threat_points) over (
            partition by l.sector_id order by l.incident_month
            rows between unbounded preceding and 1 preceding
        ), 0) as usual_points
    from learned as l
    inner join scores.sector_outlook_daily as o
        on l.incident_month - 1 = o.score_date and l.sector_id = o.sector_id
    where l.incident_month >= $start_date
)

select
    *,
    1 / (1 + (1 - climatology) / climatology * exp(
        method.parameter('outlook_log_odds_per_point') * (usual_points - threat_points)
    )) as climatology_and_threat
from eves
order by sector_id, incident_month
