-- The suppliers of a sector on a day with what each brings into its score.
select
    s.supplier_id,
    s.supplier_name,
    m.share_0_1,
    s.consequence,
    s.susceptibility_0_1,
    s.criticality_1_5,
    s.hazard,
    s.last_scan_date is null as is_unscanned,
    method.bounded(
        t.baseline_points + t.threat_points + s.susceptibility_points + s.consequence_points
    ) as score_0_100
from scores.supplier_spans as s
inner join facts.sector_mixes as m on s.mix_id = m.mix_id and m.sector_id = $sector_id
inner join scores.mix_threat_daily as t on s.mix_id = t.mix_id and t.score_date = $day
where $day between s.first_date and s.last_date
order by s.supplier_id
