-- Files of EPSS scores as they came to be the newest known, numbered by the model behind them. A file
-- that does not state its model has a new one where most scores changed from one file to the next.
with
files as (
    select
        delivery_id,
        known_date,
        epss_date,
        max(known_at) as known_at,
        max(model_version) as model_version
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
        lag({
            'delivery_id': delivery_id, 'epss_date': epss_date, 'model_version': model_version
        }) over (order by known_date, epss_date, known_at, delivery_id) as before
    from newest
),

compared as (
    select
        o.delivery_id,
        o.epss_date,
        avg(cast(
            abs(s.epss_0_1 - p.epss_0_1)
            > method.parameter('epss_changed_ratio') * p.epss_0_1 as integer
        )) > method.parameter('epss_changed_share') as is_changed
    from ordered as o
    inner join validated.epss_scores as s
        on o.delivery_id = s.delivery_id and o.epss_date = s.epss_date
    inner join validated.epss_scores as p
        on
            o.before.delivery_id = p.delivery_id
            and o.before.epss_date = p.epss_date
            and s.cve_id = p.cve_id
    where
        (o.model_version is null or o.before.model_version is null)
        and o.epss_date - o.before.epss_date <= method.parameter('epss_compared_days')
    group by all
)

select
    o.delivery_id,
    o.known_date,
    o.epss_date,
    o.known_at,
    sum(cast(coalesce(o.model_version <> o.before.model_version, c.is_changed, false) as integer))
        over (
            order by o.known_date, o.epss_date, o.known_at, o.delivery_id
            rows between unbounded preceding and current row
        ) as model_number
from ordered as o
left join compared as c on o.delivery_id = c.delivery_id and o.epss_date = c.epss_date
