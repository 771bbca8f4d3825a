-- The ten largest changes among suppliers whose band would change (`before_suppliers`: published).
select
    s.supplier_name as name,
    b.published_score as before,
    s.published_score as score,
    was.title || ' to ' || band.title as bands,
    count(*) over () as n_all
from shown_suppliers as s
inner join before_suppliers as b on s.supplier_id = b.supplier_id
inner join method.bands as band on s.band_id = band.band_id
inner join method.bands as was on b.band_id = was.band_id
where s.score_date = $day and s.band_id <> b.band_id
order by abs(s.published_score - b.published_score) desc, s.supplier_id
limit 10
