-- sheet: Drivers
-- workbooks: day
-- title: What drives the scores, {day}
-- note: The strongest five pieces of evidence for each sector and three for each of the first 50
--   suppliers. The points of one name add up to its score: the vulnerabilities add to what a
--   supplier without any would have, the events to the usual level of the sector.
-- question: Why is the score what it is?
-- tab: why
-- page: landscape
-- freeze: C
--
-- filtered_table: Drivers
-- | level | Level | 10 | text | Sector or Supplier | Never blank |
-- | name | Name | 36 | prose | Sector or supplier whose score it is | Never blank |
-- | place | Place | 7 | integer | Place among its evidence, strongest first | A part of the score that is no single piece of evidence |
-- | points | Points | 9 | points | What it adds to the score | Never blank |
-- | share | Share of the score | 10 | share | Points divided by the score | The score is 0 |
-- | kind | Kind | 16 | text | Kind of report, vulnerability, or part of the score | Never blank |
-- | driver | Driver | 70 | link | Title of the report, CVE or part; links to its source | Never blank |
-- | published_at | Published (UTC) | 17 | time | When the report was published | No single report |
with
usual_threats as (
    select
        sector_id,
        round(points, 1) as usual_threat
    from shown_sector_drivers
    where score_date = getvariable('end_date') and driver_kind = 'usual'
),

subjects as (
    select
        'Sector' as level,
        1 as level_place,
        place as subject_place,
        sector_id as subject_id,
        sector as name,
        published_score::double as score,
        baseline,
        usual_threat,
        susceptibility,
        consequence,
        bound_points
    from sector_now
    left join usual_threats using (sector_id)
    where published_score is not null
    union all
    select
        'Supplier',
        2,
        n.place,
        n.supplier_id,
        n.supplier_name,
        n.published_score::double,
        n.baseline,
        u.usual_threat,
        round(
            10 * log2(
                method.parameter('susceptibility_minimum')
                / method.parameter('typical_susceptibility')
            ), 1
        ),
        n.consequence,
        n.bound_points
    from supplier_now as n
    left join usual_threats as u on n.main_sector_id = u.sector_id
    cross join chosen as c
    where n.published_score is not null and (n.place <= 50 or c.is_portfolio)
),

named as (
    select
        s.level_place,
        s.subject_place,
        s.level,
        s.name,
        s.score,
        e.place,
        e.points,
        e.driver_kind as kind,
        e.driver_title as driver,
        e.url as driver_url,
        e.published_at
    from subjects as s
    inner join evidence as e on s.level = e.level and s.subject_id = e.subject_id
    where e.place <= if(s.level = 'Sector', 5, 3)
),

listed as (
    select
        level_place,
        subject_place,
        sum(points) as points
    from named
    group by all
),

parts as (
    select
        s.*,
        round(s.bound_points, 1) as bound,
        round(
            s.score - s.baseline - s.susceptibility - s.consequence - coalesce(s.usual_threat, 0)
            - round(s.bound_points, 1) - coalesce(l.points, 0),
            1
        ) as other
    from subjects as s
    left join listed as l using (level_place, subject_place)
),

residual as (
    select
        level_place,
        subject_place,
        level,
        name,
        score,
        unnest([
            { 'part': 100, 'points': other, 'kind': 'other', 'driver': 'All other evidence, and rounding' },
            {
                'part': 101,
                'points': usual_threat,
                'kind': 'usual threat',
                'driver': 'Usual level of the sector, compared with that of all'
            },
            {
                'part': 101,
                'points': susceptibility,
                'kind': 'susceptibility',
                'driver': if(
                    level = 'Sector',
                    'Open vulnerabilities of its suppliers, compared with the usual',
                    'Having no open vulnerability, compared with the usual'
                )
            },
            { 'part': 102, 'points': consequence, 'kind': 'consequence', 'driver': 'Criticality, compared with the usual' },
            { 'part': 103, 'points': baseline, 'kind': 'baseline', 'driver': 'Typical supplier on a calm day' },
            { 'part': 104, 'points': bound, 'kind': 'bounds', 'driver': 'Bounds of the scale, 0 and 100' }
        ], recursive := true)
    from parts
),

every as (
    select
        *,
        place as part
    from named
    union all by name
    select * from residual
    where kind not in ('bounds', 'susceptibility', 'usual threat') or points <> 0
)

select
    level,
    name,
    place,
    points,
    points / nullif(score, 0) as share,
    upper(kind[1]) || kind[2:] as kind,
    driver,
    driver_url,
    published_at
from every
order by level_place, subject_place, part, kind;
