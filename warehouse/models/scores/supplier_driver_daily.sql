-- What a supplier's susceptibility points come from: what any supplier has, its three most
-- dangerous open vulnerabilities and the rest. Points sum to susceptibility_points.
with
days as (
    select
        p.score_date,
        p.supplier_id,
        p.hazard,
        s.susceptibility_points,
        10 * log2(
            method.parameter('susceptibility_minimum') / method.parameter('typical_susceptibility')
        ) as usual_points
    from temp.supplier_parts_daily as p
    inner join scores.supplier_daily as s
        on p.score_date = s.score_date and p.supplier_id = s.supplier_id
    where p.score_date between $start_date and $end_date and not p.is_unscanned
),

ranked as (
    select
        d.score_date,
        d.supplier_id,
        v.cve_id,
        v.delivery_id,
        v.source_row,
        v.hazard / d.hazard as share_0_1,
        v.hazard / d.hazard * (d.susceptibility_points - d.usual_points) as points,
        row_number() over (
            partition by d.score_date, d.supplier_id order by v.hazard desc, v.cve_id
        ) as driver_rank
    from days as d
    inner join facts.open_vulnerabilities as v
        on
            d.supplier_id = v.supplier_id
            and d.score_date >= v.from_date
            and d.score_date < v.until_date
    where v.hazard > 0
),

others as (
    select
        score_date,
        supplier_id,
        cast(sum(method.exact(share_0_1)) as double) as share_0_1,
        cast(sum(method.exact(points)) as double) as points,
        count(*) as n_others
    from ranked
    where driver_rank > 3
    group by all
)

select
    score_date, supplier_id, driver_rank, 'vulnerability' as driver_kind, cve_id as driver_id,
    cve_id as driver_title, share_0_1, points, delivery_id, source_row
from ranked
where driver_rank <= 3
union all
select
    score_date, supplier_id, 4, 'other', null,
    printf('%d other open vulnerabilities', n_others), share_0_1, points, null, null
from others
union all
select
    score_date, supplier_id, 5, 'usual', null, 'What any supplier has', 0, usual_points, null, null
from days
union all
select
    p.score_date, p.supplier_id, 1, 'no scan', null, 'No scan on file: the usual hazard is assumed',
    1, s.susceptibility_points, null, null
from temp.supplier_parts_daily as p
inner join scores.supplier_daily as s
    on p.score_date = s.score_date and p.supplier_id = s.supplier_id
where p.score_date between $start_date and $end_date and p.is_unscanned
