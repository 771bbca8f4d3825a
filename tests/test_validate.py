import json
import string
from graphlib import TopologicalSorter

import pyarrow as pa
import pytest

from pipeline import facts, gates, publication, quarantine, rules, staged, validate
from pipeline.batch import as_table
from pipeline.sources import all_sources
from pipeline.warehouse import staged_tables
from tests import deliveries
from tests.deliveries import collect, fact, put, report, supplier, typed, warehouse

SUITES = sorted(path.stem for path in validate.EXPECTATIONS_FOLDER.glob("*.json"))


@pytest.fixture
def con(tmp_path):
    with warehouse(tmp_path) as con:
        yield con


EXPECTATIONS = [(name, each) for name in SUITES for each in validate.suite(name)]


def test_every_staged_table_has_suites_and_measures(con):
    for table in staged_tables(con):
        assert validate.suite(table)
        assert validate.suite(f"deliveries_{table}")
        assert (validate.SUMMARIES_FOLDER / f"{table}.sql").is_file()


def test_every_suite_is_of_a_table_that_exists(con):
    stored = set(staged_tables(con))
    known = stored | {f"deliveries_{name}" for name in stored}
    assert set(SUITES) == known | set(publication.SUITES)


def test_every_source_fills_tables_that_exist(con):
    known = set(staged_tables(con))
    for source in all_sources().values():
        assert set(source.tables) <= known, source.source_id


def test_every_expectation_says_how_bad_and_why():
    for name, expectation in EXPECTATIONS:
        assert expectation["severity"] in {"critical", "warning", "info"}
        assert len(expectation["notes"]) > 10
        is_gate = name.startswith("deliveries_") or name in publication.SUITES
        said = ("kind", "policy", "expected", "found") if is_gate else ("reason", "remedy")
        assert set(expectation["meta"]) == {"rule_id", *said}


def test_every_gate_is_of_a_kind_and_has_a_policy_no_milder_than_its_severity():
    for name, expectation in EXPECTATIONS:
        about, severity = expectation["meta"], expectation["severity"]
        if "policy" in about:
            assert about["kind"] in {"freshness", "volume", "schema", "drift", "row", "score"}
            assert (
                about["policy"]
                in {"critical": {"hold", "stop"}, "warning": {"warn", "hold"}}[severity]
            ), (name, about["rule_id"])


@pytest.mark.parametrize("name", SUITES)
def test_rule_ids_are_unique_within_a_suite(name):
    ids = [each["meta"]["rule_id"] for each in validate.suite(name)]
    assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_every_reason_names_what_the_row_has(con):
    for name, expectation in EXPECTATIONS:
        if name in staged_tables(con):
            known = set(staged.schema(con, name).names) | set(expectation["kwargs"]) | {"value"}
            template = string.Formatter().parse(expectation["meta"]["reason"])
            assert {field for _, field, _, _ in template if field} <= known


def test_no_rule_waits_for_itself():
    needs = {}
    for rule in rules.all_rules():
        needs.setdefault(rule.table, set()).update(rule.needs)
    assert list(TopologicalSorter(needs).static_order())


@pytest.mark.slow
@pytest.mark.parametrize("rule", rules.all_rules(), ids=lambda rule: f"{rule.table}-{rule.rule_id}")
def test_every_rule_returns_what_a_verdict_needs(con, rule):
    cursor = con.execute(rule.sql, rule.parameters("none"))
    assert [column[0] for column in cursor.description] == [
        "source_row",
        "severity",
        "reason",
        "remedy",
    ]


def asset(source_row, **values):
    row = {"asset_id": f"A{source_row}", "supplier_id": "S1", "reach": "internet"}
    return row | {"product": "VPN", "source_row": source_row} | values


def finding(source_row, **values):
    row = {"supplier_id": "S1", "cve_id": f"CVE-2019-{10000 + source_row}", "status": "open"}
    return row | {"first_seen": "2019-12-20", "source_row": source_row} | values


def kev(source_row, **values):
    row = {"cve_id": f"CVE-2021-{10000 + source_row}", "added_date": "2021-11-03"}
    row |= {"vendor": "V", "product": "P", "due_date": "2021-11-17"}
    return row | {"source_row": source_row} | values


def epss(source_row, **values):
    row = {"cve_id": f"CVE-2021-{10000 + source_row}", "epss_date": "2022-01-01", "epss_0_1": 0.1}
    return row | {"percentile_0_1": 0.5, "model_version": "1", "source_row": source_row} | values


def vulnerability(source_row, **values):
    row = {"cve_id": f"CVE-2021-{10000 + source_row}", "cvss_version": "3.1"}
    return row | {"source_row": source_row} | values


BAD_ROWS = [
    (report, {"report_key": None}, "report_key is blank"),
    (report, {"kind": None}, "kind is blank"),
    (report, {"title": None}, "title is blank"),
    (report, {"published_at": None}, "published_at is blank"),
    (
        report,
        {"published_at": "1970-01-01T00:00:00"},
        "published_at is 1970-01-01 00:00:00, must be at least 1971-01-01T00:00:00",
    ),
    (
        report,
        {"modified_at": "2019-01-01T00:00:00"},
        "modified_at is 2019-01-01 00:00:00, before published_at 2020-01-06 12:00:00",
    ),
    (
        report,
        {"valid_until": "2019-01-01T00:00:00"},
        "valid_until is 2019-01-01 00:00:00, before published_at 2020-01-06 12:00:00",
    ),
    (report, {"severity_0_10": 11.5}, "severity_0_10 is 11.5, must be between 0 and 10"),
    (
        report,
        {"information_credibility_1_6": 0},
        "information_credibility_1_6 is 0, must be between 1 and 6",
    ),
    (report, {"reliability": "G"}, "reliability is 'G', must be one of A, B, C, D, E, F"),
    (report, {"confidence_0_1": 85}, "confidence_0_1 is 85, must be between 0 and 1"),
    (
        report,
        {"tlp": "PURPLE"},
        "tlp is 'PURPLE', must be one of CLEAR, GREEN, AMBER, AMBER+STRICT, RED",
    ),
    (supplier, {"supplier_id": None}, "supplier_id is blank"),
    (
        supplier,
        {"supplier_id": "x" * 101},
        f"supplier_id '{'x' * 80}…' has more than 100 or fewer than 1 characters",
    ),
    (supplier, {"supplier_name": None}, "supplier_name is blank"),
    (supplier, {"criticality_1_5": None}, "criticality_1_5 is blank"),
    (supplier, {"criticality_1_5": 9}, "criticality_1_5 is 9, must be between 1 and 5"),
    (supplier, {"dependency_0_1": 35}, "dependency_0_1 is 35, must be between 0 and 1"),
    (supplier, {"spend_eur": -1}, "spend_eur is -1, must be at least 0"),
    (
        supplier,
        {"valid_from": "2020-02-01", "valid_to": "2020-02-01"},
        "valid_to is 2020-02-01, not after valid_from 2020-02-01",
    ),
    (supplier, {"country": "Germany"}, "country is 'Germany', must look like DE"),
    (supplier, {"lei": "5"}, "lei is '5', must look like 5493001KJTIIGC8Y1R12"),
    (supplier, {"cage_code": "é"}, "cage_code is 'é', must look like 1ABC5"),
    (supplier, {"uei": "a\nb"}, "uei is 'a\\nb', must look like ABC123DEF456"),
    (supplier, {"duns": "12"}, "duns is '12', must look like 123456789"),
    (asset, {"asset_id": None}, "asset_id is blank"),
    (asset, {"supplier_id": None}, "supplier_id is blank"),
    (asset, {"reach": None}, "reach is blank"),
    (asset, {"reach": "dmz"}, "reach is 'dmz', must be one of internet, ics, internal"),
    (
        asset,
        {"valid_from": "2020-02-01", "valid_to": "2020-01-01"},
        "valid_to is 2020-01-01, not after valid_from 2020-02-01",
    ),
    (finding, {"supplier_id": None}, "supplier_id is blank"),
    (finding, {"status": None}, "status is blank"),
    (
        finding,
        {"status": "exploitable"},
        "status is 'exploitable', must be one of open, fixed, not_affected, scanned",
    ),
    (
        finding,
        {"cve_id": "CVE-2019-1151O"},
        "cve_id is 'CVE-2019-1151O', must look like CVE-2019-19781",
    ),
    (finding, {"last_seen": "2019-12-01"}, "last_seen is 2019-12-01, before first_seen 2019-12-20"),
    (finding, {"fixed_on": "2019-12-01"}, "fixed_on is 2019-12-01, before first_seen 2019-12-20"),
    (kev, {"cve_id": None}, "cve_id is blank"),
    (kev, {"cve_id": "CVE-21-1"}, "cve_id is 'CVE-21-1', must look like CVE-2019-19781"),
    (kev, {"added_date": None}, "added_date is blank"),
    (
        kev,
        {"added_date": "2020-01-01"},
        "added_date is 2020-01-01, must be at least 2021-11-01T00:00:00",
    ),
    (kev, {"due_date": "2021-11-02"}, "due_date is 2021-11-02, before added_date 2021-11-03"),
    (kev, {"vendor": None}, "vendor is blank"),
    (kev, {"product": None}, "product is blank"),
    (epss, {"cve_id": None}, "cve_id is blank"),
    (epss, {"cve_id": "19781"}, "cve_id is '19781', must look like CVE-2019-19781"),
    (epss, {"epss_date": None}, "epss_date is blank"),
    (
        epss,
        {"epss_date": "2020-01-01"},
        "epss_date is 2020-01-01, must be at least 2021-04-14T00:00:00",
    ),
    (epss, {"epss_0_1": None}, "epss_0_1 is blank"),
    (epss, {"epss_0_1": 97.5}, "epss_0_1 is 97.5, must be between 0 and 1"),
    (epss, {"percentile_0_1": 99}, "percentile_0_1 is 99, must be between 0 and 1"),
    (epss, {"percentile_0_1": None}, "percentile_0_1 is blank"),
    (epss, {"model_version": None}, "model_version is blank"),
    (vulnerability, {"cve_id": None}, "cve_id is blank"),
    (vulnerability, {"cve_id": "VU#1"}, "cve_id is 'VU#1', must look like CVE-2019-19781"),
    (
        vulnerability,
        {"published_date": "1900-01-01"},
        "published_date is 1900-01-01, must be at least 1988-01-01T00:00:00",
    ),
    (vulnerability, {"cvss_base_0_10": 10.1}, "cvss_base_0_10 is 10.1, must be between 0 and 10"),
    (
        vulnerability,
        {"cvss_version": "5.0"},
        "cvss_version is '5.0', must be one of 2.0, 3.0, 3.1, 4.0",
    ),
    (
        vulnerability,
        {"ssvc_exploitation": "maybe"},
        "ssvc_exploitation is 'maybe', must be one of none, poc, active",
    ),
]
TABLES = {
    report: "reports",
    supplier: "suppliers",
    asset: "assets",
    finding: "findings",
    kev: "exploited_vulnerabilities",
    epss: "epss_scores",
    vulnerability: "vulnerabilities",
}


def build(make, source_row, values):
    if make in (report, supplier):
        return typed(make(f"K{source_row}", source_row) | values)
    return typed(make(source_row, **values))


@pytest.mark.gx
@pytest.mark.parametrize("make", TABLES, ids=TABLES.values())
def test_each_rule_names_its_bad_row_and_nothing_else(con, make):
    table = TABLES[make]
    bad = [(values, reason) for maker, values, reason in BAD_ROWS if maker is make]
    rows = [build(make, n, values) for n, (values, _) in enumerate(bad, 1)]
    rows += [build(make, n, {}) for n in range(100, 110)]
    verdicts = list(validate.row_verdicts(table, as_table(rows, staged.schema(con, table))))
    assert [(v.source_row, v.reason) for v in sorted(verdicts)] == [
        (n, reason) for n, (_, reason) in enumerate(bad, 1)
    ]
    assert {v.rule_id for v in verdicts} == {e["meta"]["rule_id"] for e in validate.suite(table)}
    assert all(v.remedy for v in verdicts)


@pytest.mark.gx
def test_a_value_that_could_not_be_read_is_not_called_blank_as_well(con):
    row = build(supplier, 1, {"supplier_name": None, "problems": ["Column 'Name' is a picture."]})
    table = as_table([row], staged.schema(con, "suppliers"))
    (verdict,) = validate.row_verdicts("suppliers", table)
    assert (verdict.rule_id, verdict.severity) == ("unreadable_value", "critical")
    assert verdict.reason == "Column 'Name' is a picture."


@pytest.mark.gx
def test_braces_in_a_value_are_only_text(con):
    row = build(supplier, 1, {"country": "{supplier_id.__class__}"})
    (verdict,) = validate.row_verdicts(
        "suppliers", as_table([row], staged.schema(con, "suppliers"))
    )
    assert verdict.reason == "country is '{supplier_id.__class__}', must look like DE"


@pytest.mark.gx
def test_an_expectation_that_cannot_be_evaluated_is_a_fault_of_ours(monkeypatch):
    broken = [
        {
            "type": "expect_column_values_to_match_regex",
            "kwargs": {"column": "name", "regex": "("},
            "severity": "info",
            "notes": "",
            "meta": {"rule_id": "broken"},
        }
    ]
    monkeypatch.setattr(validate, "suite", lambda _: broken)
    validate._gx_suite.cache_clear()
    with pytest.raises(RuntimeError, match=r"expectations/any\.json, rule broken"):
        validate.breaches("any", pa.table({"name": ["x"]}))
    validate._gx_suite.cache_clear()


FACTS = [
    (
        fact(value="enregy"),
        "sector 'enregy' is not a known label of vocabulary sector; nearest: energy, ",
    ),
    (
        fact(vocabulary="naics", value="x1", label="x1"),
        "sector 'x1' is not a known label of vocabulary naics",
    ),
    (fact(vocabulary=None), "sector 'energy' is not a known label of vocabulary blank"),
    (
        fact(stance="loved"),
        "sector 'energy' has the stance 'loved', must be one of affected, attacked",
    ),
    (
        fact("actor", "iran", stance=None),
        "actor 'iran' has the stance 'blank', must be one of claimed",
    ),
    (
        fact("cve", "CVE-20-1"),
        "a fact of type cve has the value 'CVE-20-1', must be like CVE-2019-19781",
    ),
    (
        fact("technique", "1190"),
        "a fact of type technique has the value '1190', must be like T1190",
    ),
    (
        fact("date", "soon"),
        "a fact of type date has the value 'soon', must be a date like 2020-01-06",
    ),
    (fact("rumour", "x"), "a fact of type rumour has the value 'x', must be of type sector, actor"),
    (fact("action", None), "a fact of type action has the value 'blank', must be of type sector"),
]


@pytest.mark.gx
def test_references_and_repetitions_are_checked_in_the_database(con, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.sources.all_sources", lambda: deliveries.SOURCES)
    rows = [report(f"R{n}", n, facts=[each]) for n, (each, _) in enumerate(FACTS)]
    rows += [report("K", 50, kind="rumour"), report("T", 51, published_at="2020-01-20T00:00:00")]
    rows += [report("D", 52), report("D", 53, title="Another"), report("good", 54, facts=[fact()])]
    put(tmp_path, "test_reports", "2020-01-06", "a.json", rows)
    collect(con, tmp_path, "test_reports")
    found = {each.source_row: each.reasons for each in quarantine.list_rows(con)}
    expected = dict(enumerate(reason for _, reason in FACTS)) | {
        50: "kind 'rumour' is not one of the method's: advisory, alert, analysis",
        51: "published_at is 2020-01-20 00:00:00, but the report reached us on 2020-01-06",
        53: "report_key D is also in row 52, with different values; that row stays",
    }
    assert set(found) == set(expected)
    for source_row, reason in expected.items():
        assert len(found[source_row]) == 1
        assert found[source_row][0].startswith(reason)


@pytest.mark.gx
def test_registers_are_checked_in_the_database(con, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.sources.all_sources", lambda: deliveries.SOURCES)
    half = {"vocabulary": "sector", "value": "energy", "share_0_1": 0.6}
    rows = [
        supplier("S1", 1),
        supplier("S1", 2, criticality_1_5=4),
        supplier("S2", 3, sectors=[]),
        supplier("S3", 4, sectors=[half, half | {"value": "military"}]),
        supplier("S4", 5, sectors=[half | {"share_0_1": -0.5}]),
        supplier("S5", 6, sectors=[half | {"value": "millatary"}]),
        *(supplier(f"G{n}", n) for n in range(10, 20)),
    ]
    put(tmp_path, "test_register", "2020-01-06", "a.json", rows)
    parts = [
        {
            "table": "assets",
            "rows": [asset(1), asset(2, supplier_id="S9"), asset(3, asset_id="A1", reach="ics")],
        },
        {
            "table": "findings",
            "rows": [
                finding(1, asset_id="A1"),
                finding(2, supplier_id="S9"),
                finding(3, first_seen="2029-01-05"),
                finding(4, asset_id="A7"),
                finding(1, asset_id="A1", status="fixed") | {"source_row": 5},
            ],
        },
    ]
    put(tmp_path, "test_assets", "2020-01-06", "a.json", json.dumps(parts))
    for source_id in ("test_assets", "test_register"):
        collect(con, tmp_path, source_id)
    found = [(e.table, e.source_row, e.reasons) for e in reversed(quarantine.list_rows(con))]
    assert sorted(found) == [
        ("assets", 2, ["supplier_id 'S9' is in no supplier register; nearest: S1"]),
        ("assets", 3, ["asset_id A1 is also in row 1, with different values; that row stays"]),
        ("findings", 2, ["supplier_id 'S9' is in no supplier register; nearest: S1"]),
        ("findings", 3, ["first_seen is 2029-01-05, but the scan reached us on 2020-01-06"]),
        (
            "findings",
            5,
            [
                "finding CVE-2019-10001 of supplier S1, asset A1 is also in row 1, "
                "with different values; that row stays"
            ],
        ),
        (
            "suppliers",
            2,
            ["supplier_id S1 is also in row 1, with different values; that row stays"],
        ),
        ("suppliers", 3, ["sectors is blank"]),
        ("suppliers", 4, ["the shares of its sectors sum to 1.2, must be at most 1"]),
        ("suppliers", 5, ["a sector's share is -0.5, below 0"]),
        (
            "suppliers",
            6,
            [
                "sector 'millatary' is not a known label of vocabulary sector; "
                "nearest: military, healthcare, manufacturing"
            ],
        ),
    ]
    warnings = con.execute(
        "select reason from quality.verdicts where severity = 'warning' and rule_id = 'asset_known'"
    ).fetchall()
    assert warnings == [("asset_id 'A7' is in no asset inventory: its reach is unknown",)]


@pytest.mark.gx
def test_a_held_register_leaves_the_one_before_in_force(con, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.sources.all_sources", lambda: deliveries.SOURCES)
    put(tmp_path, "test_register", "2020-01-05", "r.json", [supplier(f"S{n}", n) for n in range(9)])
    put(tmp_path, "test_register", "2020-01-06", "r.json", [supplier(f"S{n}", n) for n in range(4)])
    collect(con, tmp_path, "test_register")
    facts.refresh_facts(con, "then")
    in_force = con.execute(
        "select count(distinct supplier_id) from facts.supplier_versions "
        "where until_date > date '2020-02-01'"
    ).fetchone()
    assert in_force == (9,)


@pytest.mark.gx
def test_a_supplier_outside_the_eight_sectors_is_loaded_and_noted(con, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.sources.all_sources", lambda: deliveries.SOURCES)
    outside = [{"vocabulary": "text", "value": "retail", "share_0_1": 1.0}]
    rows = [supplier("S1", 1), supplier("S2", 2, sectors=outside)]
    put(tmp_path, "test_register", "2020-01-05", "r.json", rows)
    (line,) = collect(con, tmp_path, "test_register")
    assert (line.n_loaded, line.n_quarantined) == (2, 0)
    assert con.execute(
        "select source_row, severity, reason from quality.verdicts where rule_id = 'sector_ours'"
    ).fetchall() == [(2, "warning", "its sectors lie outside the eight: retail. It is not scored")]


@pytest.mark.gx
def test_a_register_with_one_criticality_for_all_warns_before_it_scores(con, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.sources.all_sources", lambda: deliveries.SOURCES)
    rows = [supplier(f"S{n}", n, criticality_1_5=3) for n in range(25)]
    put(tmp_path, "test_register", "2020-01-05", "r.json", rows)
    (line,) = collect(con, tmp_path, "test_register")
    assert line.status == "loaded"
    assert con.execute(
        "select severity, found from quality.gates where not is_passed"
    ).fetchall() == [("warning", "criticalities: 1")]


@pytest.mark.gx
@pytest.mark.parametrize(
    ("measures", "broken"),
    [
        ({"n_rows": 100, "n_rows_before": 90}, set()),
        ({"n_rows": 40, "n_rows_before": 100}, {"list_shrunk"}),
        ({"n_rows": 600, "n_rows_before": 100}, {"grown"}),
        ({"n_rows": 0, "n_rows_before": 100}, {"list_empty", "list_shrunk"}),
        ({"n_rows": 100, "n_rows_before": None}, set()),
        ({"n_rows": 100, "n_rows_before": 100, "n_refused": 60}, {"list_refused", "many_refused"}),
        (
            {"n_rows": 100, "n_rows_before": 100, "n_criticalities_of_many": 1},
            {"criticality_varies"},
        ),
    ],
)
def test_a_register_is_judged_as_a_whole(measures, broken):
    row = {"n_refused": 0, "n_criticalities_of_many": 3} | measures
    results = validate.gates("deliveries_suppliers", [gates.with_ratios(row, is_snapshot=True)])
    assert {each.gate for each in results if not each.is_passed} == broken
