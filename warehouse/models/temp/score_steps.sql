-- Days on which the published score of a supplier or sector passed the edge of a band's margin or
-- moved much since the scored day before; a score without one within memory has no step.
with
edges as (
    select b.lower_score + s.side * method.parameter('alert_margin_points') as edge
    from method.bands as b
    cross join (values (-1), (1)) as s (side)
    where b.lower_score > 0
),

zones as (
    select cast(t.tenths / 10 as decimal(4, 1)) as score, count(e.edge) as zone
    from range(1001) as t (tenths)
    left join edges as e on t.tenths >= 10 * e.edge
    group by all
),

threats as (
    select
        mix_id,
        score_date,
        baseline_points + threat_points as points
    from scores.mix_threat_daily
    where
        score_date
        between $start_date - cast(method.parameter('alert_memory_days') as integer) and $end_date
        and threat_points is not null
),

scored as (
    select
        score_date,
        lag(score_date) over (order by score_date) as previous_date
    from (select distinct score_date from threats)
),

mix_days as ( -- a mix that is new today has no points of the day before, its suppliers had others
    select
        t.mix_id,
        t.score_date,
        t.points,
        lag(t.points) over own as previous_points,
        coalesce(lag(t.score_date) over own, s.previous_date) as previous_date
    from threats as t
    inner join scored as s on t.score_date = s.score_date
    window own as (partition by t.mix_id order by t.score_date)
),

spans as (
    select *
    from scores.supplier_spans
    where
        last_date >= $start_date - cast(method.parameter('alert_memory_days') as integer)
        and first_date <= $end_date
),

days as (
    select
        supplier_id,
        mix_id,
        first_date,
        susceptibility_points,
        consequence_points,
        unnest(generate_series(
            greatest(
                first_date, $start_date - cast(method.parameter('alert_memory_days') as integer)
            ),
            least(last_date, $end_date),
            interval 1 day
        ))::date as score_date
    from spans
),

pairs as (
    select
        d.supplier_id,
        m.score_date,
        m.previous_date,
        method.published(m.points + d.susceptibility_points + d.consequence_points) as score,
        method.published(
            m.previous_points + d.susceptibility_points + d.consequence_points
        ) as same_exposure_score,
        m.previous_date < d.first_date as is_changed
    from days as d
    inner join mix_days as m on d.mix_id = m.mix_id and d.score_date = m.score_date
    where m.previous_date is not null
),

suppliers as (
    select supplier_id, score_date, previous_date, score, same_exposure_score as previous_score
    from pairs
    where not is_changed
    union all
    select
        p.supplier_id,
        p.score_date,
        p.previous_date,
        p.score,
        method.published(m.points + s.susceptibility_points + s.consequence_points)
    from pairs as p
    asof inner join spans as s
        on p.supplier_id = s.supplier_id and p.previous_date >= s.first_date
    inner join mix_days as m on s.mix_id = m.mix_id and p.previous_date = m.score_date
    where p.is_changed and p.previous_date <= s.last_date
),

subjects as (
    select 'supplier' as subject_kind, supplier_id as subject_id, * exclude (supplier_id)
    from suppliers
    union all by name
    select
        'sector' as subject_kind,
        sector_id as subject_id,
        score_date,
        lag(score_date) over own as previous_date,
        published_score as score,
        lag(published_score) over own as previous_score
    from scores.sector_daily
    where
        score_date
        between $start_date - cast(method.parameter('alert_memory_days') as integer) and $end_date
        and published_score is not null
    window own as (partition by sector_id order by score_date)
)

select s.*
from subjects as s
inner join zones as now on s.score = now.score
inner join zones as before on s.previous_score = before.score
where
    s.previous_date >= s.score_date - cast(method.parameter('alert_memory_days') as integer)
    and (
        now.zone <> before.zone
        or abs(s.score - s.previous_score) >= method.parameter('alert_move_points')
    )
