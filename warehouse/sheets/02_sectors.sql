-- sheet: Sectors
-- workbooks: day
-- title: Sector scorecard, {day}
-- note: One row for each sector, highest first. Baseline, threat, susceptibility, consequence and
--   rounding add up to the score. Blank: no score; Data state says why.
--   Printed are the columns to Main reason.
-- question: Which sectors are high, and is that unusual?
-- tab: daily
-- page: landscape
-- print: M
-- freeze: B
--
-- table: Sectors
-- | sector | Sector | 18 | text | Name of the sector | Never blank |
-- | score | Score (points) | 10 | score | = scores.supplier_daily.published_score | Not scored: see Data state |
-- | band | Band | 11 | band | Band of the score, see Method | Not scored |
-- | low | 80 % from (points) | 9 | points | = scores.supplier_daily.score_low_0_100 | Not scored |
-- | high | 80 % to (points) | 9 | points | = scores.supplier_daily.score_high_0_100 | Not scored |
-- | change_1 | Change 1 day (points) | 10 | change | Score minus the score of the day before | One of the two is missing |
-- | change_7 | Change 7 days (points) | 10 | change | Score minus the score seven days before | One of the two is missing |
-- | change_30 | Change 30 days (points) | 10 | change | Score minus the score 30 days before | One of the two is missing |
-- | low_90 | Lowest in 90 days (points) | 11 | points | Lowest score of the 90 days to this one | No score in 90 days |
-- | high_90 | Highest in 90 days (points) | 11 | points | Highest score of the 90 days to this one | No score in 90 days |
-- | unusual | Days at or above today (share of days scored) | 14 | share | Days of the last 90 with a score at or above today's; a small share is unusual | Not scored |
-- | state | Data state | 36 | state | = scores.sector_daily.coverage_state | Never blank |
-- | reason | Main reason | 44 | link | Event that adds most points; links to its report | Nothing stands out |
-- | baseline | Baseline (points) | 10 | points | = scores.supplier_daily.baseline_points | Not scored |
-- | threat | Threat (points) | 10 | points | What the usual level of the sector and current events add | Not scored |
-- | susceptibility | Susceptibility (points) | 15 | points | What the suppliers' open vulnerabilities add, compared with the usual | Not scored |
-- | consequence | Consequence (points) | 14 | points | What the suppliers' criticality adds, compared with the usual | Not scored |
-- | rest | Bounds and rounding (points) | 11 | points | What the bounds 0 and 100 and rounding add or take | Not scored |
-- | outlook | Worse month than usual (probability) | 14 | share | = scores.sector_outlook_daily.above_usual_0_1 | Not scored |
-- | n_suppliers | Suppliers | 10 | integer | Suppliers with a share in the sector | Never blank |
-- | worst_ten | Risk in the worst ten (share) | 10 | share | = scores.sector_daily.worst_ten_share_0_1 | Not scored |
select
    s.sector,
    s.published_score as score,
    s.band,
    s.score_low_0_100 as low,
    s.score_high_0_100 as high,
    s.change_1,
    s.change_7,
    s.change_30,
    s.low_90,
    s.high_90,
    if(s.published_score is null, null, s.n_days_at_or_above / s.n_days_90) as unusual,
    upper(s.coverage_state[1]) || s.coverage_state[2:] as state,
    r.reason,
    r.url as reason_url,
    s.baseline,
    s.threat,
    s.susceptibility,
    s.consequence,
    s.rest,
    o.above_usual_0_1 as outlook,
    s.n_suppliers,
    s.worst_ten_share_0_1 as worst_ten
from sector_now as s
left join scores.sector_outlook_daily as o
    on s.sector_id = o.sector_id and s.score_date = o.score_date
left join reasons as r on r.level = 'Sector' and s.sector_id = r.subject_id
order by s.place;
