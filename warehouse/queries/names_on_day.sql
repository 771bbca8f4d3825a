-- Every sector and supplier scored on a day, by id and by name.
select 'sector' as what, m.sector_id as id, m.title as name
from scores.sector_daily as s
inner join method.sectors as m on s.sector_id = m.sector_id
where s.score_date = $day
union all
select 'supplier', supplier_id, supplier_name
from scores.supplier_daily
where score_date = $day
order by all
