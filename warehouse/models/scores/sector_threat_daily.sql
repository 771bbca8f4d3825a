-- Every day and sector: the sum of the decayed events and the rate of attempts that it means.
with
days as (
    select unnest(generate_series($start_date, $end_date, interval 1 day))::date as score_date
),

sums as (
    select
        score_date,
        sector_id,
        cast(sum(method.exact(intensity)) as double) as threat_intensity,
        count(*) as n_events
    from temp.event_sector_daily
    group by all
),

coverage as (
    select
        c.score_date, count(*) filter (where c.coverage_state = 'current') / count(*) as coverage
    from facts.source_coverage_daily as c
    inner join method.sources as s on c.source_id = s.source_id
    where s.fills_reports and c.expected_every_days is not null
    group by all
)

select
    d.score_date,
    s.sector_id,
    s.base_rate_30d,
    coalesce(u.threat_intensity, 0) as threat_intensity,
    s.base_rate_30d * (1 + coalesce(u.threat_intensity, 0)) as threat_rate_30d,
    10 * log2(1 + coalesce(u.threat_intensity, 0)) as threat_points,
    coalesce(u.n_events, 0) as n_events,
    coalesce(c.coverage, 1) as threat_coverage_0_1
from days as d
cross join method.sectors as s
left join sums as u on d.score_date = u.score_date and s.sector_id = u.sector_id
left join coverage as c on d.score_date = c.score_date
