-- Reports dated after they reached us, beyond what time zones explain.
select
    r.source_row,
    'critical' as severity,
    'published_at is ' || r.published_at || ', but the report reached us on '
    || cast(d.delivered_at as date) as reason,
    'Correct the date at the source or in warehouse/corrections.csv, then replay.' as remedy
from staged.reports as r
inner join raw.deliveries as d on r.delivery_id = d.delivery_id
where
    r.delivery_id = $delivery_id
    and r.published_at > d.delivered_at + interval 2 day
