-- Files of EPSS scores as they came to be the newest known, numbered by the model behind them. A file
-- that does not state its model has a new one where most scores changed from one file to the next;
-- scores that a file repeats from the one before are not staged.
with
files as (
    select
        delivery_id,
        known_date,
        epss_date,
        max(known_at) as known_at,
        max(model_version) as model_version,
        coalesce(max(n_scores), count(*)) as n_scores
    from validated.epss_scores
    group by all
),

newest as (
    select *
    from files
    qualify epss_date = max(epss_date) over (
        order by known_date, epss_date, known_at, delivery_id
        rows between unbounded preceding and current row
    )
),

ordered as (
    select
        *,
        row_number() over arrival as position,
        lag({ 'epss_date': epss_date, 'model_version': model_version }) over arrival as before
    from newest
    window arrival as (order by known_date, epss_date, known_at, delivery_id)
),

unstated as (
    select *
    from ordered
    where
        (model_version is null or before.model_version is null)
        and epss_date - before.epss_date <= method.parameter('epss_compared_days')
),

scores as (
    select s.cve_id, s.epss_0_1, o.position
    from validated.epss_scores as s
    inner join ordered as o on s.delivery_id = o.delivery_id and s.epss_date = o.epss_date
    where o.position <= (select max(position) from unstated)
),

compared as (
    select
        u.position,
        count(*) filter (
            where abs(s.epss_0_1 - p.epss_0_1)
            > method.parameter('epss_changed_ratio') * p.epss_0_1
        ) > method.parameter('epss_changed_share')
        * (max(u.n_scores) - count(*) filter (where p.position is null)) as is_changed
    from unstated as u
    inner join scores as s on u.position = s.position
    asof left join scores as p on s.cve_id = p.cve_id and s.position > p.position
    group by all
)

select
    o.delivery_id,
    o.known_date,
    o.epss_date,
    o.known_at,
    sum(cast(coalesce(o.model_version <> o.before.model_version, c.is_changed, false) as integer))
        over (
            order by o.position rows between unbounded preceding and current row
        ) as model_number
from ordered as o
left join compared as c on o.position = c.position
