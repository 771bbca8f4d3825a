-- sheet: Actions
-- workbooks: day
-- title: What would lower risk most, {day}
-- note: One row for each open vulnerability, the 500 that carry most risk. Each gain is computed
--   anew as if that one alone were closed, so gains of several rows do not simply add up.{portfolio}
-- question: What should be fixed first, and by whom?
-- tab: why
-- page: landscape
-- freeze: C
--
-- filtered_table: Actions
-- | place | Place | 7 | integer | Place by the risk that it carries, highest first | Never blank |
-- | cve | Vulnerability | 18 | link | CVE id; links to its record | Never blank |
-- | n_suppliers | Suppliers | 11 | integer | Suppliers where it is open | Never blank |
-- | risk_share | Risk that it carries (share) | 11 | share | Risk that would go if it were closed everywhere, divided by the risk of all suppliers listed | Never blank |
-- | points | Points together | 10 | points | Sum of what these suppliers would gain | Never blank |
-- | most | Largest gain (points) | 10 | points | What the supplier with most to gain would gain | Never blank |
-- | suppliers | At these suppliers (points each) | 80 | prose | The ten suppliers with most to gain, largest first | Never blank |
-- | action | What to do | 52 | prose | The next step | Never blank |
select *
from actions
order by place;
