-- The suppliers whose score moved most on one of the days, or that are scored in one state only:
-- each on its day of the largest move, with the parts' moves.
with
moves as (
    select
        coalesce(a.score_date, b.score_date) as score_date,
        coalesce(a.supplier_id, b.supplier_id) as supplier_id,
        coalesce(a.supplier_name, b.supplier_name) as supplier,
        b.published_score as score_before,
        a.published_score as score_after,
        a.score_0_100 - b.score_0_100 as moved,
        a.baseline_points - b.baseline_points as baseline,
        a.threat_points - b.threat_points as threat,
        a.susceptibility_points - b.susceptibility_points as susceptibility,
        a.consequence_points - b.consequence_points as consequence,
        a.bound_points - b.bound_points as bound,
        b.band_id as band_before,
        a.band_id as band_after,
        (a.score_0_100 is null) <> (b.score_0_100 is null) as is_in_one_only
    from before.supplier_daily as b
    full join after.supplier_daily as a
        on b.score_date = a.score_date and b.supplier_id = a.supplier_id
),

largest as (
    select *
    from moves
    qualify row_number() over (
        partition by supplier_id order by is_in_one_only desc, abs(moved) desc, score_date
    ) = 1
)

select * exclude (is_in_one_only)
from largest
where is_in_one_only or abs(moved) > 1e-9
order by is_in_one_only desc, abs(moved) desc, supplier_id
limit $n
