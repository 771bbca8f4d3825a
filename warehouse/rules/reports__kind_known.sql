-- Kinds outside the method: they would have neither weight nor half-life.
select
    r.source_row,
    'critical' as severity,
    'kind ''' || r.kind || ''' is not one of the method''s: '
    || (select string_agg(k.kind, ', ' order by k.kind) from method.report_kinds as k) as reason,
    'Map the source''s own kind to one of them in its reader, then replay.' as remedy
from staged.reports as r
where
    r.delivery_id = $delivery_id
    and r.kind not in (select k.kind from method.report_kinds as k)
