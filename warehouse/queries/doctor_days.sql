-- Days of which there are scores but no record of their run, or a record but no scores.
select coalesce(d.score_date, s.score_date) || if(d.score_date is null, ' has no run', ' has no scores') as found
from quality.scored_days as d
full join (select distinct score_date from scores.sector_daily) as s on d.score_date = s.score_date
where d.score_date is null or s.score_date is null
order by 1
