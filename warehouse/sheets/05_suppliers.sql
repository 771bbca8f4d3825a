-- sheet: Suppliers
-- workbooks: day
-- title: Suppliers, {day}
-- note: One row for each supplier, highest score first. Baseline, threat, susceptibility,
--   consequence and rounding add up to the score. Blank score: Data state says why.
--   Printed are the columns to Sectors.{portfolio}{listing}
-- question: Which suppliers come first?
-- tab: daily
-- page: landscape
-- print: M
-- freeze: C
--
-- filtered_table: Suppliers
-- | place | Place | 7 | integer | Place by score, highest first | Never blank |
-- | name | Supplier | 36 | prose | Name in the register | Never blank |
-- | supplier_id | Supplier id | 14 | text | Identity in the register | Never blank |
-- | score | Score (points) | 10 | score | = scores.supplier_daily.published_score | Not scored: see Data state |
-- | band | Band | 11 | band | Band of the score, see Method | Not scored |
-- | low | 80 % from (points) | 9 | points | = scores.supplier_daily.score_low_0_100 | Not scored |
-- | high | 80 % to (points) | 9 | points | = scores.supplier_daily.score_high_0_100 | Not scored |
-- | change_1 | Change 1 day (points) | 10 | change | Score minus the score of the day before | One of the two is missing |
-- | change_7 | Change 7 days (points) | 10 | change | Score minus the score seven days before | One of the two is missing |
-- | change_30 | Change 30 days (points) | 10 | change | Score minus the score 30 days before | One of the two is missing |
-- | state | Data state | 22 | state | = scores.supplier_daily.coverage_state | Never blank |
-- | reason | Main reason | 60 | prose | Event or vulnerability that adds most points | Nothing stands out |
-- | sectors | Sectors | 30 | prose | = scores.supplier_daily.sectors | Never blank |
-- | country | Country | 10 | text | Country in the register | Not in the register |
-- | criticality | Criticality (1 to 5) | 11 | integer | 1 negligible to 5 vital to us | Not in the register; the usual is assumed |
-- | baseline | Baseline (points) | 10 | points | = scores.supplier_daily.baseline_points | Not scored |
-- | threat | Threat (points) | 10 | points | What its sectors' usual level and current events add | Not scored |
-- | susceptibility | Susceptibility (points) | 15 | points | What its open vulnerabilities add, compared with the usual | Not scored |
-- | consequence | Consequence (points) | 14 | points | What its criticality adds, compared with the usual | Not scored |
-- | rest | Bounds and rounding (points) | 11 | points | What the bounds 0 and 100 and rounding add or take | Not scored |
-- | loss | Loss in 30 days (probability) | 12 | share | = scores.supplier_daily.loss_probability_30d | Not scored |
-- | n_open | Open vulnerabilities | 15 | integer | Vulnerabilities known to be open | No scan on file |
select
    s.place,
    s.supplier_name as name,
    s.supplier_id,
    s.published_score as score,
    s.band,
    s.score_low_0_100 as low,
    s.score_high_0_100 as high,
    s.change_1,
    s.change_7,
    s.change_30,
    upper(s.coverage_state[1]) || s.coverage_state[2:] as state,
    r.reason,
    s.sectors,
    s.country,
    s.criticality_1_5 as criticality,
    s.baseline,
    s.threat,
    s.susceptibility,
    s.consequence,
    s.rest,
    s.loss_probability_30d as loss,
    s.n_open_vulnerabilities as n_open
from supplier_now as s
cross join chosen as c
left join reasons as r on r.level = 'Supplier' and s.supplier_id = r.subject_id
where s.place <= c.max_suppliers
order by s.place;
