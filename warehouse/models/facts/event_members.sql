-- Versions of reports with the event that they belong to.
select
    v.report_id,
    v.known_date,
    v.until_date,
    v.publisher,
    v.is_withdrawn,
    v.credibility_0_1,
    coalesce(e.event_id, v.report_id) as event_id
from facts.report_versions as v
left join facts.report_events as e on v.report_id = e.report_id
