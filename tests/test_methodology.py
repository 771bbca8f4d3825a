"""The worked examples of METHODOLOGY.md, written as arithmetic and computed by the SQL."""

from datetime import date, datetime, timedelta
from math import exp, log, log2

import duckdb
import pytest

from pipeline import score, warehouse

pytestmark = pytest.mark.slow

DAY = date(2020, 1, 6)
PROVENANCE = {
    "delivery_id": "d/1",
    "known_at": datetime(2020, 1, 6),
    "disclosed_at": datetime(2020, 1, 6),
    "record": "{}",
    "is_repeat": False,
}


@pytest.fixture
def con():
    con = duckdb.connect()
    warehouse.install(con)
    yield con
    con.close()


def put(con, table, source_id, row, **columns):
    values = {
        **PROVENANCE,
        "source_id": source_id,
        "delivery_id": f"{source_id}/1",
        "source_row": row,
        "record_md5": f"{table}{row}",
        **columns,
    }
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f"${name}" for name in values)
    con.execute(f"insert into staged.{table} ({names}) values ({marks})", values)


def put_supplier(con, **columns):
    sectors = [{"vocabulary": "sector", "value": "military", "share_0_1": 1.0}]
    put(
        con,
        "suppliers",
        "supplier_register",
        1,
        **{"supplier_id": "S-1", "supplier_name": "One", "sectors": sectors, **columns},
    )


def put_finding(con):
    put(
        con,
        "findings",
        "scanner_findings",
        1,
        supplier_id="S-1",
        asset_id="A-1",
        cve_id="CVE-2019-0001",
        status="open",
    )
    put(con, "assets", "assets", 1, asset_id="A-1", supplier_id="S-1", reach="internet")
    put(con, "vulnerabilities", "nvd", 1, cve_id="CVE-2019-0001", cvss_base_0_10=7.5)


def put_alert(con):
    fact = {
        "fact_type": "sector",
        "vocabulary": "sector",
        "value": "military",
        "label": "military",
        "stance": "threatened",
        "confidence_0_1": 0.9,
        "sentence": "",
    }
    put(
        con,
        "reports",
        "bulletin",
        1,
        report_key="R-1",
        kind="alert",
        title="Alert",
        published_at=datetime(2020, 1, 6),
        facts=[fact],
    )


def one(con, columns, table, day=DAY, **where):
    score.score_range(con, day, day, force=True)
    tests = "".join(f" and {name} = '{value}'" for name, value in where.items())
    return con.execute(
        f"select {columns} from scores.{table} where score_date = ?{tests}", [day]
    ).fetchone()


def test_an_alert_on_its_day_and_a_half_life_later(con):
    letter = con.execute("select reliability from method.sources where source_id = 'bulletin'")
    assert letter.fetchone() == ("A",)
    put_alert(con)
    intensity = 1.2 * (8 / 10) * 0.9 * (0.95 * 0.8)
    first = one(con, "threat_points", "sector_threat_daily", sector_id="military")
    assert first == pytest.approx((10 * log2(1 + intensity),), abs=1e-9)
    later = one(
        con,
        "threat_points",
        "sector_threat_daily",
        DAY + timedelta(days=14),
        sector_id="military",
    )
    assert later == pytest.approx((10 * log2(1 + intensity / 2),), abs=1e-9)
    assert [round(points[0], 1) for points in (first, later)] == [7.3, 4.1]


def test_the_printed_probability_on_a_calm_day_and_under_the_alert(con):
    calm = one(con, "above_usual_0_1", "sector_outlook_daily", sector_id="military")
    assert calm == pytest.approx((0.26,), abs=1e-9)
    put_alert(con)
    con.execute("delete from quality.facts_inputs")
    points = 10 * log2(1 + 1.2 * (8 / 10) * 0.9 * (0.95 * 0.8))
    printed = one(con, "above_usual_0_1", "sector_outlook_daily", sector_id="military")
    log_odds = log(0.26 / (1 - 0.26)) + 0.06 * points
    assert printed == pytest.approx((1 / (1 + exp(-log_odds)),), abs=1e-9)
    assert round(printed[0], 2) == 0.35


def test_a_vulnerability_before_and_after_it_is_listed_as_exploited(con):
    put_supplier(con, criticality_1_5=3)
    put_finding(con)
    before = one(con, "susceptibility_0_1, score_0_100", "supplier_daily")
    assert before[0] == pytest.approx(0.02 + 0.98 * 0.03, abs=1e-9)
    put(con, "exploited_vulnerabilities", "kev", 1, cve_id="CVE-2019-0001")
    con.execute("delete from quality.facts_inputs")
    after = one(con, "susceptibility_0_1, score_0_100", "supplier_daily")
    assert after[0] == pytest.approx(0.02 + 0.98 * 0.3, abs=1e-9)
    assert after[1] - before[1] == pytest.approx(10 * log2(0.314 / 0.0494), abs=1e-9)
    assert round(after[1] - before[1], 1) == 26.7


def test_the_parts_of_a_supplier_sum_to_its_score(con):
    put_supplier(con, criticality_1_5=4, dependency_0_1=0.5)
    put_finding(con)
    put_alert(con)
    hazard = -log(1 - 0.03)
    expected = (
        40
        + 10 * log2((1 + 1.2 * 0.8 * 0.9 * 0.95 * 0.8) * 0.3 / 0.3)
        + 10 * log2((0.02 + 0.98 * (1 - exp(-hazard))) / 0.0625)
        + 10 * log2(2 ** (4 - 1) * 0.5 / 3.2)
    )
    got = one(
        con,
        "score_0_100, baseline_points + threat_points + susceptibility_points "
        "+ consequence_points + bound_points",
        "supplier_daily",
    )
    assert got == pytest.approx((expected, expected), abs=1e-9)


def test_every_parameter_is_inside_its_bounds_and_says_why(con):
    rows = con.execute(
        "select name, value, unit, lower, upper, rationale, source from method.parameters"
    ).fetchall()
    for name, value, unit, lower, upper, rationale, source in rows:
        assert lower <= value <= upper, name
        assert unit, name
        assert rationale, name
        assert source, name
