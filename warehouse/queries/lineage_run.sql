-- The run that a stored day was computed by, the backfill that made it, and what became of it.
select
    d.score_date,
    d.run_id,
    d.method_version,
    d.knowledge,
    d.inputs_sha256,
    d.backfill_id,
    b.reason as backfill_reason,
    b.requested_by as backfill_requested_by,
    b.swapped_at as backfill_swapped_at,
    p.outcome,
    p.decided_by,
    p.decided_at,
    p.reason as decision_reason
from quality.scored_days as d
left join quality.backfills as b on d.backfill_id = b.backfill_id
left join quality.publications as p on d.score_date = p.score_date and d.run_id = p.run_id
where d.score_date = $day
