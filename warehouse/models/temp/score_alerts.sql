-- Scores that passed into another band, or moved much within one, and why. A band is told when the
-- score stands clearly in it and was last clearly outside.
with
edges as (
    select
        band_id as limit_band_id,
        lower_score - method.parameter('alert_margin_points') as lower_edge,
        lower_score + method.parameter('alert_margin_points') as upper_edge
    from method.bands
    where lower_score > 0
),

sides as (
    select
        s.*,
        e.limit_band_id,
        cast(s.score >= e.upper_edge as integer) - cast(s.score < e.lower_edge as integer) as side,
        cast(s.previous_score >= e.upper_edge as integer)
        - cast(s.previous_score < e.lower_edge as integer) as previous_side,
        case when side > 0 then e.upper_edge else e.lower_edge end as edge_score
    from temp.score_steps as s
    cross join edges as e
    where side <> previous_side
),

cleared as (
    select
        *,
        case
            when previous_side <> 0
                then { 'side': previous_side, 'at_date': previous_date }
            when
                lag(previous_date) over own
                >= score_date - cast(method.parameter('alert_memory_days') as integer)
                then { 'side': lag(previous_side) over own, 'at_date': lag(previous_date) over own }
        end as last_clear
    from sides
    window own as (partition by subject_kind, subject_id, limit_band_id order by score_date)
),

crossings as (
    select
        subject_kind,
        subject_id,
        score_date,
        'band' as alert_kind,
        side > 0 as is_rise,
        abs(max(side * edge_score)) as told_score,
        min(coalesce(last_clear.at_date, previous_date)) as from_date
    from cleared
    where side <> 0 and side is distinct from last_clear.side
    group by all
),

movers as (
    select
        subject_kind,
        subject_id,
        score_date,
        'move' as alert_kind,
        score > previous_score as is_rise,
        score as told_score,
        previous_date as from_date
    from temp.score_steps
    where abs(score - previous_score) >= method.parameter('alert_move_points')
),

told as (
    select *, unnest([from_date, score_date]) as at_date
    from (
        from crossings
        union all
        from movers as m
        anti join crossings as c
            on
                m.subject_kind = c.subject_kind
                and m.subject_id = c.subject_id
                and m.score_date = c.score_date
    )
    where score_date between $start_date and $end_date
),

parts as (
    select
        t.*,
        s.supplier_id,
        s.main_sector_id as sector_id,
        coalesce(s.supplier_name, s.supplier_id) as subject_name,
        m.threat_points,
        s.susceptibility_points,
        s.consequence_points,
        method.published(
            m.baseline_points + m.threat_points + s.susceptibility_points + s.consequence_points
        ) as score
    from told as t
    asof inner join scores.supplier_spans as s
        on t.subject_id = s.supplier_id and t.at_date >= s.first_date
    inner join scores.mix_threat_daily as m on s.mix_id = m.mix_id and t.at_date = m.score_date
    where t.subject_kind = 'supplier' and m.threat_points is not null and t.at_date <= s.last_date
    union all
    select
        t.*, null, d.sector_id, s.title, d.threat_points, d.susceptibility_points,
        d.consequence_points, d.published_score
    from told as t
    inner join scores.sector_daily as d
        on t.subject_id = d.sector_id and t.at_date = d.score_date
    inner join method.sectors as s on d.sector_id = s.sector_id
    where t.subject_kind = 'sector' and d.published_score is not null
),

compared as (
    select
        now.*,
        before.score as from_score,
        now.threat_points - before.threat_points as threat_change,
        now.susceptibility_points - before.susceptibility_points as susceptibility_change,
        now.consequence_points - before.consequence_points as consequence_change
    from parts as now
    inner join parts as before
        on
            now.subject_kind = before.subject_kind
            and now.subject_id = before.subject_id
            and now.score_date = before.score_date
    where now.at_date = now.score_date and before.at_date = now.from_date
),

event_changes as (
    select
        c.sector_id, c.score_date, c.from_date, d.driver_id,
        max_by(
            { 'title': d.driver_title, 'delivery_id': d.delivery_id, 'source_row': d.source_row },
            (d.score_date, d.delivery_id, d.source_row)
        ) as told,
        sum(method.exact(case when d.score_date = c.score_date then d.points else -d.points end))
            as change
    from (select distinct sector_id, score_date, from_date from compared) as c
    inner join scores.sector_driver_daily as d
        on c.sector_id = d.sector_id and d.score_date in (c.score_date, c.from_date)
    where d.driver_id is not null
    group by all
),

events as (
    select
        sector_id, score_date, from_date,
        max_by(told, (change, driver_id)) as risen, max(change) as rise,
        min_by(told, (change, driver_id)) as fallen, min(change) as fall
    from event_changes
    group by all
),

named_events as (
    select
        c.subject_kind,
        c.subject_id,
        c.score_date,
        case
            when c.threat_change >= 0.5 and e.rise > 0 then e.risen
            when c.threat_change <= -0.5 and e.fall < 0 then e.fallen
        end as named
    from compared as c
    inner join events as e
        on
            c.sector_id = e.sector_id
            and c.score_date = e.score_date
            and c.from_date = e.from_date
),

hazard_changes as (
    select
        c.supplier_id, c.score_date, v.cve_id,
        sum(method.exact(
            case
                when c.score_date between v.first_date and v.last_date then v.hazard else 0
            end
            - case when c.from_date between v.first_date and v.last_date then v.hazard else 0 end
        )) as change
    from compared as c
    inner join scores.vulnerability_spans as v on c.supplier_id = v.supplier_id
    where v.last_date >= c.from_date and v.first_date <= c.score_date
    group by all
    having change <> 0
),

vulnerabilities as (
    select
        supplier_id, score_date,
        max_by(cve_id, (change, cve_id)) as risen_cve_id, max(change) as rise,
        min_by(cve_id, (change, cve_id)) as fallen_cve_id, min(change) as fall
    from hazard_changes
    group by all
),

moved as (
    select
        c.*,
        b.title || case when o.title = b.title then '' else ', at the limit of ' || o.title end
            as band,
        b.alert_severity,
        e.named.delivery_id,
        e.named.source_row,
        concat_ws(
            '; ',
            case
                when abs(c.threat_change) >= 0.5
                    then concat_ws(
                        ', mostly ',
                        printf('threat %+.1f', c.threat_change),
                        '"' || e.named.title || '"' || case
                            when c.subject_kind = 'supplier' then ' in ' || m.title else ''
                        end
                    )
            end,
            case
                when abs(c.susceptibility_change) >= 0.5
                    then concat_ws(
                        ', mostly ',
                        printf('vulnerabilities %+.1f', c.susceptibility_change),
                        case
                            when c.susceptibility_change > 0 and v.rise > 0 then v.risen_cve_id
                            when c.susceptibility_change < 0 and v.fall < 0 then v.fallen_cve_id
                        end
                    )
            end,
            case
                when abs(c.consequence_change) >= 0.5
                    then printf('criticality and dependency %+.1f', c.consequence_change)
            end
        ) as reasons
    from compared as c
    inner join method.bands as b on method.band(c.told_score) = b.band_id
    inner join method.bands as o on method.band(c.score) = o.band_id
    inner join method.sectors as m on c.sector_id = m.sector_id
    left join named_events as e
        on
            c.subject_kind = e.subject_kind
            and c.subject_id = e.subject_id
            and c.score_date = e.score_date
    left join vulnerabilities as v
        on c.supplier_id = v.supplier_id and c.score_date = v.score_date
)

select
    score_date,
    alert_kind,
    subject_kind,
    subject_id,
    sector_id,
    supplier_id,
    case when is_rise then alert_severity else 'info' end as severity,
    cast(score - from_score as double) as points,
    printf(
        '%s %s %s: %.1f points, %.1f %s than on %s',
        subject_name,
        case when is_rise then 'rose' else 'fell' end,
        case when alert_kind = 'band' then 'to ' || band else 'within ' || band end,
        cast(score as double),
        cast(abs(score - from_score) as double),
        case when score >= from_score then 'more' else 'less' end,
        from_date
    )
    || coalesce(' (' || nullif(reasons, '') || ').', '.') as sentence,
    delivery_id,
    source_row
from moved
