-- Measures of the suppliers' scores, one row a day.
with
days as (
    select score_date, knowledge
    from quality.scored_days
    where score_date between $start_date and $end_date
),

scores as (
    select
        s.score_date,
        count(*) as n_rows,
        count(*) - count(distinct s.supplier_id) as n_repeated,
        min(s.score_0_100) as lowest,
        max(s.score_0_100) as highest,
        count(*) filter (
            where not (s.score_low_0_100 <= s.score_0_100 and s.score_0_100 <= s.score_high_0_100)
        ) as n_outside,
        max(abs(
            s.baseline_points + s.threat_points + s.susceptibility_points + s.consequence_points
            + s.bound_points - s.score_0_100
        )) as widest_gap,
        count(*) filter (
            where s.score_0_100 is null and s.coverage_state not like '%not scored: %'
        ) as n_unexplained,
        count(*) filter (where s.score_0_100 is not null and s.band_id is null) as n_unbanded
    from scores.supplier_daily as s
    where s.score_date between $start_date and $end_date
    group by all
),

known as (
    select d.score_date, count(distinct v.supplier_id) as n_known
    from days as d
    inner join facts.supplier_versions as v
        on d.score_date >= v.from_date and d.score_date < v.until_date
    group by all
),

leaks as (
    select d.score_date, count(distinct s.supplier_id) as n_from_later
    from days as d
    inner join scores.supplier_spans as s
        on d.score_date >= s.first_date and d.score_date <= s.last_date
    inner join raw.deliveries as r on s.delivery_id = r.delivery_id
    where
        d.knowledge = 'then'
        and not r.is_historical
        and cast(r.delivered_at as date) > d.score_date
    group by all
)

select
    d.score_date,
    coalesce(s.n_rows, 0) as n_rows,
    coalesce(k.n_known, 0) as n_known,
    coalesce(s.n_rows, 0) - coalesce(k.n_known, 0) as n_surplus,
    coalesce(s.n_repeated, 0) as n_repeated,
    s.lowest,
    s.highest,
    coalesce(s.n_outside, 0) as n_outside,
    s.widest_gap,
    coalesce(s.n_unexplained, 0) as n_unexplained,
    coalesce(s.n_unbanded, 0) as n_unbanded,
    coalesce(l.n_from_later, 0) as n_from_later
from days as d
left join scores as s on d.score_date = s.score_date
left join known as k on d.score_date = k.score_date
left join leaks as l on d.score_date = l.score_date
order by d.score_date
