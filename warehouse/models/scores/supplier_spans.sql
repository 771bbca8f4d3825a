-- Suppliers by spans of days on which nothing about them changed, and the points that follow.
with
clipped as (
    select
        s.*,
        v.supplier_name,
        v.country,
        v.criticality_1_5,
        v.delivery_id,
        v.source_row,
        m.mix_id,
        m.main_sector_id,
        m.sectors,
        greatest(s.from_date, $start_date) as first_date,
        least(s.until_date - 1, $end_date) as last_date,
        s.last_scan_date is null as is_unscanned,
        method.parameter('susceptibility_minimum')
        + (1 - method.parameter('susceptibility_minimum')) * (1 - exp(-s.hazard))
            as susceptibility_0_1,
        pow(2, coalesce(v.criticality_1_5, method.parameter('default_criticality')) - 1)
        * greatest(coalesce(v.dependency_0_1, 1), method.parameter('dependency_minimum'))
            as consequence
    from facts.supplier_states as s
    inner join facts.supplier_versions as v
        on s.supplier_id = v.supplier_id and s.version_date = v.from_date
    inner join facts.supplier_mixes as m
        on s.supplier_id = m.supplier_id and s.version_date = m.from_date
    where s.from_date <= $end_date and s.until_date > $start_date
)

select
    supplier_id,
    first_date,
    last_date,
    supplier_name,
    country,
    mix_id,
    main_sector_id,
    sectors,
    criticality_1_5,
    consequence,
    hazard,
    susceptibility_0_1,
    n_open_vulnerabilities,
    last_scan_date,
    delivery_id,
    source_row,
    10 * log2(susceptibility_0_1 / method.parameter('typical_susceptibility'))
        as susceptibility_points,
    10 * log2(
        method.parameter('susceptibility_minimum') / method.parameter('typical_susceptibility')
    ) as usual_susceptibility_points,
    10 * log2(consequence / method.parameter('typical_consequence')) as consequence_points,
    hazard_variance * pow(
        10 / ln(2) * (1 - method.parameter('susceptibility_minimum')) * exp(-hazard)
        / susceptibility_0_1,
        2
    ) as inferred_variance_points2,
    concat_ws(
        ', ',
        case when is_unscanned then 'no scan' when is_stale then 'stale scan' end,
        case when criticality_1_5 is null then 'no criticality' end
    ) as gaps
from clipped
