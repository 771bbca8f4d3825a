-- A supplier's score on a day, and the spot in its register that says what it is.
select
    d.*, s.mix_id, s.delivery_id, s.source_row, r.name as file, s.usual_susceptibility_points
from scores.supplier_daily as d
inner join scores.supplier_spans as s
    on d.supplier_id = s.supplier_id and d.score_date between s.first_date and s.last_date
left join raw.deliveries as r on s.delivery_id = r.delivery_id
where d.score_date = $day and d.supplier_id = $supplier_id
