"""A consistent world of scores, as large as a test needs it, made in SQL from its numbers alone."""

from datetime import date

import duckdb

from pipeline.warehouse import install

DAY = date(2026, 9, 30)

_STATEMENTS = """
create or replace temp macro chance(a, b) as (hash(a, b) % 10000) / 10000.0;

create or replace temp table days as
select getvariable('day')::date - i::integer as score_date
from range(getvariable('n_days')) as r (i);

create or replace temp table members as
select
    i,
    format('SUP-{:05d}', i) as supplier_id,
    coalesce(
        getvariable('names')[i],
        format('{} {}', ['Arbor Freight', 'Birch Water', 'Cedar Bank', 'Delta Care'][1 + i % 4], i)
    ) as name,
    (select list(sector_id order by sector_id) from method.sectors)[1 + i % 8] as sector_id,
    1 + (hash(i) % 5)::tinyint as criticality,
    10 * log2((1 + hash(i) % 5) / 3.0) as consequence_points
from range(1, getvariable('n_suppliers') + 1) as r (i);

insert into scores.sector_threat_daily by name
select
    d.score_date,
    s.sector_id,
    0.3 as base_rate_30d,
    (0.2 + chance(s.sector_id, 1))
    * (1 + 2 * pow(2, -abs(d.score_date - (getvariable('day')::date - 20)) / 8.0))
        as threat_intensity,
    0.1 as threat_intensity_variance,
    0.3 * (1 + threat_intensity) as threat_rate_30d,
    10 * log2(1 + threat_intensity) as threat_points,
    7 as n_events,
    1.0 as threat_coverage_0_1
from days as d
cross join method.sectors as s;

create or replace temp table parts as
select
    d.score_date,
    m.*,
    t.threat_points,
    t.threat_rate_30d,
    14 * chance(m.i, 'open') - 4
    + 3 * chance(m.i, (d.score_date - date '2000-01-01') // 10) as susceptibility_points,
    40 + t.threat_points + susceptibility_points + m.consequence_points as unbounded,
    m.i % 17 = 0 as is_unscored
from days as d
cross join members as m
inner join scores.sector_threat_daily as t
    on d.score_date = t.score_date and m.sector_id = t.sector_id
where
    d.score_date >= getvariable('day')::date - 1
    or d.score_date in (getvariable('day')::date - 7, getvariable('day')::date - 30)
    or m.i <= 60;

insert into scores.supplier_daily by name
select
    p.score_date,
    p.supplier_id,
    p.name as supplier_name,
    ['DE', 'FR', 'NO', 'US', null][1 + p.i % 5] as country,
    format('{} 100 %', p.sector_id) as sectors,
    p.sector_id as main_sector_id,
    if(p.i % 11 = 0, null, p.criticality) as criticality_1_5,
    p.threat_rate_30d,
    0.1 * pow(2, p.susceptibility_points / 10) as susceptibility_0_1,
    pow(2, p.consequence_points / 10) as consequence,
    if(p.is_unscored, null, pow(2, p.unbounded / 10)) as risk,
    if(p.is_unscored, null, 40) as baseline_points,
    if(p.is_unscored, null, p.threat_points) as threat_points,
    if(p.is_unscored, null, p.susceptibility_points) as susceptibility_points,
    if(p.is_unscored, null, p.consequence_points) as consequence_points,
    if(p.is_unscored, null, least(greatest(p.unbounded, 0), 100) - p.unbounded) as bound_points,
    if(p.is_unscored, null, least(greatest(p.unbounded, 0), 100)) as score_0_100,
    least(greatest(score_0_100 - 6, 0), 100) as score_low_0_100,
    least(greatest(score_0_100 + 6, 0), 100) as score_high_0_100,
    round(score_0_100, 1)::decimal(4, 1) as published_score,
    (
        select max_by(b.band_id, b.lower_score)
        from method.bands as b
        where b.lower_score <= round(score_0_100, 1)
    ) as band_id,
    if(p.is_unscored, null, chance(p.i, 'loss')) as loss_probability_30d,
    p.i % 7 as n_open_vulnerabilities,
    if(p.is_unscored, 'not scored: threat sources are missing', 'complete') as coverage_state
from parts as p;

create or replace temp table means as
select
    score_date,
    main_sector_id as sector_id,
    count(*) as n_suppliers,
    avg(risk) as risk,
    avg(threat_points) as threat_points,
    10 * log2(avg(risk)) as unbounded,
    avg(consequence_points) as consequence_points
from scores.supplier_daily
group by all;

insert into scores.sector_daily by name
select
    m.score_date,
    m.sector_id,
    m.n_suppliers,
    if(is_unscored, null, m.risk) as risk,
    if(is_unscored, null, 40) as baseline_points,
    if(is_unscored, null, m.threat_points) as threat_points,
    if(is_unscored, null, m.unbounded - 40 - m.threat_points - m.consequence_points)
        as susceptibility_points,
    if(is_unscored, null, m.consequence_points) as consequence_points,
    if(is_unscored, null, least(m.unbounded, 100) - m.unbounded) as bound_points,
    if(is_unscored, null, least(m.unbounded, 100)) as score_0_100,
    score_0_100 - 4 as score_low_0_100,
    score_0_100 + 4 as score_high_0_100,
    round(score_0_100, 1)::decimal(4, 1) as published_score,
    (
        select max_by(b.band_id, b.lower_score)
        from method.bands as b
        where b.lower_score <= round(score_0_100, 1)
    ) as band_id,
    if(is_unscored, null, 0.4) as worst_ten_share_0_1,
    1.0 as coverage_0_1,
    case
        when is_unscored then 'not scored: threat sources are missing'
        when m.sector_id = 'logistics' then 'partial: threat sources late'
        else 'complete'
    end as coverage_state
from (
    select
        *,
        sector_id = 'transit' and score_date >= getvariable('day')::date - 2 as is_unscored
    from means
) as m;

insert into scores.sector_driver_daily by name
select
    t.score_date,
    t.sector_id,
    k as driver_rank,
    if(k = 6, 'other', ['alert', 'bulletin', 'news', 'incident', 'advisory'][k]) as driver_kind,
    if(k = 6, null, format('bulletin/{}-{}', t.sector_id, k)) as driver_id,
    if(
        k = 6,
        '2 other events',
        coalesce(
            getvariable('titles')[k],
            format('Expected attacks on {}, notice {}', t.sector_id, k)
        )
    ) as driver_title,
    if(k = 6, null, format('https://example.org/{}/{}', t.sector_id, k)) as url,
    if(k = 6, null, (t.score_date - (3 * k)::integer)::timestamp) as published_at,
    [0.4, 0.2, 0.15, 0.1, 0.05, 0.1][k] as share_0_1,
    t.threat_points * share_0_1 as points
from scores.sector_threat_daily as t
cross join range(1, 7) as r (k);

insert into scores.supplier_driver_daily by name
select
    s.score_date,
    s.supplier_id,
    k as driver_rank,
    ['vulnerability', 'vulnerability', 'other', 'usual'][k] as driver_kind,
    if(k < 3, format('CVE-2026-{:04d}', 1000 + hash(s.supplier_id, k) % 30), null) as driver_id,
    coalesce(driver_id, if(k = 3, '3 other open vulnerabilities', 'What any supplier has'))
        as driver_title,
    if(k < 4, [0.6, 0.3, 0.1][k], 0) as share_0_1,
    if(k < 4, (s.susceptibility_points + 4) * share_0_1, -4) as points
from scores.supplier_daily as s
cross join range(1, 5) as r (k)
where s.published_score is not null;

insert into raw.deliveries by name
select
    format('{}/{}/0123456789ab', s.source_id, d.score_date) as delivery_id,
    s.source_id,
    format('{}-{}.json', s.source_id, d.score_date) as name,
    delivery_id as path,
    s.licence,
    1000 + hash(s.source_id) % 90000 as n_bytes,
    sha256(delivery_id) as sha256,
    d.score_date + interval 6 hour as delivered_at,
    false as is_historical,
    'loaded' as status
from method.sources as s
cross join days as d
where
    d.score_date > getvariable('day')::date - 5
    and s.source_id <> getvariable('missing_source')
    and (
        s.source_id <> getvariable('late_source')
        or d.score_date <= getvariable('day')::date - 3
    );

insert into quality.ledger by name
select
    delivery_id,
    'reports' as table_name,
    100 as n_received,
    96 as n_loaded,
    3 as n_quarantined,
    1 as n_duplicate
from raw.deliveries;

insert into quality.verdicts by name
select
    d.delivery_id,
    'reports' as table_name,
    v.k as source_row,
    ['published_in_the_future', 'sector_label_unknown', 'severity_out_of_range'][v.k] as rule_id,
    ['critical', 'critical', 'warning'][v.k] as severity,
    coalesce(
        getvariable('titles')[1], 'The sector label "Enrgy" is not known. Nearest: energy.'
    ) as reason,
    'Add the label to method/sector_aliases.csv, or correct it at the source.' as remedy
from raw.deliveries as d
cross join range(1, 4) as v (k);

insert into facts.source_coverage_daily by name
select
    d.score_date,
    s.source_id,
    max(r.delivered_at)::date as last_delivered_on,
    d.score_date - max(r.delivered_at)::date as age_days,
    1 as expected_every_days,
    case
        when last_delivered_on is null then 'missing'
        when age_days > 1 then 'late'
        else 'current'
    end as coverage_state
from days as d
cross join method.sources as s
left join raw.deliveries as r on s.source_id = r.source_id and r.delivered_at < d.score_date + 1
group by d.score_date, s.source_id;

insert into quality.scored_days by name
select
    score_date,
    'then' as knowledge,
    'abcdef012345' as method_version,
    sha256(score_date::varchar) as inputs_sha256,
    left(sha256('run' || score_date::varchar), 16) as run_id
from days;
"""


def world(
    n_suppliers=40,
    n_days=100,
    *,
    day=DAY,
    names=(),
    titles=(),
    late_source="kev",
    missing_source="none",
):
    """A warehouse in memory that holds scores for `n_days` days up to `day`."""
    con = duckdb.connect()
    install(con)
    variables = {
        "day": day,
        "n_days": n_days,
        "n_suppliers": n_suppliers,
        "names": list(names) or [None],
        "titles": list(titles) or [None],
        "late_source": late_source,
        "missing_source": missing_source,
    }
    for name, value in variables.items():
        con.execute(f"set variable {name} = ?", [value])
    con.execute(_STATEMENTS)
    return con
