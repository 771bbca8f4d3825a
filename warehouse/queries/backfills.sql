-- Backfills that were swapped in, or the one named; the newest first.
select *
from quality.backfills
where backfill_id = coalesce($backfill_id, backfill_id)
order by swapped_at desc, backfill_id
