-- What there was to tell on the days from $start_date to $end_date; what concerns most comes first.
with
ranked as (
    select
        *,
        list_position(['critical', 'warning', 'info'], severity) as severity_rank,
        list_position(['event', 'vulnerability', 'sector', 'supplier'], subject_kind)
            as subject_rank
    from shown_alerts
    where score_date between $start_date and $end_date
)

select
    score_date, severity, alert_kind, subject_kind, subject_id, sector_id, supplier_id, points,
    sentence, delivery_id, source_row
from ranked
where severity_rank <= list_position(['critical', 'warning', 'info'], $severity)
order by
    score_date,
    case when subject_kind = 'supplier' then severity_rank else 0 end,
    severity_rank,
    subject_rank,
    abs(points) desc,
    subject_id,
    alert_kind
