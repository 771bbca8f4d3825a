-- One row per day, event and sector: the strength of the event's strongest report on that day,
-- times the event's credibility, where that is anything at all.
with
spans as (
    select
        v.report_id, v.known_date, v.strength, v.half_life_days, v.force_end_date, m.event_id,
        greatest(v.known_date, $start_date) as first_date,
        least(
            v.until_date - 1,
            $end_date,
            v.force_end_date
            + cast(method.parameter('decay_half_lives') * v.half_life_days as integer)
        ) as last_date
    from facts.report_versions as v
    inner join facts.event_members as m
        on v.report_id = m.report_id and v.known_date = m.known_date
    where not v.is_withdrawn
),

days as (
    select
        *,
        cast(unnest(generate_series(first_date, last_date, interval 1 day)) as date) as score_date
    from spans
    where first_date <= last_date
),

amounts as (
    select
        d.score_date,
        d.event_id,
        s.sector_id,
        d.report_id,
        d.strength * s.relevance_0_1
        * pow(2, -greatest(0, d.score_date - d.force_end_date) / d.half_life_days) as amount
    from days as d
    inner join facts.report_sectors as s
        on d.report_id = s.report_id and d.known_date = s.known_date
),

strongest as (
    select
        score_date, event_id, sector_id,
        max(amount) as amount,
        max_by(report_id, (amount, report_id)) as report_id
    from amounts
    group by all
)

select
    s.score_date,
    s.event_id,
    s.sector_id,
    s.report_id,
    c.credibility_0_1,
    s.amount * c.credibility_0_1 as intensity
from strongest as s
inner join facts.event_credibility as c
    on s.event_id = c.event_id and s.score_date >= c.from_date and s.score_date < c.until_date
where method.exact(s.amount * c.credibility_0_1) > 0
