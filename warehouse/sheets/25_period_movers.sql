-- sheet: Movers
-- workbooks: range
-- title: Suppliers that moved most, {first_day} to {day}
-- note: The 25 largest rises and 25 largest falls between the first and the last day. Changes are
--   differences of the published scores. The reason names the part that moved most and its
--   evidence.{portfolio}
-- question: Who moved over the period?
-- tab: why
-- page: landscape
-- freeze: D
--
-- filtered_table: PeriodMovers
-- | direction | Direction | 11 | text | Rise or Fall | Never blank |
-- | place | Place | 8 | integer | Place among the rises or falls, largest first | Never blank |
-- | name | Supplier | 36 | prose | Name in the register | Never blank |
-- | sector | Main sector | 18 | text | Sector with its largest share | Never blank |
-- | before | At the start (points) | 11 | score | Published score of the first day | Never blank |
-- | score | At the end (points) | 11 | score | Published score of the last day | Never blank |
-- | change | Change (points) | 10 | change | Score at the end minus score at the start | Never blank |
-- | bands | Band | 22 | text | Band at the start and at the end, where it changed | Never blank |
-- | threat | Threat (points) | 10 | change | Change of the points from threat | Never blank |
-- | susceptibility | Susceptibility (points) | 15 | change | Change of the points from open vulnerabilities | Never blank |
-- | consequence | Consequence (points) | 14 | change | Change of the points from criticality | Never blank |
-- | reason | Reason | 80 | prose | The part that moved most, and the evidence whose points moved most | Never blank |
select
    direction,
    place,
    name,
    sector,
    before,
    score,
    change,
    bands,
    threat,
    susceptibility,
    consequence,
    reason
from moves
order by direction desc, place;
