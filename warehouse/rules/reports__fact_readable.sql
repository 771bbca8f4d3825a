-- Facts of a type that nothing reads, or whose value nothing can match.
with
facts as (
    select r.source_row, t.fact.fact_type, t.fact."value"
    from staged.reports as r, unnest(r.facts) as t (fact)
    where r.delivery_id = $delivery_id
)

select distinct
    f.source_row,
    'critical' as severity,
    'a fact of type ' || coalesce(f.fact_type, 'blank') || ' has the value '''
    || coalesce(f."value", 'blank') || ''', must be '
    || case f.fact_type
        when 'cve' then 'like CVE-2019-19781'
        when 'technique' then 'like T1190 or T1566.001'
        when 'date' then 'a date like 2020-01-06'
        else 'of type sector, actor, cve, technique, action, date or kind, and not blank'
    end as reason,
    'Correct the value at the source, or its reader, then replay.' as remedy
from facts as f
where not coalesce(case f.fact_type
    when 'cve' then regexp_full_match(f."value", 'CVE-[12][0-9]{3}-[0-9]{4,7}')
    when 'technique' then regexp_full_match(f."value", 'T[0-9]{4}(\.[0-9]{3})?')
    when 'date' then try_cast(f."value" as date) is not null
    else f.fact_type in ('sector', 'actor', 'action', 'kind') and f."value" <> ''
end, false)
