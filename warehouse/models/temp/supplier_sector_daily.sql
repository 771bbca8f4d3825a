-- One row per day, supplier and sector: its share and the threat to that sector.
select
    t.score_date,
    v.supplier_id,
    v.supplier_name,
    v.country,
    v.criticality_1_5,
    v.dependency_0_1,
    s.sector_id,
    s.share_0_1,
    t.threat_rate_30d,
    t.base_rate_30d,
    t.threat_intensity_variance,
    t.threat_coverage_0_1
from facts.supplier_versions as v
inner join facts.supplier_sectors as s
    on v.supplier_id = s.supplier_id and v.source_id = s.source_id and v.from_date = s.from_date
inner join scores.sector_threat_daily as t
    on s.sector_id = t.sector_id and t.score_date >= v.from_date and t.score_date < v.until_date
where t.score_date between $start_date and $end_date
