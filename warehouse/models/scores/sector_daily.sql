-- Score of each sector on each day: the mean risk of its suppliers, weighted by their share in it.
with
days as (
    select
        s.supplier_id,
        s.mix_id,
        s.susceptibility_0_1,
        s.consequence,
        s.gaps,
        unnest(generate_series(
            greatest(s.first_date, $start_date), least(s.last_date, $end_date), interval 1 day
        ))::date as score_date
    from scores.supplier_spans as s
    where s.first_date <= $end_date and s.last_date >= $start_date
),

means as (
    select
        d.score_date,
        m.sector_id,
        count(*) as n_suppliers,
        cast(sum(method.exact(m.share_0_1)) as double) as weight,
        cast(sum(method.exact(m.share_0_1 * d.consequence)) as double) as consequence_sum,
        cast(sum(method.exact(
            m.share_0_1 * d.consequence * d.susceptibility_0_1
        )) as double) as exposure_sum,
        list_sum(max(m.share_0_1 * d.consequence * d.susceptibility_0_1, 10)) as worst_ten_sum,
        cast(sum(method.exact(m.share_0_1)) filter (where d.gaps = '') as double)
            as covered_weight
    from days as d
    inner join facts.sector_mixes as m on d.mix_id = m.mix_id
    group by all
),

points as (
    select
        t.*,
        e.parts,
        e.other_variance_points2,
        m.* exclude (score_date, sector_id),
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
    inner join temp.mix_evidence as e on t.score_date = e.score_date and t.sector_id = e.mix_id
    left join means as m on t.score_date = m.score_date and t.sector_id = m.sector_id
    where t.score_date between $start_date and $end_date
),

sums as (
    select
        *,
        case
            when is_scored
                then method.parameter('typical_score') + threat + susceptibility + consequence
        end as unbounded,
        other_variance_points2
        + pow(method.parameter('no_scan_sd_points') * (1 - exposure_coverage), 2) as variance
    from points
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
    sector_id,
    coalesce(n_suppliers, 0) as n_suppliers,
    case when is_scored then threat_rate_30d * exposure_sum / weight end as risk,
    case when is_scored then method.parameter('typical_score') end as baseline_points,
    case when is_scored then threat end as threat_points,
    case when is_scored then susceptibility end as susceptibility_points,
    case when is_scored then consequence end as consequence_points,
    score_0_100 - unbounded as bound_points,
    score_0_100,
    method.bounded(unbounded + least(0, method.mixture_end(parts, variance, 0.1))) as score_low_0_100,
    method.bounded(unbounded + greatest(0, method.mixture_end(parts, variance, 0.9))) as score_high_0_100,
    published_score,
    method.band(published_score) as band_id,
    worst_ten_sum / exposure_sum as worst_ten_share_0_1,
    coalesce(exposure_coverage, 0) * threat_coverage_0_1 as coverage_0_1,
    case
        when n_suppliers is null then 'not scored: no supplier on file'
        when not is_scored then 'not scored: threat sources are missing'
        when threat_coverage_0_1 < 1 then 'partial: threat sources late'
        when exposure_coverage < 1
            then printf(
                'partial: %.0f %% of suppliers have no current scan or no criticality',
                100 * (1 - exposure_coverage)
            )
        else 'complete'
    end as coverage_state
from scored
