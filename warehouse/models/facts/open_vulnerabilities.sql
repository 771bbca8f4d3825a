-- One row per supplier, CVE and days on which nothing about it changed: the best reach among the
-- assets that have it, the probability of its exploitation, and the hazard that follows.
with
changes as (
    select supplier_id, cve_id, from_date from facts.open_findings
    union
    select supplier_id, cve_id, until_date from facts.open_findings
    union
    select f.supplier_id, f.cve_id, p.from_date
    from facts.open_findings as f
    inner join facts.exploitation_probability as p
        on f.cve_id = p.cve_id and p.from_date > f.from_date and p.from_date < f.until_date
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

reached as (
    select
        s.supplier_id, s.cve_id, s.from_date, s.until_date,
        max(f.reach_factor) as reach_factor,
        max_by(
            { 'reach': f.reach, 'delivery_id': f.delivery_id, 'source_row': f.source_row },
            (f.reach_factor, f.delivery_id, -f.source_row)
        ) as best,
        count(distinct f.asset_id) as n_assets
    from spans as s
    inner join facts.open_findings as f
        on
            s.supplier_id = f.supplier_id
            and s.cve_id = f.cve_id
            and s.from_date >= f.from_date
            and s.from_date < f.until_date
    group by all
)

select
    r.supplier_id,
    r.cve_id,
    r.from_date,
    r.until_date,
    r.best.reach as reach,
    r.best.delivery_id as delivery_id,
    r.best.source_row as source_row,
    r.n_assets,
    p.probability,
    method.exact(-r.reach_factor * ln(1 - p.probability)) as hazard
from reached as r
asof left join facts.exploitation_probability as p
    on r.cve_id = p.cve_id and r.from_date >= p.from_date
