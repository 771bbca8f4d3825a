-- What was set aside or noted up to a day, by reason, with up to three samples and the remedy.
with
verdicts as (
    select
        v.*,
        d.source_id,
        d.name,
        d.delivered_at,
        row_number() over (
            partition by d.source_id, v.rule_id, v.severity = 'critical'
            order by d.delivered_at desc, v.delivery_id, v.source_row, v.reason
        ) as place
    from shown_verdicts as v
    inner join shown_deliveries as d on v.delivery_id = d.delivery_id
    where d.delivered_at < $day + 1 or d.is_historical
)

select
    s.title as source,
    v.severity = 'critical' as is_set_aside,
    v.rule_id,
    count(distinct(v.delivery_id, v.source_row)) as n_all,
    count(distinct(v.delivery_id, v.source_row)) filter (
        where v.delivered_at >= $day - 6 and v.delivered_at < $day + 1
    ) as n_week,
    list(v.name || ', row ' || v.source_row || ': ' || v.reason order by v.place)
    filter (where v.place <= 3) as samples,
    first(v.remedy order by v.place) as remedy
from verdicts as v
left join method.sources as s on v.source_id = s.source_id
group by s.title, v.source_id, is_set_aside, v.rule_id
order by is_set_aside desc, n_week desc, n_all desc, v.source_id, v.rule_id
