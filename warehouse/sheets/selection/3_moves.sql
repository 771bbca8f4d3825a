-- Who moved most, with the part and the evidence that moved it, and what would lower risk most.
create or replace temp table moves as
with
pairs as (
    select
        t.age_days as days,
        n.supplier_id,
        n.supplier_name as name,
        n.sector,
        n.main_sector_id,
        t.score_date as then_date,
        n.score_date as now_date,
        t.published_score as before,
        n.published_score as score,
        n.published_score - t.published_score as change,
        sign(n.published_score - t.published_score) as way,
        if(b.band = n.band, n.band, b.band || ' to ' || n.band) as bands,
        n.threat_points - t.threat_points as threat,
        n.susceptibility_points - t.susceptibility_points as susceptibility,
        n.consequence_points - t.consequence_points as consequence,
        t.criticality_1_5 as criticality_then,
        n.criticality_1_5 as criticality_now
    from supplier_now as n
    inner join supplier_then as t on n.supplier_id = t.supplier_id and t.age_days > 0
    left join bands as b on t.band_id = b.band_id
    where n.published_score <> t.published_score
),

movers as (
    select
        *,
        row_number() over (
            partition by days, way order by abs(change) desc, name, supplier_id
        ) as place
    from pairs
    qualify place <= 10
),

-- Each day by itself: only then does the view compute no other day.
drivers as (
    from shown_supplier_drivers
    where score_date = getvariable('end_date')
    union all
    from shown_supplier_drivers
    where score_date = getvariable('end_date') - 1
    union all
    from shown_supplier_drivers
    where score_date = getvariable('end_date') - 7
    union all
    from shown_supplier_drivers
    where score_date = getvariable('end_date') - 30
),

moved_points as (
    select
        m.days,
        m.supplier_id,
        'threat' as part,
        coalesce(d.driver_id, d.driver_title) as driver,
        last(d.driver_title order by d.score_date) as title,
        sum(if(d.score_date = m.now_date, d.points, -d.points)) as points,
        count(*) filter (where d.score_date = m.then_date) as n_then,
        count(*) filter (where d.score_date = m.now_date) as n_now
    from movers as m
    inner join shown_sector_drivers as d
        on m.main_sector_id = d.sector_id and d.score_date in (m.then_date, m.now_date)
    where d.driver_kind not in ('other', 'usual')
    group by all
    union all
    select
        m.days,
        m.supplier_id,
        'susceptibility',
        coalesce(d.driver_id, d.driver_title),
        last(d.driver_title order by d.score_date),
        sum(if(d.score_date = m.now_date, d.points, -d.points)),
        count(*) filter (where d.score_date = m.then_date),
        count(*) filter (where d.score_date = m.now_date)
    from movers as m
    inner join drivers as d
        on m.supplier_id = d.supplier_id and d.score_date in (m.then_date, m.now_date)
    where d.driver_kind not in ('other', 'usual')
    group by all
),

strongest as (
    select
        m.days,
        m.supplier_id,
        p.part,
        first(
            case when p.n_then = 0 then 'new: ' when p.n_now = 0 then 'gone: ' else '' end
            || left(p.title, 70)
            order by p.points * m.way desc, p.title
        ) as evidence
    from movers as m
    inner join moved_points as p on m.days = p.days and m.supplier_id = p.supplier_id
    where p.points * m.way > 0.05
    group by all
),

explained as (
    select
        *,
        case greatest(threat * way, susceptibility * way, consequence * way)
            when threat * way then 'threat'
            when susceptibility * way then 'susceptibility'
            else 'consequence'
        end as part
    from movers
)

select
    m.days,
    if(m.way > 0, 'Rise', 'Fall') as direction,
    m.place,
    m.supplier_id,
    m.name,
    m.sector,
    m.before,
    m.score,
    m.change,
    m.bands,
    m.threat,
    m.susceptibility,
    m.consequence,
    case m.part
        when 'threat' then printf('Threat to %s %+.1f', m.sector, m.threat)
        when 'susceptibility' then printf('Susceptibility %+.1f', m.susceptibility)
        else format(
            'Criticality {} to {}',
            coalesce(m.criticality_then::varchar, 'unknown'),
            coalesce(m.criticality_now::varchar, 'unknown')
        )
    end
    || coalesce('; ' || s.evidence, '') as reason
from explained as m
left join strongest as s
    on m.days = s.days and m.supplier_id = s.supplier_id and m.part = s.part;

create or replace temp table sector_moves as
with
parts as (
    select
        n.sector_id,
        sign(n.change_1) as way,
        n.threat_points - t.threat_points as threat,
        n.susceptibility_points - t.susceptibility_points as susceptibility,
        n.consequence_points - t.consequence_points as consequence
    from sector_now as n
    inner join sector_then as t on n.sector_id = t.sector_id and t.age_days = 1
    where n.change_1 <> 0
),

events as (
    select
        n.sector_id,
        sum(if(d.score_date = n.score_date, d.points, -d.points)) as points,
        last(d.driver_title order by d.score_date) as title,
        count(*) filter (where d.score_date < n.score_date) = 0 as is_new
    from sector_now as n
    inner join shown_sector_drivers as d
        on n.sector_id = d.sector_id and d.score_date in (n.score_date, n.score_date - 1)
    where d.driver_kind not in ('other', 'usual')
    group by n.sector_id, d.driver_id
),

strongest as (
    select
        p.sector_id,
        first(
            if(e.is_new, 'new: ', '') || quoted(e.title, 80) || printf(' %+.1f', e.points)
            order by e.points * p.way desc, e.title
        ) as event
    from parts as p
    inner join events as e on p.sector_id = e.sector_id
    where e.points * p.way >= 0.05
    group by p.sector_id
)

select
    p.sector_id,
    case greatest(p.threat * p.way, p.susceptibility * p.way, p.consequence * p.way)
        when p.threat * p.way
            then printf('threat %+.1f', p.threat) || coalesce(', ' || s.event, '')
        when p.susceptibility * p.way then printf('open vulnerabilities %+.1f', p.susceptibility)
        else printf('criticality of its suppliers %+.1f', p.consequence)
    end as reason
from parts as p
left join strongest as s on p.sector_id = s.sector_id;

create or replace temp table actions as
with
whole as (
    select sum(risk) as risk from supplier_now
),

hazards as (
    select
        v.cve_id as cve,
        v.cve_title,
        s.supplier_name,
        s.supplier_id,
        s.risk,
        s.susceptibility_0_1 as susceptibility,
        if(
            s.last_scan_date is null,
            1 - (1 - method.parameter('susceptibility_minimum'))
            * exp(-method.parameter('unscanned_hazard')),
            method.parameter('susceptibility_minimum')
        ) as minimum,
        v.inferred_from is not null as is_inferred,
        1 - (1 - s.susceptibility_0_1) * exp(v.hazard) as susceptibility_without
    from shown_vulnerabilities as v
    inner join supplier_now as s on v.supplier_id = s.supplier_id
    where
        v.first_date <= getvariable('end_date')
        and v.last_date >= getvariable('end_date')
        and s.risk is not null
),

gains as (
    select
        cve,
        cve_title,
        supplier_name,
        supplier_id,
        is_inferred,
        round(
            10 * log2(susceptibility / greatest(susceptibility_without, minimum)), 1
        ) as points,
        risk * (1 - greatest(susceptibility_without, minimum) / susceptibility) as risk_removed
    from hazards
),

ranked as (
    select
        *,
        row_number() over (
            partition by cve order by points desc, supplier_name, supplier_id
        ) as supplier_place
    from gains
),

grouped as (
    select
        cve,
        any_value(cve_title) as cve_title,
        count(*) as n_suppliers,
        sum(risk_removed) as risk_removed,
        round(sum(points), 1) as points,
        max(points) as most,
        bool_and(is_inferred) as is_inferred,
        string_agg(
            printf('%s (%.1f)', supplier_name, points), ', ' order by supplier_place
        ) filter (where supplier_place <= 10) as named
    from ranked
    group by cve
)

select
    row_number() over (order by g.risk_removed desc, g.cve) as place,
    g.cve_title as cve,
    if(g.cve = g.cve_title, 'https://www.cve.org/CVERecord?id=' || g.cve, null) as cve_url,
    g.n_suppliers,
    g.risk_removed / w.risk as risk_share,
    g.points,
    g.most,
    g.named
    || if(g.n_suppliers > 10, format(' and {} more', g.n_suppliers - 10), '') as suppliers,
    if(
        g.is_inferred,
        'Concluded from inventories, found by no scan: ask which version runs, and when it is patched.',
        'Ask for the date on which it is patched or taken off the network.'
    ) as action
from grouped as g
cross join whole as w
qualify place <= 500;
