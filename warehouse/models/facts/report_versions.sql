-- One row per version of a report and the days on which it was the newest version known,
-- with the day until which the notice stays in force and the credibility of its statement.
with
versions as (
    select
        r.*,
        r.source_id || '/' || r.report_key as report_id,
        coalesce(r.modified_at, r.published_at, r.disclosed_at) as version_at
    from validated.reports as r
),

ordered as (
    select
        *,
        max(version_at) over known as newest_version_at,
        lag(record_md5) over known as previous_md5
    from versions
    window known as (
        partition by report_id order by known_date, version_at, known_at, delivery_id, source_row
        rows between unbounded preceding and current row
    )
),

spans as (
    select
        *,
        lead(known_date, 1, date '9999-12-31') over (
            partition by report_id order by known_date, version_at, known_at, delivery_id, source_row
        ) as until_date
    from ordered
    where version_at >= newest_version_at and record_md5 is distinct from previous_md5
),

successors as (
    select source_id, supersedes_key as report_key, min(known_date) as superseded_date
    from spans
    where supersedes_key is not null and not coalesce(is_withdrawn, false)
    group by all
),

dated as (
    select
        s.*,
        least(cast(coalesce(s.published_at, s.disclosed_at) as date), s.known_date)
            as published_date,
        least(cast(s.valid_until as date), n.superseded_date) as force_limit_date
    from spans as s
    left join successors as n on s.source_id = n.source_id and s.report_key = n.report_key
)

select
    d.report_id,
    d.source_id,
    d.report_key,
    d.delivery_id,
    d.source_row,
    d.known_date,
    d.until_date,
    d.published_at,
    d.published_date,
    d.kind,
    d.title,
    d.url,
    d.tlp,
    d.facts,
    coalesce(d.publisher, d.source_id) as publisher,
    coalesce(d.is_withdrawn, false) as is_withdrawn,
    case
        when d.valid_until is null then d.published_date
        else greatest(d.published_date, d.force_limit_date)
    end as force_end_date,
    k.weight * coalesce(d.severity_0_10, k.default_severity_0_10) / 10.0 as strength,
    k.half_life_days,
    least(0.98, l.reliability_0_1 * coalesce(
        d.confidence_0_1, i.credibility_0_1, method.parameter('unstated_credibility')
    )) as credibility_0_1
from dated as d
inner join method.report_kinds as k on d.kind = k.kind
inner join method.sources as o on d.source_id = o.source_id
inner join method.reliability as l on coalesce(d.reliability, o.reliability) = l.reliability
left join method.information_credibility as i
    on d.information_credibility_1_6 = i.information_credibility_1_6
where d.known_date < d.until_date
