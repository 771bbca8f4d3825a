-- A key given twice with different content within one delivery: the first stays.
select
    r.source_row,
    'critical' as severity,
    'score ' || r.cve_id || ' of ' || r.epss_date || ' is also in row ' || r.first_row
    || ', with different values; that row stays' as reason,
    'Remove the wrong one of the two at the source, then deliver again.' as remedy
from (
    select
        *,
        first_value(source_row) over same_key as first_row,
        row_number() over same_key as n
    from staged.epss_scores
    where delivery_id = $delivery_id
    window same_key as (
        partition by cve_id, epss_date order by source_row, record_md5
    )
) as r
where r.n > 1 and r.cve_id is not null and r.epss_date is not null
