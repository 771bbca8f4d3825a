-- sheet: Movers
-- workbooks: day
-- title: Suppliers that moved most, {day}
-- note: Ten largest rises and ten largest falls over 1, 7 and 30 days. Changes are differences of
--   the published scores. The reason names the part that moved most and its evidence.{portfolio}
-- question: Who moved, and why?
-- tab: why
-- page: landscape
-- freeze: E
--
-- filtered_table: Movers
-- | days | Over (days) | 9 | integer | Length of the comparison | Never blank |
-- | direction | Direction | 11 | text | Rise or Fall | Never blank |
-- | place | Place | 7 | integer | Place among the rises or falls, largest first | Never blank |
-- | name | Supplier | 38 | prose | Name in the register | Never blank |
-- | sector | Main sector | 18 | text | Sector with its largest share | Never blank |
-- | before | Score before (points) | 10 | score | Published score at the start | Never blank |
-- | score | Score now (points) | 10 | score | Published score now | Never blank |
-- | change | Change (points) | 10 | change | Score now minus score before | Never blank |
-- | bands | Band | 22 | text | Band before and now, where it changed | Never blank |
-- | threat | Threat (points) | 10 | change | Change of the points from threat | Never blank |
-- | susceptibility | Susceptibility (points) | 15 | change | Change of the points from open vulnerabilities | Never blank |
-- | consequence | Consequence (points) | 14 | change | Change of the points from criticality | Never blank |
-- | reason | Reason | 80 | prose | The part that moved most, and the evidence whose points moved most | Never blank |
select * exclude (supplier_id)
from moves
where place <= 10
order by days, direction desc, place;
