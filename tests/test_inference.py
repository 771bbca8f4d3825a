"""What inventories let conclude, and what supplier and vendor say against it, by days."""

from datetime import date, timedelta
from io import StringIO

import duckdb
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from method_worlds import FIRST, at, fill, received
from rich.console import Console
from small_world import World

from pipeline import warehouse
from pipeline.explain import explain_supplier
from pipeline.explain_text import explanation
from pipeline.sources.affected import all_versions, statement, unknown_versions, versions_of
from pipeline.warehouse import open_snapshot
from tests import facts_of

pytestmark = pytest.mark.slow

CVE = "CVE-2019-19781"
END = date(9999, 12, 31)


@pytest.fixture(scope="module")
def con():
    with duckdb.connect(config={"threads": 2}) as con:
        warehouse.install(con)
        con.execute("set variable knowledge = 'then'")
        con.execute("begin")
        yield con


def day_of(n):
    return FIRST + timedelta(n)


def inventory(day, *assets):
    """A whole list of assets: (asset_id, version) or dictionaries."""
    rows = [one if isinstance(one, dict) else named(*one) for one in assets]
    return [received("assets", day, 0, **row) | {"source_row": n} for n, row in enumerate(rows, 1)]


def named(asset_id, version, vendor="Citrix", product="NetScaler ADC", reach="internet", **more):
    return {
        "supplier_id": "S-1",
        "asset_id": asset_id,
        "reach": reach,
        "vendor": vendor,
        "product": product,
        "product_version": version,
        **more,
    }


def said(day, versions, *, source_id="nvd", key=CVE, cve=CVE, **more):
    """A document that says of our product which versions are affected."""
    names = {"vendor": "citrix", "product": "netscaler_adc_firmware"}
    status = {k: more.pop(k) for k in ("status", "justification", "vendor", "product") if k in more}
    content = statement(**(names | {"versions": versions} | status))
    return (
        received(
            source_id, day, 0, cve_id=cve, statement_key=key, affected=[content], is_withdrawn=False
        )
        | more
        | {"delivery_id": f"{source_id}/{day}/{key}"}
    )


def scan(day, *found, assets=(), source_id="scanner_findings", status="open", **more):
    """A scan of the supplier, or of some of its assets: (asset, CVE) found."""
    rows = [{"status": "scanned", "asset_id": asset} for asset in assets or [None]]
    rows += [{"status": status, "asset_id": a, "cve_id": cve, **more} for a, cve in found]
    blank = dict.fromkeys(("cve_id", "justification", "fixed_on", "is_inferred"))
    return [
        received(source_id, day, 1, supplier_id="S-1", **(blank | row)) | {"source_row": n}
        for n, row in enumerate(rows, 1)
    ]


def vex(day, status, asset="A-1", cve=CVE, **more):
    return scan(day, (asset, cve), assets=[asset], source_id="cyclonedx", status=status, **more)


def listed(day, vendor="Citrix", product="NetScaler ADC and Gateway"):
    return [received("kev", day, 0, cve_id=CVE, vendor=vendor, product=product)]


def derive(con, **tables):
    fill(con, {"deliveries": [], **tables})
    facts_of.make(con, "facts.open_vulnerabilities")


def open_findings(con, asset="A-1"):
    return con.execute(
        "select from_date, until_date, credibility_0_1 from facts.open_findings "
        "where asset_id = ? order by 1, 3",
        [asset],
    ).fetchall()


@pytest.mark.parametrize(
    ("version", "versions", "credibility"),
    [
        ("12.1", versions_of("< 13.0"), 0.7),
        ("13.0", versions_of("< 13.0"), None),
        ("13.0", versions_of("<= 13.0"), 0.7),
        ("V13.0.0", versions_of("13.0"), 0.7),
        ("9.3", versions_of(">= 10.0 | < 13.0"), None),
        ("10.1-47.24", versions_of(">= 10.0 | < 10.1-50"), 0.7),
        ("10.1f", versions_of("< 10.1g"), 0.7),
        ("13.0 Update 4", versions_of("< 14.0"), 0.25),
        (None, versions_of("< 14.0"), 0.25),
        ("13.0", unknown_versions(), 0.25),
        ("13.0", all_versions(), 0.6),
    ],
)
def test_the_version_says_how_sure_it_is(con, version, versions, credibility):
    derive(con, assets=inventory(0, ("A-1", version)), vulnerabilities=[said(3, versions)])
    expected = [] if credibility is None else [(day_of(3), END, credibility)]
    assert open_findings(con) == expected


@pytest.mark.parametrize(
    ("vendor", "product", "cpe"),
    [
        ("Citrix Inc.", "NetScaler ADC", None),
        ("CITRIX", "Citrix NetScaler-ADC", None),
        (None, None, "cpe:2.3:o:citrix:netscaler_adc_firmware:13.0:*:*:*:*:*:*:*"),
        (None, None, "cpe:/o:citrix:netscaler_adc:13.0"),
    ],
)
def test_one_product_under_its_spellings(con, vendor, product, cpe):
    asset = named("A-1", None, vendor, product, cpe=cpe)
    derive(con, assets=inventory(0, asset), vulnerabilities=[said(0, all_versions())])
    assert [row[2] for row in open_findings(con)] == [0.6]


@pytest.mark.parametrize(
    ("vendor", "product"),
    [("Citrix", "NetScaler"), ("Acme", "NetScaler ADC"), (None, "NetScaler ADC")],
)
def test_other_names_are_other_products(con, vendor, product):
    asset = named("A-1", "13.0", vendor, product)
    derive(con, assets=inventory(0, asset), vulnerabilities=[said(0, all_versions())])
    assert open_findings(con) == []


def test_a_catalog_names_products_without_versions(con):
    derive(con, assets=inventory(0, ("A-1", "13.0")), exploited_vulnerabilities=listed(2))
    assert open_findings(con) == [(day_of(2), END, 0.15)]


def test_a_range_goes_before_what_is_said_without_versions(con):
    derive(
        con,
        assets=inventory(0, ("A-1", "13.0"), ("A-2", "12.0")),
        exploited_vulnerabilities=listed(2),
        vulnerabilities=[said(5, versions_of("< 13.0"))],
    )
    assert open_findings(con) == [(day_of(2), day_of(5), 0.15)]
    assert open_findings(con, "A-2") == [(day_of(2), day_of(5), 0.15), (day_of(5), END, 0.7)]


def test_it_ends_when_the_asset_is_gone_or_runs_something_else(con):
    derive(
        con,
        assets=inventory(0, ("A-1", "12.0"), ("A-2", "12.0"))
        + inventory(6, ("A-2", "12.0"))
        + inventory(9, ("A-2", "13.0")),
        vulnerabilities=[said(0, versions_of("< 13.0"))],
    )
    assert open_findings(con) == [(day_of(0), day_of(6), 0.7)]
    assert [row[1] for row in open_findings(con, "A-2")] == [day_of(6), day_of(9)]


def test_an_asset_that_the_next_list_sets_aside_is_not_gone(con):
    rows = inventory(0, ("A-1", "12.0"), ("A-2", "12.0")) + inventory(
        6, ("A-1", "12.0"), ("A-2", "12.0")
    )
    fill(con, {"deliveries": [], "assets": rows, "vulnerabilities": [said(0, all_versions())]})
    con.execute(
        "insert into quality.verdicts values ('assets', ?, 1, 'r', 'critical', 'x', 'y')",
        [rows[2]["delivery_id"]],
    )
    facts_of.make(con, "facts.open_vulnerabilities")
    con.execute("delete from quality.verdicts")
    assert open_findings(con) == [(day_of(0), day_of(6), 0.6), (day_of(6), END, 0.6)]


def test_it_ends_when_the_advisory_is_withdrawn_or_no_longer_says_so(con):
    first = [said(0, all_versions(), key="A", source_id="csaf")]
    withdrawn = said(4, all_versions(), key="A", source_id="csaf", is_withdrawn=True)
    derive(con, assets=inventory(0, ("A-1", "1")), vulnerabilities=[*first, withdrawn])
    assert open_findings(con) == [(day_of(0), day_of(4), 0.6)]
    revised = received("csaf", 4, 9, report_key="A", kind="advisory", is_withdrawn=True)
    derive(con, assets=inventory(0, ("A-1", "1")), vulnerabilities=first, reports=[revised])
    assert open_findings(con) == [(day_of(0), day_of(4), 0.6)]


def test_an_older_revision_that_comes_late_changes_nothing(con):
    rows = [said(2, versions_of("< 5"), disclosed_at=at(2))]
    rows.append(said(6, all_versions(), disclosed_at=at(1)))
    derive(con, assets=inventory(0, ("A-1", "1")), vulnerabilities=rows)
    assert open_findings(con) == [(day_of(2), END, 0.7)]


def test_a_scan_two_weeks_later_that_does_not_list_it_ends_it(con):
    derive(
        con,
        assets=inventory(0, ("A-1", "12.0")) + inventory(20, ("A-1", "12.0")),
        vulnerabilities=[said(2, versions_of("< 13.0"))],
        findings=scan(9) + scan(16) + scan(23),
    )
    assert open_findings(con) == [(day_of(2), day_of(16), 0.7)]


def test_a_scan_of_other_assets_or_of_a_plant_ends_nothing(con):
    derive(
        con,
        assets=inventory(0, ("A-1", "12.0"), named("P-1", "12.0", reach="ics")),
        vulnerabilities=[said(2, versions_of("< 13.0"))],
        findings=scan(20, assets=["A-2"]) + scan(22, assets=["P-1"]),
    )
    assert open_findings(con) == [(day_of(2), END, 0.7)]
    assert open_findings(con, "P-1") == [(day_of(2), END, 0.7)]


def test_a_scan_that_has_listed_something_at_a_plant_knows_it(con):
    derive(
        con,
        assets=inventory(0, named("P-1", "12.0", reach="ics")),
        vulnerabilities=[said(2, versions_of("< 13.0"))],
        findings=scan(18) + scan(20, ("P-1", "CVE-2019-0001")) + scan(22),
    )
    inferred = [row for row in open_findings(con, "P-1") if row[2] < 1]
    assert inferred == [(day_of(2), day_of(20), 0.7)]


def test_what_a_scan_found_too_counts_once_and_as_found(con):
    derive(
        con,
        assets=inventory(0, ("A-1", "12.0")),
        vulnerabilities=[said(2, versions_of("< 13.0"))],
        findings=scan(5, ("A-1", CVE)),
    )
    rows = con.execute(
        "select from_date, until_date, credibility_0_1, inferred_from, n_assets "
        "from facts.open_vulnerabilities order by 1"
    ).fetchall()
    ground = "Citrix NetScaler ADC 12.0, version in range: nvd"
    assert rows == [
        (day_of(2), day_of(5), 0.7, ground, 1),
        (day_of(5), END, 1.0, None, 1),
    ]


def test_found_weighs_more_than_inferred(con):
    hazard = "select cast(max(hazard) as double) from facts.open_vulnerabilities"
    given = {"assets": inventory(0, ("A-1", "12.0"))}
    derive(con, **given, vulnerabilities=[said(2, versions_of("< 13.0"))])
    inferred = con.execute(hazard).fetchone()[0]
    derive(con, **given, findings=scan(2, ("A-1", CVE)))
    assert inferred == pytest.approx(0.7 * con.execute(hazard).fetchone()[0])


@pytest.mark.parametrize("status", ["not_affected", "fixed"])
def test_what_the_supplier_states_overrules_the_scan_until_it_says_otherwise(con, status):
    derive(
        con,
        assets=inventory(0, ("A-1", "12.0")),
        findings=scan(1, ("A-1", CVE), ("A-2", CVE))
        + vex(4, status, justification="code not reachable")
        + vex(9, "open"),
    )
    assert open_findings(con) == [
        (day_of(1), day_of(4), 1.0),
        (day_of(9), END, 1.0),
        (day_of(9), END, 1.0),
    ]
    assert open_findings(con, "A-2") == [(day_of(1), END, 1.0)]


def test_it_overrules_what_the_scan_finds_later_and_what_is_inferred(con):
    derive(
        con,
        assets=inventory(0, ("A-1", "12.0")),
        vulnerabilities=[said(2, all_versions())],
        findings=vex(4, "not_affected") + scan(8, ("A-1", CVE)),
    )
    assert open_findings(con) == [(day_of(2), day_of(4), 0.6)]


def test_a_statement_on_a_product_holds_for_all_assets_that_run_the_same_version(con):
    derive(
        con,
        assets=inventory(0, ("A-1", "12.0"), ("A-2", "V12"), ("A-3", "13.0")),
        findings=scan(1, ("A-2", CVE), ("A-3", CVE)) + vex(4, "not_affected"),
    )
    assert open_findings(con, "A-2") == [(day_of(1), day_of(4), 1.0)]
    assert open_findings(con, "A-3") == [(day_of(1), END, 1.0)]


def test_a_vendor_overrules_for_the_versions_that_it_names(con):
    cleared = said(
        4, versions_of(">= 13.0"), source_id="csaf", key="V", status="not_affected",
        justification="vulnerable_code_not_present",
    )  # fmt: skip
    derive(
        con,
        assets=inventory(0, ("A-1", "13.1"), ("A-2", "12.0")),
        findings=scan(1, ("A-1", CVE), ("A-2", CVE)),
        vulnerabilities=[cleared, said(8, versions_of(">= 13.0"), source_id="csaf", key="V")],
    )
    assert open_findings(con)[:2] == [(day_of(1), day_of(4), 1.0), (day_of(8), END, 0.7)]
    assert open_findings(con, "A-2") == [(day_of(1), END, 1.0)]
    justification = con.execute("select justification from facts.overruling_statements").fetchall()
    assert justification == [("vulnerable_code_not_present",)]


def test_a_bill_of_materials_is_no_scan(con):
    derive(con, findings=vex(3, "open"))
    facts_of.make(con, "facts.scan_dates")
    assert con.execute("from facts.scan_dates").fetchall() == []


DAYS = st.integers(0, 25)
deliveries = st.lists(
    st.one_of(
        st.tuples(st.just("assets"), DAYS, st.sampled_from(["12.0", "13.0", None])),
        st.tuples(st.just("said"), DAYS, st.sampled_from(["< 13.0", "*", "FW1"])),
        st.tuples(st.just("not_affected"), DAYS, st.just("")),
        st.tuples(st.just("scan"), DAYS, st.booleans()),
        st.tuples(st.just("vex"), DAYS, st.sampled_from(["open", "fixed", "not_affected"])),
        st.tuples(st.just("kev"), DAYS, st.just("")),
    ),
    max_size=8,
    unique_by=lambda one: one[:2],
)


def world_of(history):
    world = {}
    for kind, day, what in history:
        rows = {
            "assets": lambda d, w: ("assets", inventory(d, ("A-1", w))),
            "said": lambda d, w: ("vulnerabilities", [said(d, versions_of(w))]),
            "not_affected": lambda d, _: (
                "vulnerabilities",
                [said(d, all_versions(), source_id="csaf", key="V", status="not_affected")],
            ),
            "scan": lambda d, w: ("findings", scan(d, *([("A-1", CVE)] if w else []))),
            "vex": lambda d, w: ("findings", vex(d, w)),
            "kev": lambda d, _: ("exploited_vulnerabilities", listed(d)),
        }[kind](day, what)
        world.setdefault(rows[0], []).extend(rows[1])
    return world


def by_day(con):
    rows = con.execute(
        "select from_date, until_date, cast(hazard as double), inferred_from, reach "
        "from facts.open_vulnerabilities"
    ).fetchall()
    return [{row[2:] for row in rows if row[0] <= day_of(n) < row[1]} for n in range(30)]


@examples(10)
@given(deliveries, st.randoms(), DAYS)
def test_order_changes_nothing_and_nothing_looks_ahead(con, history, random, day):
    derive(con, **world_of(history))
    whole = by_day(con)
    assert all(len(on_day) <= 1 for on_day in whole)
    derive(con, **world_of(random.sample(history, len(history))))
    assert by_day(con) == whole
    derive(con, **world_of([one for one in history if one[1] <= day]))
    assert by_day(con)[: day + 1] == whole[: day + 1]


def test_what_is_inferred_and_what_is_overruled_stand_in_the_explanation(tmp_path):
    world = World(tmp_path)
    world.suppliers(FIRST, [("S-1", "Aquila Power", {"energy": 1.0}, 5, None)])
    one = inventory(0, ("A-1", "12.0"))[0]
    world.deliver("assets", FIRST, [{k: one[k] for k in named("A-1", "12.0")}], "assets")
    content = statement("Citrix", "NetScaler ADC", versions_of("< 13.0"))
    world.deliver("vulnerabilities", FIRST, [{"cve_id": CVE, "affected": [content]}], "nvd")
    cleared = {"supplier_id": "S-1", "asset_id": "A-1", "status": "not_affected"}
    why = {"cve_id": CVE, "justification": "code not reachable"}
    world.deliver(
        "findings",
        day_of(5),
        [cleared | {"status": "scanned"}, cleared | why],
        "cyclonedx",
    )
    world.listed(day_of(1), [CVE])
    world.score(FIRST, day_of(8))
    with open_snapshot(world.publish()) as con:
        before = explain_supplier(con, "S-1", day_of(2))
        after = explain_supplier(con, "S-1", day_of(6))
        drivers = con.execute(
            "select driver_kind, driver_title, points from scores.supplier_driver_daily "
            "where score_date = ? order by driver_rank",
            [day_of(2)],
        ).fetchall()
    (line,) = before.vulnerabilities
    assert (line.credibility_0_1, line.reach, line.cve_id) == (0.7, "internet", CVE)
    assert line.inferred_from == "Citrix NetScaler ADC 12.0, version in range: nvd"
    assert drivers[0][:2] == (
        "inferred vulnerability",
        f"{CVE} (inferred from Citrix NetScaler ADC 12.0, version in range: nvd)",
    )
    assert sum(points for *_, points in drivers) == pytest.approx(
        before.score.susceptibility_points
    )
    assert before.score.coverage_state == "no scan"
    assert [one.justification for one in after.overruled] == ["code not reachable"]
    assert [one.cve_id for one in after.vulnerabilities] == [None]
    written = "\n".join(told(explanation(one)) for one in (before, after))
    assert "inferred (70%) from Citrix NetScaler ADC 12.0" in written
    assert "code not reachable" in written


def told(table):
    console = Console(width=300, record=True, file=StringIO())
    console.print(table)
    return console.export_text()
