-- Threat to each mix of sectors on each day, and the points that it gives to suppliers of the mix.
with
rates as (
    select
        t.score_date,
        m.mix_id,
        cast(sum(method.exact(m.share_0_1 * t.threat_rate_30d)) as double) as threat_rate_30d,
        min(t.threat_coverage_0_1) as threat_coverage_0_1
    from scores.sector_threat_daily as t
    inner join facts.sector_mixes as m
        on t.sector_id = m.sector_id and t.score_date >= m.since_date
    where t.score_date between $start_date and $end_date
    group by all
),

scored as (
    select
        * exclude (threat_rate_30d),
        case
            when threat_coverage_0_1 >= method.parameter('minimum_threat_coverage')
                then threat_rate_30d
        end as threat_rate_30d
    from rates
)

select
    score_date,
    mix_id,
    threat_rate_30d,
    threat_coverage_0_1,
    method.parameter('typical_score') as baseline_points,
    10 * log2(threat_rate_30d / method.parameter('typical_threat_rate_30d')) as threat_points
from scored
