-- Measures of what had been received by the end of a day, one row a day.
with
days as (
    select score_date
    from quality.scored_days
    where score_date between $start_date and $end_date
),

freshness as (
    select
        f.score_date,
        count(*) filter (where f.coverage_state <> 'current') as n_not_current,
        string_agg(f.source_id || ' (' || f.coverage_state || ')', ', ' order by f.source_id)
        filter (where f.coverage_state <> 'current') as not_current,
        min(f.age_days) filter (where s.fills_reports) as threat_age_days
    from facts.source_coverage_daily as f
    inner join method.sources as s on f.source_id = s.source_id
    where f.score_date between $start_date and $end_date
    group by f.score_date
),

reports as (
    select
        d.score_date,
        count(*) filter (where r.delivered_at >= d.score_date - 6) as n_reports_week,
        count(*) filter (where r.delivered_at < d.score_date - 6) / 4 as n_reports_usual
    from days as d
    inner join raw.deliveries as r
        on r.delivered_at >= d.score_date - 34 and r.delivered_at < d.score_date + 1
    inner join staged.reports as s on r.delivery_id = s.delivery_id
    where not r.is_historical
    group by d.score_date
),

week as (
    select
        d.score_date,
        count(distinct r.delivery_id) filter (where r.status = 'failed') as n_failed,
        string_agg(distinct r.name, ', ' order by r.name)
        filter (where r.status = 'failed') as failed,
        sum(l.n_received) as n_rows,
        sum(l.n_quarantined) as n_refused
    from days as d
    inner join raw.deliveries as r
        on r.delivered_at >= d.score_date - 6 and r.delivered_at < d.score_date + 1
    left join quality.ledger as l on r.delivery_id = l.delivery_id
    group by d.score_date
),

waiting as (
    select
        d.score_date,
        count(*) as n_held,
        string_agg(r.delivery_id, ', ' order by r.delivery_id) as held
    from days as d
    inner join raw.deliveries as r on r.delivered_at < d.score_date + 1
    where r.status = 'held'
    group by d.score_date
)

select
    d.score_date,
    coalesce(f.n_not_current, 0) as n_not_current,
    coalesce(f.not_current, 'none') as not_current,
    f.threat_age_days,
    coalesce(r.n_reports_week, 0) as n_reports_week,
    coalesce(r.n_reports_usual, 0) as n_reports_usual,
    case
        when r.n_reports_usual >= 5 then r.n_reports_week / r.n_reports_usual
    end as reports_ratio,
    coalesce(w.n_failed, 0) as n_failed,
    coalesce(w.failed, 'none') as failed,
    coalesce(w.n_rows, 0) as n_rows,
    coalesce(w.n_refused, 0) as n_refused,
    case when w.n_rows >= 20 then w.n_refused / w.n_rows end as refused_share,
    coalesce(h.n_held, 0) as n_held,
    coalesce(h.held, 'none') as held
from days as d
left join freshness as f on d.score_date = f.score_date
left join reports as r on d.score_date = r.score_date
left join week as w on d.score_date = w.score_date
left join waiting as h on d.score_date = h.score_date
order by d.score_date
