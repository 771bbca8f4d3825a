-- What a supplier's susceptibility points come from: what any supplier has, its three most
-- dangerous open vulnerabilities and the rest. Points sum to susceptibility_points.
with
days as not materialized (
    select
        t.score_date,
        s.supplier_id,
        s.last_scan_date,
        s.hazard,
        s.susceptibility_points,
        s.usual_susceptibility_points as usual_points,
        s.susceptibility_points - s.usual_susceptibility_points as points
    from scores.supplier_spans as s
    inner join quality.scored_days as t
        on t.score_date >= s.first_date and t.score_date <= s.last_date
),

ranked as not materialized (
    select
        d.score_date,
        d.supplier_id,
        d.points as all_points,
        v.cve_id,
        v.inferred_from,
        v.delivery_id,
        v.source_row,
        coalesce(v.hazard / nullif(d.hazard, 0), 0) as share_0_1,
        row_number() over (
            partition by d.score_date, d.supplier_id order by v.hazard desc, v.cve_id
        ) as driver_rank
    from days as d
    inner join scores.vulnerability_spans as v
        on
            d.supplier_id = v.supplier_id
            and d.score_date >= v.first_date
            and d.score_date <= v.last_date
),

others as (
    select
        score_date,
        supplier_id,
        cast(sum(method.exact(share_0_1)) filter (where driver_rank > 3) as double) as share_0_1,
        any_value(all_points) as all_points,
        count(*) - 3 as n_others
    from ranked
    group by all
    having count(*) > 3
),

known as (
    select score_date, supplier_id, cast(sum(method.exact(share_0_1)) as double) as share_0_1
    from ranked
    group by all
)

select
    score_date,
    supplier_id,
    driver_rank,
    case when inferred_from is null then 'vulnerability' else 'inferred vulnerability' end
        as driver_kind,
    cve_id as driver_id,
    cve_id || coalesce(printf(' (inferred from %s)', inferred_from), '') as driver_title,
    share_0_1,
    share_0_1 * all_points as points,
    delivery_id,
    source_row
from ranked
where driver_rank <= 3
union all
select
    score_date, supplier_id, 4, 'other', null,
    printf('%d other open vulnerabilities', n_others), share_0_1, share_0_1 * all_points, null, null
from others
union all
select
    score_date, supplier_id, 5, 'usual', null, 'What any supplier has', 0, usual_points, null, null
from days
union all
select
    d.score_date, d.supplier_id, 6, 'no scan', null,
    'No scan on file: the usual hazard is assumed',
    1 - coalesce(k.share_0_1, 0), (1 - coalesce(k.share_0_1, 0)) * d.points, null, null
from days as d
left join known as k on d.score_date = k.score_date and d.supplier_id = k.supplier_id
where d.last_scan_date is null and coalesce(k.share_0_1, 0) < 1
