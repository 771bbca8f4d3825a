-- One row per supplier, CVE and days on which nothing about it changed: the best reach among the
-- assets that have it, counted by how sure it is that they do, the probability of its exploitation,
-- and the hazard that follows.
with
contested as (
    select supplier_id, cve_id
    from facts.open_findings
    group by all
    having count(*) > 1
),

findings as (
    from facts.open_findings semi join contested using (supplier_id, cve_id)
),

changes as (
    select supplier_id, cve_id, from_date from findings
    union
    select supplier_id, cve_id, until_date from findings
),

spans as (
    select
        supplier_id,
        cve_id,
        from_date,
        lead(from_date, 1, date '9999-12-31') over (
            partition by supplier_id, cve_id order by from_date
        ) as until_date
    from changes
    where from_date < date '9999-12-31'
),

best as (
    select
        s.supplier_id, s.cve_id, s.from_date, s.until_date,
        max_by(
            {
                'reach': f.reach,
                'reach_factor': f.reach_factor,
                'credibility_0_1': f.credibility_0_1,
                'inferred_from': f.inferred_from,
                'delivery_id': f.delivery_id,
                'source_row': f.source_row
            },
            (f.reach_factor * f.credibility_0_1, f.credibility_0_1, f.delivery_id, -f.source_row)
        ) as finding,
        count(distinct f.asset_id) as n_assets
    from spans as s
    inner join findings as f
        on
            s.supplier_id = f.supplier_id
            and s.cve_id = f.cve_id
            and s.from_date >= f.from_date
            and s.from_date < f.until_date
    group by all
),

marked as (
    select
        *,
        coalesce(
            finding = lag(finding) over own
            and n_assets = lag(n_assets) over own
            and from_date = lag(until_date) over own,
            false
        ) as is_continued
    from best
    window own as (partition by supplier_id, cve_id order by from_date)
),

runs as (
    select
        *,
        sum(cast(not is_continued as integer)) over (
            partition by supplier_id, cve_id order by from_date
            rows between unbounded preceding and current row
        ) as run
    from marked
),

reached as (
    select
        supplier_id, cve_id, reach, reach_factor, credibility_0_1, inferred_from, delivery_id,
        source_row,
        1 as n_assets,
        from_date, until_date
    from facts.open_findings
    anti join contested using (supplier_id, cve_id)
    union all
    select
        supplier_id, cve_id, finding.reach, finding.reach_factor, finding.credibility_0_1,
        finding.inferred_from, finding.delivery_id, finding.source_row, n_assets, min(from_date), max(until_date)
    from runs
    group by supplier_id, cve_id, run, finding, n_assets
)

select
    r.supplier_id,
    r.cve_id,
    greatest(r.from_date, p.from_date) as from_date,
    least(r.until_date, p.until_date) as until_date,
    r.reach,
    r.delivery_id,
    r.source_row,
    r.n_assets,
    r.credibility_0_1,
    r.inferred_from,
    p.probability,
    method.exact(-r.reach_factor * r.credibility_0_1 * ln(1 - p.probability)) as hazard,
    method.exact(
        r.credibility_0_1 * (1 - r.credibility_0_1) * pow(r.reach_factor * ln(1 - p.probability), 2)
    ) as hazard_variance
from reached as r
inner join facts.exploitation_probability as p
    on r.cve_id = p.cve_id and r.from_date < p.until_date and r.until_date > p.from_date
