-- One supplier's vulnerabilities open on a day: where, since when, and why the probability.
with
open_now as (
    select *
    from facts.open_vulnerabilities
    where supplier_id = $supplier_id and $day >= from_date and $day < until_date
),

found as (
    select f.*
    from facts.open_findings as f
    where f.supplier_id = $supplier_id and f.from_date <= $day
),

gaps as (
    select
        *,
        from_date > coalesce(max(until_date) over (
            partition by cve_id order by from_date, until_date
            rows between unbounded preceding and 1 preceding
        ), date '0001-01-01') as is_new
    from found
),

since as (
    select
        cve_id,
        max(from_date) filter (where is_new) as open_since,
        list_sort(list(distinct asset_id) filter (where until_date > $day)) as asset_ids
    from gaps
    group by all
),

ranked as (
    select s.cve_id, s.delivery_id, s.source_row
    from validated.epss_scores as s
    inner join facts.epss_files as f
        on s.delivery_id = f.delivery_id and s.epss_date = f.epss_date
    where f.known_date <= $day and s.cve_id in (select cve_id from open_now)
    qualify row_number() over (
        partition by s.cve_id
        order by f.known_date desc, f.epss_date desc, f.known_at desc, f.delivery_id desc
    ) = 1
),

best as (
    select *
    from facts.exploitation_estimates
    where from_date <= $day and cve_id in (select cve_id from open_now)
    qualify row_number() over (
        partition by cve_id order by precedence desc, from_date desc
    ) = 1
),

estimates as (
    select
        b.cve_id,
        case b.precedence when 2 then 'EPSS rank' else 'CVSS class' end as evidence,
        b.from_date,
        b.probability,
        r.delivery_id,
        r.source_row
    from best as b
    left join ranked as r on b.cve_id = r.cve_id and b.precedence = 2
),

reasons as (
    select cve_id, evidence, min(from_date) as from_date, max(probability) as probability
    from facts.exploitation_evidence
    where $day >= from_date and $day < until_date and cve_id in (select cve_id from open_now)
    group by all
    union all by name
    from estimates
),

listed as (
    select
        r.cve_id,
        list(
            {
                'evidence': r.evidence,
                'since': r.from_date,
                'probability': r.probability,
                'delivery_id': r.delivery_id,
                'file': d.name,
                'source_row': r.source_row
            }
            order by r.probability desc, r.evidence
        ) as reasons
    from reasons as r
    left join raw.deliveries as d on r.delivery_id = d.delivery_id
    group by all
)

select
    o.cve_id,
    cast(o.hazard as double) as hazard,
    o.probability,
    o.reach,
    o.credibility_0_1,
    o.inferred_from,
    s.asset_ids,
    s.open_since,
    o.delivery_id,
    o.source_row,
    d.name as file,
    coalesce(l.reasons, []) as reasons
from open_now as o
inner join since as s on o.cve_id = s.cve_id
left join listed as l on o.cve_id = l.cve_id
left join raw.deliveries as d on o.delivery_id = d.delivery_id
order by o.hazard desc, o.cve_id
