-- The events that count for some sectors on a day: the strongest report of each and its factors.
with
strongest as (
    select e.*, v.* exclude (report_id, credibility_0_1)
    from temp.event_sector_daily as e
    inner join facts.report_versions as v
        on
            e.report_id = v.report_id
            and e.score_date >= v.known_date
            and e.score_date < v.until_date
    where e.score_date = $day and list_contains($sector_ids, e.sector_id)
)

select
    e.sector_id,
    e.event_id,
    e.report_id,
    e.known_date,
    e.kind,
    coalesce(e.title, e.report_id) as title,
    e.url,
    e.published_at,
    e.delivery_id,
    e.source_row,
    d.name as file,
    e.intensity,
    e.strength,
    e.credibility_0_1,
    s.relevance_0_1,
    s.ground.basis as basis,
    s.ground.sentence as sentence,
    pow(2, -greatest(0, e.score_date - e.force_end_date) / e.half_life_days) as decay_0_1,
    exists(
        select 1
        from validated.reports as r
        where
            r.source_id = e.source_id
            and r.supersedes_key = e.report_key
            and r.known_date <= $day
    ) as is_superseded
from strongest as e
inner join facts.report_sectors as s
    on e.report_id = s.report_id and e.known_date = s.known_date and e.sector_id = s.sector_id
left join raw.deliveries as d on e.delivery_id = d.delivery_id
order by e.sector_id, e.intensity desc, e.event_id
