-- What a supplier's susceptibility points come from: what any supplier has, its three most
-- dangerous open vulnerabilities and the rest. Points sum to susceptibility_points.
with
days as (
    select
        t.score_date,
        s.supplier_id,
        s.drivers,
        s.n_open_vulnerabilities,
        s.susceptibility_points,
        s.usual_susceptibility_points as usual_points,
        s.susceptibility_points - s.usual_susceptibility_points as points
    from scores.supplier_spans as s
    inner join quality.scored_days as t
        on t.score_date >= s.first_date and t.score_date <= s.last_date
),

named as (
    select
        d.*,
        generate_subscripts(d.drivers, 1) as driver_rank,
        unnest(d.drivers) as driver
    from days as d
)

select
    score_date, supplier_id, driver_rank, 'vulnerability' as driver_kind,
    driver.cve_id as driver_id, driver.cve_id as driver_title,
    driver.share_0_1 as share_0_1, driver.share_0_1 * points as points,
    driver.delivery_id as delivery_id, driver.source_row as source_row
from named
union all
select
    score_date, supplier_id, 4, 'other', null,
    printf('%d other open vulnerabilities', n_open_vulnerabilities - len(drivers)),
    1 - list_sum(list_transform(drivers, lambda d: d.share_0_1)),
    points - list_sum(list_transform(drivers, lambda d: d.share_0_1 * points)),
    null, null
from days
where n_open_vulnerabilities > len(drivers)
union all
select
    score_date, supplier_id, 5, 'usual', null, 'What any supplier has', 0, usual_points, null, null
from days
where n_open_vulnerabilities is not null
union all
select
    score_date, supplier_id, 1, 'no scan', null, 'No scan on file: the usual hazard is assumed',
    1, susceptibility_points, null, null
from days
where n_open_vulnerabilities is null
