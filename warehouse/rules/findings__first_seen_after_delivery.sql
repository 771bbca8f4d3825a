-- Findings dated after they reached us.
select
    f.source_row,
    'critical' as severity,
    'first_seen is ' || f.first_seen || ', but the scan reached us on '
    || cast(d.delivered_at as date) as reason,
    'Correct the date at the source or in warehouse/corrections.csv, then replay.' as remedy
from staged.findings as f
inner join raw.deliveries as d on f.delivery_id = d.delivery_id
where
    f.delivery_id = $delivery_id
    and f.first_seen > cast(d.delivered_at as date) + 1
