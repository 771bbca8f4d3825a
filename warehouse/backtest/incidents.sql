-- One row per incident told by VERIS records: its month, its sectors, since when it was known, and
-- whether it counts as one that followed. Records of one event are one incident.
with
records as (
    select
        r.source_id || '/' || r.report_key as report_id,
        r.facts,
        cast(r.record as json) as veris
    from validated.reports as r
    where r.source_id = 'veris'
    qualify
        row_number() over (
            partition by r.report_key
            order by
                coalesce(r.modified_at, r.disclosed_at) desc, r.delivery_id desc, r.source_row desc
        ) = 1
),

told as (
    select
        e.event_id,
        r.facts,
        json_exists(r.veris, '$.action.hacking')
        or json_exists(r.veris, '$.action.malware')
        or json_exists(r.veris, '$.action.social') as is_hostile,
        case
            when json_exists(r.veris, '$.timeline.incident.month')
                then make_date(
                    cast(r.veris ->> '$.timeline.incident.year' as integer),
                    cast(r.veris ->> '$.timeline.incident.month' as integer),
                    1
                )
        end as incident_month
    from records as r
    inner join facts.report_events as e on r.report_id = e.report_id
),

victims as (
    select t.event_id, list_sort(list(distinct l.sector_id)) as sector_ids
    from told as t, unnest(t.facts) as u (fact)
    inner join facts.sector_labels as l
        on u.fact.vocabulary = l.vocabulary and u.fact."value" = l."value" and l.share_0_1 >= 0.5
    where u.fact.fact_type = 'sector'
    group by all
),

first_known as (
    select event_id, min(known_date) as known_date
    from facts.event_members
    group by all
),

events as (
    select
        event_id,
        count(*) as n_records,
        bool_or(is_hostile) as is_hostile,
        min(incident_month) as incident_month
    from told
    group by all
)

select
    e.event_id,
    e.n_records,
    e.incident_month,
    k.known_date,
    coalesce(v.sector_ids, []) as sector_ids,
    case
        when not e.is_hostile then 'no hacking, malware or social engineering'
        when v.sector_ids is null then 'victim unknown or outside the eight sectors'
        when e.incident_month is null then 'month unknown'
        when k.known_date < e.incident_month then 'known before its month'
        else 'counted'
    end as fate
from events as e
inner join first_known as k on e.event_id = k.event_id
left join victims as v on e.event_id = v.event_id
