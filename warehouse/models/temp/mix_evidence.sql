-- What the evidence leaves open about the threat to each sector and each mix of sectors: a mixture of
-- what holds if each of the three weightiest events is true or not, in points around the score. The
-- other events are matched by mean and variance.
with
mixes as (
    select mix_id, sector_id, share_0_1, since_date
    from facts.sector_mixes
    union all
    select sector_id, sector_id, 1, $start_date
    from method.sectors
),

rates as (
    select
        t.score_date,
        m.mix_id,
        cast(sum(method.exact(m.share_0_1 * t.threat_rate_30d)) as double) as rate,
        min(t.threat_coverage_0_1) as threat_coverage_0_1
    from scores.sector_threat_daily as t
    inner join mixes as m on t.sector_id = m.sector_id and t.score_date >= m.since_date
    where t.score_date between $start_date and $end_date
    group by all
),

events as (
    select
        e.score_date,
        m.mix_id,
        e.event_id,
        max(e.credibility_0_1) as credibility,
        cast(sum(method.exact(m.share_0_1 * s.base_rate_30d * e.intensity)) as double)
        / max(e.credibility_0_1) as amount,
        amount * amount * credibility * (1 - credibility) as variance
    from temp.event_sector_daily as e
    inner join mixes as m on e.sector_id = m.sector_id and e.score_date >= m.since_date
    inner join method.sectors as s on e.sector_id = s.sector_id
    where e.score_date between $start_date and $end_date
    group by all
),

ranked as (
    select
        *,
        row_number() over (
            partition by score_date, mix_id order by round(variance, 12) desc, event_id
        ) as place
    from events
),

weightiest as (
    select
        score_date,
        mix_id,
        coalesce(max(amount) filter (where place = 1), 0) as amount_1,
        coalesce(max(amount) filter (where place = 2), 0) as amount_2,
        coalesce(max(amount) filter (where place = 3), 0) as amount_3,
        coalesce(max(credibility) filter (where place = 1), 0) as credibility_1,
        coalesce(max(credibility) filter (where place = 2), 0) as credibility_2,
        coalesce(max(credibility) filter (where place = 3), 0) as credibility_3,
        cast(
            coalesce(sum(method.exact(variance)) filter (where place > 3), 0) as double
        ) as rest_variance
    from ranked
    group by all
),

ways as (
    select
        r.score_date,
        r.mix_id,
        r.threat_coverage_0_1,
        w.first_is_true * 4 + w.second_is_true * 2 + w.third_is_true as way,
        abs(1 - w.first_is_true - coalesce(e.credibility_1, 0))
        * abs(1 - w.second_is_true - coalesce(e.credibility_2, 0))
        * abs(1 - w.third_is_true - coalesce(e.credibility_3, 0)) as weight,
        1
        + (
            (w.first_is_true - coalesce(e.credibility_1, 0)) * coalesce(e.amount_1, 0)
            + (w.second_is_true - coalesce(e.credibility_2, 0)) * coalesce(e.amount_2, 0)
            + (w.third_is_true - coalesce(e.credibility_3, 0)) * coalesce(e.amount_3, 0)
        ) / r.rate as ratio,
        ln(1 + coalesce(e.rest_variance, 0) / pow(ratio * r.rate, 2)) as rest
    from rates as r
    cross join (
        select f.is_true as first_is_true, s.is_true as second_is_true, t.is_true as third_is_true
        from (values (0), (1)) as f (is_true)
        cross join (values (0), (1)) as s (is_true)
        cross join (values (0), (1)) as t (is_true)
    ) as w
    left join weightiest as e on r.score_date = e.score_date and r.mix_id = e.mix_id
)

select
    score_date,
    mix_id,
    list(
        {
            'weight': weight,
            'middle': 10 / ln(2) * (ln(ratio) - rest / 2),
            'variance': pow(10 / ln(2), 2) * rest
        } order by way
    ) as parts,
    pow(method.parameter('method_sd_points'), 2)
    + pow(method.parameter('missing_threat_sd_points') * (1 - any_value(threat_coverage_0_1)), 2)
        as other_variance_points2
from ways
group by all
