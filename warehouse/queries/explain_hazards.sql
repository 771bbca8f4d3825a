-- The hazard of every vulnerability open on a day, and the usual one where nobody scanned.
select
    v.supplier_id,
    v.cve_id,
    cast(v.hazard as double) as hazard,
    v.probability,
    v.reach
from facts.open_vulnerabilities as v
semi join temp.supplier_parts_daily as p
    on v.supplier_id = p.supplier_id and p.score_date = $day and not p.is_unscanned
where $day >= v.from_date and $day < v.until_date
union all
select supplier_id, null, hazard, null, null
from temp.supplier_parts_daily
where score_date = $day and is_unscanned
order by all
