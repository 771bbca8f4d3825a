-- sheet: Movers
-- workbooks: day
-- title: Suppliers that moved most, {day}
-- note: Ten largest rises and ten largest falls over 1, 7 and 30 days. Changes are differences of
--   the published scores. The reason names the part that moved most and its evidence.{portfolio}
-- question: Who moved, and why?
-- tab: why
-- page: landscape
-- freeze: E
--
-- filtered_table: Movers
-- | days | Over (days) | 9 | integer | Length of the comparison | Never blank |
-- | direction | Direction | 11 | text | Rise or Fall | Never blank |
-- | place | Place | 7 | integer | Place among the rises or falls, largest first | Never blank |
-- | name | Supplier | 32 | text | Name in the register | Never blank |
-- | sector | Main sector | 18 | text | Sector with its largest share | Never blank |
-- | before | Score before (0 to 100) | 10 | score | Published score at the start | Never blank |
-- | score | Score now (0 to 100) | 10 | score | Published score now | Never blank |
-- | change | Change (points) | 10 | change | Score now minus score before | Never blank |
-- | bands | Band | 22 | text | Band before and now, where it changed | Never blank |
-- | threat | Threat (points) | 10 | change | Change of the points from threat | Never blank |
-- | susceptibility | Suscep- tibility (points) | 10 | change | Change of the points from open vulnerabilities | Never blank |
-- | consequence | Conse- quence (points) | 10 | change | Change of the points from criticality | Never blank |
-- | reason | Reason | 80 | text | The part that moved most, and the evidence whose points moved most | Never blank |
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
    inner join scores.sector_driver_daily as d
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
    inner join scores.supplier_driver_daily as d
        on m.supplier_id = d.supplier_id and d.score_date in (m.then_date, m.now_date)
    where
        d.driver_kind not in ('other', 'usual')
        and d.score_date in (
            getvariable('end_date'),
            getvariable('end_date') - 1,
            getvariable('end_date') - 7,
            getvariable('end_date') - 30
        )
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
    on m.days = s.days and m.supplier_id = s.supplier_id and m.part = s.part
order by m.days, m.way desc, m.place;
