-- Score of each supplier on each day. risk = threat * susceptibility * consequence on a scale of
-- doublings, so that the logarithms of the parts add up to the score.
with
sums as (
    select
        t.score_date,
        t.threat_rate_30d,
        t.threat_coverage_0_1,
        t.baseline_points,
        t.threat_points,
        s.*,
        t.baseline_points + t.threat_points + s.susceptibility_points + s.consequence_points
            as unbounded,
        -sqrt(pow(i.low_points, 2) + s.inferred_variance) as low_points,
        sqrt(pow(i.high_points, 2) + s.inferred_variance) as high_points
    from (
        select
            *,
            pow(method.interval_half_width(), 2) * inferred_variance_points2 as inferred_variance
        from scores.supplier_spans
    ) as s
    inner join scores.mix_threat_daily as t
        on s.mix_id = t.mix_id and t.score_date >= s.first_date and t.score_date <= s.last_date
    inner join scores.mix_interval_daily as i
        on t.score_date = i.score_date and s.mix_id = i.mix_id and s.gaps = i.gaps
),

scored as (
    select
        *,
        method.bounded(unbounded) as score_0_100,
        method.published(unbounded) as published_score
    from sums
)

select
    score_date,
    supplier_id,
    supplier_name,
    country,
    sectors,
    main_sector_id,
    criticality_1_5,
    threat_rate_30d,
    susceptibility_0_1,
    consequence,
    threat_rate_30d * susceptibility_0_1 * consequence as risk,
    baseline_points,
    threat_points,
    susceptibility_points,
    consequence_points,
    score_0_100 - unbounded as bound_points,
    score_0_100,
    method.bounded(unbounded + low_points) as score_low_0_100,
    method.bounded(unbounded + high_points) as score_high_0_100,
    published_score,
    method.band(published_score) as band_id,
    1 - exp(-threat_rate_30d * susceptibility_0_1) as loss_probability_30d,
    n_open_vulnerabilities,
    last_scan_date,
    case
        when threat_rate_30d is null
            then concat_ws(', ', 'not scored: threat sources are missing', nullif(gaps, ''))
        when threat_coverage_0_1 < 1
            then concat_ws(', ', nullif(gaps, ''), 'threat sources late')
        when gaps = '' then 'complete'
        else gaps
    end as coverage_state
from scored
