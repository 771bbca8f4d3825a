-- sheet: Quarantine
-- workbooks: day
-- title: Records set aside, {day}
-- note: One row for each rule and source. A record set aside counts for nothing until it or the
--   rule is corrected; none is lost. Noted: counted all the same.
-- question: What was set aside, and what to do?
-- tab: reference
-- page: landscape
-- freeze: C
--
-- filtered_table: Quarantine
-- | source | Source | 32 | prose | What delivered it | Never blank |
-- | outcome | Outcome | 11 | text | Set aside, or only noted | Never blank |
-- | rule_id | Rule | 34 | text | Name of the rule | Never blank |
-- | n_day | Records this day | 12 | integer | Records delivered this day that break the rule | Never blank |
-- | n_all | Records so far | 12 | integer | Records delivered up to this day that break the rule | Never blank |
-- | example | For example | 64 | prose | The first such record: where it stands and what is wrong | Never blank |
-- | remedy | What to do | 64 | prose | How to put it right | Never blank |
-- | table_name | Table | 24 | text | Table that the record was meant for | Never blank |
select
    coalesce(any_value(s.title), d.source_id) as source,
    if(v.severity = 'critical', 'Set aside', 'Noted') as outcome,
    v.rule_id,
    count(distinct(v.delivery_id, v.source_row)) filter (
        where d.delivered_at >= c.end_date and d.delivered_at < c.end_date + 1
    ) as n_day,
    count(distinct(v.delivery_id, v.source_row)) as n_all,
    first(
        format('{}, row {}: {}', d.name, v.source_row, v.reason)
        order by d.delivered_at desc, v.delivery_id, v.source_row, v.reason
    ) as example,
    first(v.remedy order by d.delivered_at desc, v.delivery_id, v.source_row, v.remedy) as remedy,
    v.table_name
from shown_verdicts as v
inner join known_deliveries as d on v.delivery_id = d.delivery_id
cross join chosen as c
left join method.sources as s on d.source_id = s.source_id
group by d.source_id, outcome, v.rule_id, v.table_name, c.end_date
order by outcome desc, n_day desc, n_all desc, d.source_id, v.rule_id, v.table_name;
