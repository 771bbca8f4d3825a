-- The sectors of a mix with their shares and calm-day rates on a day.
select m.sector_id, m.share_0_1, t.base_rate_30d
from facts.sector_mixes as m
inner join scores.sector_threat_daily as t on m.sector_id = t.sector_id and t.score_date = $day
where m.mix_id = $mix_id
order by m.share_0_1 desc, m.sector_id
