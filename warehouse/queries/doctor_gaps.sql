-- Runs of days without scores between the first and the last scored day.
with
neighbours as (
    select score_date, lead(score_date) over (order by score_date) as next_date
    from quality.scored_days
)

select (score_date + 1) || ' to ' || (next_date - 1) as found
from neighbours
where next_date > score_date + 1
order by 1
