-- Score of each sector on each day: the mean risk of its suppliers, weighted by their share in it.
with
members as (
    select
        t.score_date,
        t.sector_id,
        t.share_0_1,
        p.susceptibility_0_1,
        p.consequence,
        p.coverage_state,
        p.susceptibility_0_1 * p.consequence as exposure,
        row_number() over (
            partition by t.score_date, t.sector_id
            order by t.share_0_1 * p.susceptibility_0_1 * p.consequence desc, t.supplier_id
        ) as risk_rank
    from temp.supplier_sector_daily as t
    inner join scores.supplier_daily as p
        on t.score_date = p.score_date and t.supplier_id = p.supplier_id
    where t.score_date between $start_date and $end_date
),

means as (
    select
        score_date,
        sector_id,
        count(*) as n_suppliers,
        cast(sum(method.exact(share_0_1)) as double) as weight,
        cast(sum(method.exact(share_0_1 * consequence)) as double) as consequence_sum,
        cast(sum(method.exact(share_0_1 * exposure)) as double) as exposure_sum,
        cast(sum(method.exact(share_0_1 * exposure)) filter (where risk_rank <= 10) as double)
            as worst_ten_sum,
        cast(sum(method.exact(share_0_1)) filter (
            where coverage_state in ('complete', 'threat sources late')
        ) as double) as covered_weight
    from members
    group by all
),

points as (
    select
        t.*,
        m.*exclude (score_date, sector_id),
        coalesce(m.covered_weight, 0) / m.weight as exposure_coverage,
        t.threat_coverage_0_1 >= method.parameter('minimum_threat_coverage')
        and m.n_suppliers is not null as is_scored,
        10 * log2(t.threat_rate_30d / method.parameter('typical_threat_rate_30d')) as threat,
        10 * log2(
            m.exposure_sum / m.consequence_sum / method.parameter('typical_susceptibility')
        ) as susceptibility,
        10 * log2(
            m.consequence_sum / m.weight / method.parameter('typical_consequence')
        ) as consequence
    from scores.sector_threat_daily as t
    left join means as m on t.score_date = m.score_date and t.sector_id = m.sector_id
    where t.score_date between $start_date and $end_date
),

sums as (
    select
        *,
        case
            when is_scored
                then
                    method.parameter('typical_score') + threat + susceptibility + consequence
        end as unbounded,
        1.2815515655446004 * sqrt(
            pow(method.parameter('method_sd_points'), 2)
            + threat_intensity_variance * pow(10 / ln(2) / (1 + threat_intensity), 2)
            + pow(method.parameter('missing_threat_sd_points') * (1 - threat_coverage_0_1), 2)
            + pow(method.parameter('no_scan_sd_points') * (1 - exposure_coverage), 2)
        ) as half_width
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
    s.sector_id,
    coalesce(s.n_suppliers, 0) as n_suppliers,
    case when s.is_scored then s.threat_rate_30d * s.exposure_sum / s.weight end as risk,
    case when s.is_scored then method.parameter('typical_score') end as baseline_points,
    case when s.is_scored then s.threat end as threat_points,
    case when s.is_scored then s.susceptibility end as susceptibility_points,
    case when s.is_scored then s.consequence end as consequence_points,
    s.score_0_100 - s.unbounded as bound_points,
    s.score_0_100,
    method.bounded(s.unbounded - s.half_width) as score_low_0_100,
    method.bounded(s.unbounded + s.half_width) as score_high_0_100,
    s.published_score,
    b.band_id,
    s.worst_ten_sum / s.exposure_sum as worst_ten_share_0_1,
    coalesce(s.exposure_coverage, 0) * s.threat_coverage_0_1 as coverage_0_1,
    case
        when s.n_suppliers is null then 'not scored: no supplier on file'
        when not s.is_scored then 'not scored: threat sources are missing'
        when s.threat_coverage_0_1 < 1 then 'partial: threat sources late'
        when s.exposure_coverage < 1 then 'partial: suppliers without a current scan'
        else 'complete'
    end as coverage_state
from scored as s
asof left join method.bands as b on s.published_score >= b.lower_score
