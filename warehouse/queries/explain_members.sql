-- The suppliers of a sector on a day with what each brings into its score.
select
    t.supplier_id,
    t.supplier_name,
    t.share_0_1,
    p.hazard,
    p.consequence,
    s.susceptibility_0_1,
    p.criticality_1_5,
    p.is_unscanned,
    s.published_score
from temp.supplier_sector_daily as t
inner join temp.supplier_parts_daily as p
    on t.score_date = p.score_date and t.supplier_id = p.supplier_id
inner join scores.supplier_daily as s
    on t.score_date = s.score_date and t.supplier_id = s.supplier_id
where t.score_date = $day and t.sector_id = $sector_id
order by t.supplier_id
