-- Measures of the sectors' scores, one row a day.
with
moves as (
    select
        *,
        published_score - lag(published_score) over (
            partition by sector_id order by score_date
            range between interval 1 day preceding and interval 1 day preceding
        ) as day_change
    from scores.sector_daily
    where score_date between cast($start_date as date) - 1 and $end_date
),

scores as (
    select
        s.score_date,
        count(*) as n_rows,
        count(s.score_0_100) as n_scored,
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
            where s.score_0_100 is null and s.coverage_state not like 'not scored: %'
        ) as n_unexplained,
        min(s.coverage_0_1) filter (where s.score_0_100 is not null) as least_coverage,
        cast(max(abs(s.day_change)) as double) as widest_move,
        arg_max(s.sector_id, (abs(s.day_change), s.sector_id)) filter (
            where s.day_change is not null
        ) as moved_most,
        cast(avg(s.day_change) as double) as common_move
    from moves as s
    group by all
)

select
    d.score_date,
    coalesce(s.n_rows, 0) as n_rows,
    (select count(*) from method.sectors) as n_sectors,
    coalesce(s.n_rows, 0) - (select count(*) from method.sectors) as n_surplus,
    coalesce(s.n_scored, 0) as n_scored,
    s.lowest,
    s.highest,
    coalesce(s.n_outside, 0) as n_outside,
    s.widest_gap,
    coalesce(s.n_unexplained, 0) as n_unexplained,
    s.least_coverage,
    s.widest_move,
    s.moved_most,
    s.common_move
from quality.scored_days as d
left join scores as s on d.score_date = s.score_date
where d.score_date between $start_date and $end_date
order by d.score_date
