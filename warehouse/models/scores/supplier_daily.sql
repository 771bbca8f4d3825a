-- Score of each supplier on each day. risk = threat * susceptibility * consequence on a scale of
-- doublings, so that the logarithms of the parts add up to the score.
with
parts as (
    select
        * exclude (threat_rate_30d),
        case
            when threat_coverage_0_1 >= method.parameter('minimum_threat_coverage')
                then threat_rate_30d
        end as threat_rate_30d,
        method.parameter('susceptibility_minimum')
        + (1 - method.parameter('susceptibility_minimum')) * (1 - exp(-hazard))
            as susceptibility_0_1
    from temp.supplier_parts_daily
    where score_date between $start_date and $end_date
),

points as (
    select
        *,
        method.parameter('typical_score') as baseline_points,
        10 * log2(threat_rate_30d / method.parameter('typical_threat_rate_30d'))
            as threat_points,
        10 * log2(susceptibility_0_1 / method.parameter('typical_susceptibility'))
            as susceptibility_points,
        10 * log2(consequence / method.parameter('typical_consequence')) as consequence_points,
        1.2815515655446004 * sqrt(
            pow(method.parameter('method_sd_points'), 2)
            + threat_rate_variance * pow(10 / ln(2) / threat_rate_30d, 2)
            + pow(method.parameter('missing_threat_sd_points') * (1 - threat_coverage_0_1), 2)
            + pow(
                case
                    when is_unscanned then method.parameter('no_scan_sd_points')
                    when is_stale then method.parameter('stale_scan_sd_points')
                    else 0
                end, 2
            )
            + pow(
                case
                    when criticality_1_5 is null then method.parameter('no_criticality_sd_points')
                    else 0
                end, 2
            )
        ) as half_width
    from parts
),

sums as (
    select
        *,
        baseline_points + threat_points + susceptibility_points + consequence_points as unbounded
    from points
),

scored as (
    select
        *,
        method.bounded(unbounded) as score_0_100,
        cast(round(method.bounded(unbounded), 1) as decimal(4, 1)) as published_score
    from sums
)

select
    s.score_date,
    s.supplier_id,
    s.supplier_name,
    s.country,
    s.sectors,
    s.main_sector_id,
    s.criticality_1_5,
    s.threat_rate_30d,
    s.susceptibility_0_1,
    s.consequence,
    s.threat_rate_30d * s.susceptibility_0_1 * s.consequence as risk,
    s.baseline_points,
    s.threat_points,
    s.susceptibility_points,
    s.consequence_points,
    s.score_0_100 - s.unbounded as bound_points,
    s.score_0_100,
    method.bounded(s.unbounded - s.half_width) as score_low_0_100,
    method.bounded(s.unbounded + s.half_width) as score_high_0_100,
    s.published_score,
    b.band_id,
    1 - exp(-s.threat_rate_30d * s.susceptibility_0_1) as loss_probability_30d,
    s.n_open_vulnerabilities,
    s.last_scan_date,
    coalesce(nullif(concat_ws(
        ', ',
        case when s.threat_rate_30d is null then 'not scored: threat sources are missing' end,
        case
            when s.is_unscanned then 'no scan'
            when s.is_stale then 'stale scan'
        end,
        case when s.criticality_1_5 is null then 'no criticality' end,
        case
            when s.threat_coverage_0_1 < 1 and s.threat_rate_30d is not null
                then 'threat sources late'
        end
    ), ''), 'complete') as coverage_state
from scored as s
asof left join method.bands as b on s.published_score >= b.lower_score
