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
    0.3 * (1 + threat_intensity) as threat_rate_30d,
    10 * log2(1 + threat_intensity) as threat_points,
    7 as n_events,
    1.0 as threat_coverage_0_1
from days as d
cross join method.sectors as s;

insert into quality.scored_days by name
select
    score_date,
    'then' as knowledge,
    'abcdef012345' as method_version,
    sha256(score_date::varchar) as inputs_sha256,
    left(sha256('run' || score_date::varchar), 16) as run_id
from days;

insert into scores.mix_threat_daily by name
select
    t.score_date,
    t.sector_id as mix_id,
    if(is_unscored, null, t.threat_rate_30d) as threat_rate_30d,
    if(is_unscored, 0.1, 1) as threat_coverage_0_1,
    method.parameter('typical_score') as baseline_points,
    if(is_unscored, null, t.threat_points) as threat_points
from (
    select
        *,
        sector_id = 'transit' and score_date >= getvariable('day')::date - 2 as is_unscored
    from scores.sector_threat_daily
) as t;

insert into scores.mix_interval_daily by name
select
    m.score_date,
    m.mix_id,
    g.gaps,
    -4 - length(g.gaps) as low_points,
    5 + length(g.gaps) as high_points
from scores.mix_threat_daily as m
cross join (values (''), ('no scan'), ('no criticality')) as g (gaps);

create or replace temp table spans as
select
    m.*,
    if(span = 1, (select min(score_date) from days), getvariable('day')::date - 3) as first_date,
    getvariable('day')::date - if(span = 1, 4, 0) as last_date,
    m.i % 13 = 0 as is_unscanned,
    0.0001 + 0.3 * chance(m.i, if(m.i % 3 = 0, 0, span)) as hazard,
    1 - (1 - method.parameter('susceptibility_minimum')) * exp(-hazard) as susceptibility
from members as m
cross join range(1, 3) as r (span);

insert into scores.supplier_spans by name
select
    s.supplier_id,
    s.first_date,
    s.last_date,
    s.name as supplier_name,
    ['DE', 'FR', 'NO', 'US', null][1 + s.i % 5] as country,
    s.sector_id as mix_id,
    s.sector_id as main_sector_id,
    format('{} 100 %', s.sector_id) as sectors,
    if(s.i % 11 = 0, null, s.criticality) as criticality_1_5,
    pow(2, s.consequence_points / 10) as consequence,
    s.hazard,
    s.susceptibility as susceptibility_0_1,
    if(s.is_unscanned, null, 4) as n_open_vulnerabilities,
    if(s.is_unscanned, null, s.first_date) as last_scan_date,
    'supplier_register/1' as delivery_id,
    s.i as source_row,
    10 * log2(s.susceptibility / method.parameter('typical_susceptibility'))
        as susceptibility_points,
    10 * log2(
        method.parameter('susceptibility_minimum') / method.parameter('typical_susceptibility')
    )
        as usual_susceptibility_points,
    s.consequence_points,
    1 as inferred_variance_points2,
    case when s.is_unscanned then 'no scan' when s.i % 11 = 0 then 'no criticality' else '' end
        as gaps
from spans as s;

insert into scores.vulnerability_spans by name
select
    s.supplier_id,
    format('CVE-2026-{:04d}', 1000 + 10 * k + hash(s.i, k) % 10) as cve_id,
    s.first_date,
    s.last_date,
    0.1 as probability,
    'internet' as reach,
    1 as n_assets,
    1 as credibility_0_1,
    s.hazard * [0.5, 0.25, 0.15, 0.1][k] as hazard,
    'scanner_findings/1' as delivery_id,
    k as source_row
from spans as s
cross join range(1, 5) as r (k)
where not s.is_unscanned;

create or replace temp table means as
select
    p.score_date,
    p.main_sector_id as sector_id,
    count(*) as n_suppliers,
    avg(pow(2, p.score_0_100 / 10)) as risk,
    avg(p.threat_points) as threat_points,
    10 * log2(avg(pow(2, p.score_0_100 / 10))) as unbounded,
    avg(p.consequence_points) as consequence_points
from scores.supplier_daily as p
inner join days as d on p.score_date = d.score_date
group by all;

insert into scores.sector_daily by name
select
    score_date,
    sector_id,
    n_suppliers,
    risk,
    if(risk is null, null, 40) as baseline_points,
    threat_points,
    unbounded - 40 - threat_points - consequence_points as susceptibility_points,
    if(risk is null, null, consequence_points) as consequence_points,
    if(risk is null, null, 0) as bound_points,
    unbounded as score_0_100,
    unbounded - 4 as score_low_0_100,
    unbounded + 4 as score_high_0_100,
    round(unbounded, 1)::decimal(4, 1) as published_score,
    method.band(published_score) as band_id,
    if(risk is null, null, 0.4) as worst_ten_share_0_1,
    1.0 as coverage_0_1,
    case
        when risk is null then 'not scored: threat sources are missing'
        when sector_id = 'logistics' then 'partial: threat sources late'
        else 'complete'
    end as coverage_state
from means;

insert into staged.reports by name
select
    'bulletin' as source_id,
    format('bulletin/{}/0123456789ab', getvariable('day')::date) as delivery_id,
    10 * (row_number() over (partition by k order by s.sector_id) - 1) + k as source_row,
    getvariable('day')::timestamp as known_at,
    known_at as disclosed_at,
    format('{}-{}', s.sector_id, k) as report_key,
    coalesce(
        getvariable('titles')[k], format('Expected attacks on {}, notice {}', s.sector_id, k)
    ) as title,
    format('https://example.org/{}/{}', s.sector_id, k) as url,
    getvariable('tlps')[k] as tlp,
    '' as record,
    '' as record_md5,
    false as is_repeat
from method.sectors as s
cross join range(1, 6) as r (k);

insert into scores.sector_driver_daily by name
select
    t.score_date,
    t.sector_id,
    k as driver_rank,
    if(k = 6, 'other', ['alert', 'bulletin', 'news', 'incident', 'advisory'][k]) as driver_kind,
    'bulletin/' || n.report_key as driver_id,
    coalesce(n.title, '2 other events') as driver_title,
    n.url,
    n.delivery_id,
    n.source_row,
    if(k = 6, null, (t.score_date - (3 * k)::integer)::timestamp) as published_at,
    [0.4, 0.2, 0.15, 0.1, 0.05, 0.1][k] as share_0_1,
    t.threat_points * share_0_1 as points
from scores.sector_threat_daily as t
cross join range(1, 7) as r (k)
left join staged.reports as n on n.report_key = format('{}-{}', t.sector_id, k);

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
        r.title || ': its sector is not known.',
        'The sector label "Enrgy" is not known. Nearest: energy.'
    ) as reason,
    'Add the label to method/sector_aliases.csv, or correct it at the source.' as remedy
from raw.deliveries as d
cross join range(1, 4) as v (k)
left join staged.reports as r on d.delivery_id = r.delivery_id and v.k = r.source_row;

insert into scores.alerts_daily by name
select
    getvariable('day')::date as score_date,
    'event' as alert_kind,
    'event' as subject_kind,
    'bulletin/' || r.report_key as subject_id,
    r.report_key[:-3] as sector_id,
    'warning' as severity,
    2.0 as points,
    format('New evidence, "{}".', r.title) as sentence,
    r.delivery_id,
    r.source_row
from staged.reports as r
union all by name
select
    getvariable('day')::date as score_date,
    'band' as alert_kind,
    'supplier' as subject_kind,
    m.supplier_id as subject_id,
    m.sector_id,
    m.supplier_id,
    'warning' as severity,
    5.0 as points,
    format('{} is High now ({}).', m.name, d.driver_title) as sentence
from members as m
inner join scores.sector_driver_daily as d
    on
        m.sector_id = d.sector_id
        and d.score_date = getvariable('day')::date
        and d.driver_rank = 1
where m.i <= 10;

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
"""


def world(
    n_suppliers=40,
    n_days=100,
    *,
    day=DAY,
    names=(),
    titles=(),
    tlps=(),
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
        "tlps": list(tlps) or [None],
        "late_source": late_source,
        "missing_source": missing_source,
    }
    for name, value in variables.items():
        con.execute(f"set variable {name} = ?", [value])
    con.execute(_STATEMENTS)
    return con
