-- Every report of some events as known on a day, with what it says of the sectors.
select
    m.event_id,
    v.report_id,
    v.publisher,
    v.kind,
    v.title,
    v.url,
    v.published_at,
    v.known_date,
    v.is_withdrawn,
    v.credibility_0_1,
    pow(2, -greatest(0, $day - v.force_end_date) / v.half_life_days) as decay_0_1,
    v.delivery_id,
    v.source_row,
    d.name as file,
    coalesce(
        list({ 'sector_id': s.sector_id, 'sentence': s.ground.sentence } order by s.sector_id)
        filter (where s.ground.sentence is not null),
        []
    ) as sentences
from facts.event_members as m
inner join facts.report_versions as v
    on m.report_id = v.report_id and m.known_date = v.known_date
left join facts.report_sectors as s
    on v.report_id = s.report_id and v.known_date = s.known_date
left join raw.deliveries as d on v.delivery_id = d.delivery_id
where
    list_contains($event_ids, m.event_id)
    and $day >= v.known_date
    and $day < v.until_date
group by all
order by m.event_id, v.known_date, v.report_id
