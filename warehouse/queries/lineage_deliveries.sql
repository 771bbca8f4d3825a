-- The deliveries that a stored day was computed from, in the order in which the hash of its inputs takes them.
select
    i.delivery_id,
    d.source_id,
    d.name,
    d.path,
    d.sha256,
    d.delivered_at,
    d.licence,
    i.content_hash
from quality.inputs as i
left join raw.deliveries as d on i.delivery_id = d.delivery_id
where $day between i.first_date and i.last_date
order by if(d.is_historical, null, cast(d.delivered_at as date)) nulls first, i.content_hash
