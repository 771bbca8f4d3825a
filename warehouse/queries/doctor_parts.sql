-- Days on which the parts of some sector or supplier do not sum to its score.
with
parts as (
    select
        score_date, score_0_100, baseline_points, threat_points, susceptibility_points, consequence_points, bound_points
    from scores.supplier_daily
    union all
    select
        score_date, score_0_100, baseline_points, threat_points, susceptibility_points, consequence_points, bound_points
    from scores.sector_daily
)

select distinct cast(score_date as varchar) as found
from parts
where
    abs(
        baseline_points + threat_points + susceptibility_points + consequence_points + bound_points - score_0_100
    ) > 1e-9
order by 1
