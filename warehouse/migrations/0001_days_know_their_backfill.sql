-- A scored day names the backfill that made it; those of before are taken for daily runs.
alter table quality.scored_days add column if not exists backfill_id varchar;
