-- A supplier's score on a day as computed now and as stored.
select
    s.*,
    p.score_0_100 as stored_score_0_100,
    p.supplier_id is not null as is_stored
from scores.supplier_daily as s
left join published.scores.supplier_daily as p
    on s.score_date = p.score_date and s.supplier_id = p.supplier_id
where s.score_date = $day and s.supplier_id = $supplier_id
