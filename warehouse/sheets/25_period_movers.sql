-- sheet: Movers
-- workbooks: range
-- title: Suppliers that moved most, {first_day} to {day}
-- note: The 25 largest rises and 25 largest falls between the first and the last day. Changes are
--   differences of the published scores.{portfolio}
-- question: Who moved over the period?
-- tab: why
-- page: landscape
-- freeze: D
--
-- filtered_table: PeriodMovers
-- | direction | Direction | 11 | text | Rise or Fall | Never blank |
-- | place | Place | 8 | integer | Place among the rises or falls, largest first | Never blank |
-- | name | Supplier | 34 | text | Name in the register | Never blank |
-- | sector | Main sector | 18 | text | Sector with its largest share | Never blank |
-- | before | At the start (0 to 100) | 11 | score | Published score of the first day | Never blank |
-- | score | At the end (0 to 100) | 11 | score | Published score of the last day | Never blank |
-- | change | Change (points) | 10 | change | Score at the end minus score at the start | Never blank |
-- | threat | Threat (points) | 10 | change | Change of the points from threat | Never blank |
-- | susceptibility | Susceptibility (points) | 15 | change | Change of the points from open vulnerabilities | Never blank |
-- | consequence | Consequence (points) | 14 | change | Change of the points from criticality | Never blank |
-- | reason | Main reason at the end | 60 | text | Event or vulnerability that adds most points on the last day | Nothing stands out |
with
pairs as (
    select
        n.supplier_name as name,
        n.supplier_id,
        n.sector,
        s.published_score as before,
        n.published_score as score,
        n.published_score - s.published_score as change,
        sign(n.published_score - s.published_score) as way,
        n.threat_points - s.threat_points as threat,
        n.susceptibility_points - s.susceptibility_points as susceptibility,
        n.consequence_points - s.consequence_points as consequence
    from supplier_now as n
    inner join shown_suppliers as s on n.supplier_id = s.supplier_id
    where s.score_date = getvariable('start_date') and n.published_score <> s.published_score
)

select
    if(p.way > 0, 'Rise', 'Fall') as direction,
    row_number() over (
        partition by p.way order by abs(p.change) desc, p.name, p.supplier_id
    ) as place,
    p.name,
    p.sector,
    p.before,
    p.score,
    p.change,
    p.threat,
    p.susceptibility,
    p.consequence,
    r.reason
from pairs as p
left join reasons as r on r.level = 'Supplier' and p.supplier_id = r.subject_id
qualify place <= 25
order by p.way desc, place;
