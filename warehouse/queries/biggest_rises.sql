-- Per sector the largest rise within seven days among the 60 before a day, the two things that
-- added most to it, and where the score stands on the day.
with
pairs as (
    select
        a.sector_id,
        b.score_date as from_date,
        a.score_date as to_date,
        b.published_score as before_score,
        a.published_score as after_score,
        a.published_score - b.published_score as rise
    from scores.sector_daily as a
    inner join scores.sector_daily as b
        on
            a.sector_id = b.sector_id
            and b.score_date between a.score_date - 7 and a.score_date - 1
    where a.score_date between $day - 60 and $day and b.score_date >= $day - 60
),

largest as (
    select *
    from pairs
    qualify row_number() over (
        partition by sector_id order by rise desc, to_date, from_date desc
    ) = 1
),

candidates as (
    select
        l.sector_id,
        n.driver_title as reason,
        n.points - coalesce(o.points, 0) as points
    from largest as l
    inner join shown_sector_drivers as n
        on l.sector_id = n.sector_id and l.to_date = n.score_date
    left join shown_sector_drivers as o
        on
            l.sector_id = o.sector_id
            and l.from_date = o.score_date
            and n.driver_id = o.driver_id
    where n.driver_id is not null
    union all
    select
        l.sector_id,
        'Open vulnerabilities at its suppliers' as reason,
        n.susceptibility_points - o.susceptibility_points as points
    from largest as l
    inner join scores.sector_daily as n on l.sector_id = n.sector_id and l.to_date = n.score_date
    inner join scores.sector_daily as o on l.sector_id = o.sector_id and l.from_date = o.score_date
),

reasons as (
    select
        sector_id,
        string_agg(
            printf('%s (%+.1f points)', reason, points), '; ' order by points desc, reason
        ) as reasons
    from (
        select *
        from candidates
        where points >= 0.5
        qualify row_number() over (
            partition by sector_id order by points desc, reason
        ) <= 2
    )
    group by all
)

select
    m.title as sector,
    l.from_date as "from",
    l.before_score as before,
    l.to_date as "to",
    l.after_score as after,
    l.rise as rise,
    t.published_score as "on the day",
    coalesce(r.reasons, 'Many small changes') as "what moved it most"
from largest as l
inner join method.sectors as m on l.sector_id = m.sector_id
left join reasons as r on l.sector_id = r.sector_id
left join scores.sector_daily as t on l.sector_id = t.sector_id and t.score_date = $day
order by l.rise desc, m.title
