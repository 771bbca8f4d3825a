-- The hazard of every vulnerability open on a day at the suppliers of a sector.
select v.supplier_id, v.cve_id, cast(v.hazard as double) as hazard
from facts.open_vulnerabilities as v
semi join (
    select s.supplier_id
    from scores.supplier_spans as s
    inner join facts.sector_mixes as m on s.mix_id = m.mix_id and m.sector_id = $sector_id
    where $day between s.first_date and s.last_date
) as members on v.supplier_id = members.supplier_id
where $day >= v.from_date and $day < v.until_date
order by v.supplier_id, v.cve_id
