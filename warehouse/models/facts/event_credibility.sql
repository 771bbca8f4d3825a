-- Credibility of each event by days: independent publishers corroborate, repetition does not.
with
changes as (
    select event_id, known_date as from_date from facts.event_members
    union
    select event_id, until_date from facts.event_members
    where until_date < date '9999-12-31'
),

spans as (
    select
        event_id,
        from_date,
        lead(from_date, 1, date '9999-12-31') over (partition by event_id order by from_date)
            as until_date
    from changes
),

voices as (
    select s.event_id, s.from_date, s.until_date, max(m.credibility_0_1) as credibility_0_1
    from spans as s
    inner join facts.event_members as m
        on
            s.event_id = m.event_id
            and m.known_date <= s.from_date
            and s.from_date < m.until_date
            and not m.is_withdrawn
    group by s.event_id, s.from_date, s.until_date, m.publisher
)

select
    event_id,
    from_date,
    until_date,
    1 - exp(cast(sum(method.exact(ln(1 - credibility_0_1))) as double)) as credibility_0_1
from voices
group by all
