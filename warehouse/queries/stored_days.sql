-- The stored days of a range and what each was computed from.
select
    score_date,
    knowledge,
    method_version,
    inputs_sha256,
    run_id
from quality.scored_days
where score_date between $first_date and $last_date
order by score_date
