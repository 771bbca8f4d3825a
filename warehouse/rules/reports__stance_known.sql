-- Sector and actor facts with a stance outside the method: they would weigh nothing, unseen.
select distinct
    r.source_row,
    'critical' as severity,
    t.fact.fact_type || ' ''' || coalesce(t.fact.label, t.fact."value", 'blank')
    || ''' has the stance ''' || coalesce(t.fact.stance, 'blank') || ''', must be one of '
    || (
        select string_agg(s.stance, ', ' order by s.stance)
        from method.stances as s
        where s.fact_type = t.fact.fact_type
    ) as reason,
    'Map the source''s wording to one of them in its reader, then replay.' as remedy
from staged.reports as r, unnest(r.facts) as t (fact)
where
    r.delivery_id = $delivery_id
    and t.fact.fact_type in ('sector', 'actor')
    and not exists (
        select 1
        from method.stances as s
        where s.fact_type = t.fact.fact_type and s.stance = t.fact.stance
    )
