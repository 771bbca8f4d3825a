-- The first received version of each report, with what tells which event it is about.
-- order_key: the order in which the reports became known.
with versions as (
    select
        *,
        source_id || '/' || report_key as report_id,
        case when getvariable('knowledge') = 'now' then disclosed_at else known_at end as clock
    from validated.reports
    where report_key is not null and kind is distinct from 'context'
),

first_versions as (
    select * from versions
    qualify row_number() over (
        partition by report_id
        order by clock, published_at nulls last, record_md5, delivery_id, source_row
    ) = 1
),

in_one_spelling as (
    select
        *,
        list_transform(
            list_filter(refs, lambda ref: ref not like '%://%'),
            lambda ref: regexp_replace(
                upper(trim(ref)), '^([A-Z]+-\d\d-\d{3}-\d\d)[A-Z]$', '\1'
            )
        ) as identifiers,
        list_transform(
            list_filter(list_append(refs, url), lambda ref: ref like '%://%'),
            lambda ref: regexp_replace(
                lower(trim(ref)), '^https?://(?:www\.)?|/*(?:[?&]utm_.*|[#\s].*)?$', '', 'g'
            )
        ) as addresses
    from first_versions
)

select
    report_id,
    (clock, coalesce(published_at, clock), report_id) as order_key,
    source_id,
    report_key,
    supersedes_key,
    regexp_replace(
        coalesce(title, ''),
        case
            when kind = 'incident' then '^[^:]*: (victim not named$|unknown$)?'
            else '^[A-Z]+-\d\d-\d{3}-\d\d[A-Z]?_|\s*\(Update \w+\)$'
        end,
        '',
        'ig'
    ) as title,
    left(coalesce(body, ''), 4000) as body,
    cast(coalesce(published_at, clock) as date) - date '0001-01-01' as "day",
    coalesce(identifiers, []) as identifiers,
    coalesce(list_filter(addresses, lambda ref: ref like '%/%'), []) as addresses,
    coalesce(
        list_transform(
            list_filter(facts, lambda fact: fact.fact_type = 'cve'), lambda fact: fact."value"
        ), []
    ) as cves,
    coalesce(
        list_transform(
            list_filter(facts, lambda fact: fact.fact_type = 'date' and fact.stance = 'event'),
            lambda fact: fact."value"
        ), []
    ) as event_dates
from in_one_spelling
