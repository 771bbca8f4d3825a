-- The reports that have no event yet, and those before them that they may be compared with.
with ordered as (
    select
        reports.*,
        reports."day" // $window_days as "window",
        events.event_id
    from temp.first_reports as reports
    left join facts.report_events as events using (report_id)
),

fresh as (
    select * from ordered
    where event_id is null
),

shared as (
    select report_id, event_id, unnest(identifiers || addresses) as ref from ordered
)

select * from ordered
where
    event_id is null
    or "window" in (select unnest(range("window" - 1, "window" + 2)) from fresh)
    or report_id in (
        select report_id from shared
        where ref in (
            select ref from shared
            where event_id is null
        )
    )
    or (source_id, report_key) in (select (source_id, supersedes_key) from fresh)
    or (source_id, supersedes_key) in (select (source_id, report_key) from fresh)
    or report_id in (select unnest($decided))
