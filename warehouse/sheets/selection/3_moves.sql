-- Who moved most since the days compared with, by which part and by which evidence.
create or replace temp table movers as
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
    n.criticality_1_5 as criticality_now,
    t.last_scan_date is null and n.last_scan_date is not null as is_first_scan,
    row_number() over (
        partition by t.age_days, way
        order by abs(n.published_score - t.published_score) desc, n.supplier_name, n.supplier_id
    ) as mover_place
from supplier_now as n
inner join supplier_then as t on n.supplier_id = t.supplier_id and t.age_days > 0
left join bands as b on t.band_id = b.band_id
where n.published_score <> t.published_score
qualify mover_place <= 25;

-- Of a day's events the five strongest are on file. One that is not among them is taken to add as much
-- as the fifth, if there are more: so no move is overstated, and new or ended is said only of what is.
create or replace temp table event_moves as
with
listed as (
    select *
    from shown_sector_drivers
    where list_contains(getvariable('compared_dates'), score_date) and driver_kind <> 'usual'
),

unlisted as (
    select
        score_date,
        sector_id,
        if(bool_or(driver_kind = 'other'), min(points) filter (where driver_rank <= 5), 0) as points
    from listed
    group by score_date, sector_id
),

pairs as (
    select
        c.days,
        d.sector_id,
        last(d.driver_title order by d.score_date) as title,
        max(d.published_at) as published_at,
        max(d.points) filter (where d.score_date = getvariable('end_date')) as points_now,
        max(d.points) filter (where d.score_date < getvariable('end_date')) as points_then
    from (select unnest(getvariable('compared_days')) as days) as c
    inner join listed as d
        on d.score_date in (getvariable('end_date'), getvariable('end_date') - c.days)
    where d.driver_kind <> 'other'
    group by c.days, d.sector_id, coalesce(d.driver_id, d.driver_title)
)

select
    p.days,
    p.sector_id,
    p.title,
    coalesce(p.points_now, u.points, 0) - coalesce(p.points_then, t.points, 0) as points,
    case
        when
            p.points_then is null
            and (coalesce(t.points, 0) = 0 or p.published_at > getvariable('end_date') - p.days + 1)
            then 'new: '
        when p.points_now is null and coalesce(u.points, 0) = 0 then 'ended: '
        else ''
    end as how
from pairs as p
left join unlisted as u on p.sector_id = u.sector_id and u.score_date = getvariable('end_date')
left join unlisted as t
    on p.sector_id = t.sector_id and t.score_date = getvariable('end_date') - p.days;

create or replace temp table moves as
with
hazards as (
    select
        m.days,
        m.supplier_id,
        m.way,
        v.cve_title as title,
        sum(v.hazard) filter (where m.then_date between v.first_date and v.last_date) as before,
        sum(v.hazard) filter (where m.now_date between v.first_date and v.last_date) as now
    from movers as m
    inner join shown_vulnerabilities as v on m.supplier_id = v.supplier_id
    group by all
),

strongest as (
    select
        days,
        supplier_id,
        'susceptibility' as part,
        first(
            case when before is null then 'new: ' when now is null then 'closed: ' else '' end || title
            order by way * (coalesce(now, 0) - coalesce(before, 0)) desc, title
        ) as evidence
    from hazards
    where way * (coalesce(now, 0) - coalesce(before, 0)) > 0
    group by all
    union all
    select
        m.days,
        m.supplier_id,
        'threat',
        first(e.how || left(e.title, 70) order by m.way * e.points desc, e.title)
    from movers as m
    inner join event_moves as e on m.days = e.days and m.main_sector_id = e.sector_id
    where m.way * e.points > 0.05
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
    m.mover_place as place,
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
    || coalesce(
        '; ' || s.evidence,
        if(
            m.part = 'susceptibility' and m.is_first_scan,
            '; scanned for the first time: no longer the usual is assumed',
            ''
        )
    ) as reason
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

strongest as (
    select
        p.sector_id,
        first(e.how || quoted(e.title, 80) order by e.points * p.way desc, e.title) as event
    from parts as p
    inner join event_moves as e on p.sector_id = e.sector_id and e.days = 1
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
