"""Suppliers, scans and findings as histories: what was open on each day, as known by then."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import warehouse
from pipeline.settings import Settings
from tests import facts_of

pytestmark = pytest.mark.slow

START = date(2020, 1, 1)
TEXTS = ("delivery_id", "supplier_id", "asset_id", "cve_id", "status")
SCHEMA = pa.schema(
    [("known_at", pa.timestamp("us")), ("source_row", pa.int64())]
    + [(name, pa.string()) for name in TEXTS]
)
DAYS = [START + timedelta(n) for n in range(12)]


@dataclass
class Scan:
    """What one delivery of a scanner says of one supplier."""

    day: date
    supplier_id: str
    found: set = field(default_factory=set)  # (asset, cve)
    assets: set | None = None  # the assets scanned; None = the supplier as a whole


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with warehouse.open_warehouse(Settings(home=home)) as con:
        con.execute("set variable knowledge = 'then'")
        con.execute("begin")  # never committed: nothing is worth writing to disk
        yield con
        con.execute("rollback")


def day_of(n):
    return START + timedelta(n)


def deliver(con, scans):
    """Stage the scans in the order given, each as a delivery of its own, and derive the facts."""
    rows = [row for scan in scans for row in enumerated(scan)]
    given_rows = pa.Table.from_pylist(rows, SCHEMA)
    con.register("given_rows", given_rows)
    con.execute("delete from staged.findings")
    con.execute(
        "insert into staged.findings by name select *, known_at as disclosed_at, "
        "'s' as source_id, '' as record, '' as record_md5, false as is_repeat from given_rows"
    )
    con.unregister("given_rows")
    facts_of.make(con, "facts.open_findings")


def enumerated(scan):
    """Rows of a scan: what it found, and what it scanned."""
    found = [(asset, cve, "open") for asset, cve in sorted(scan.found)]
    scanned = [(asset, None, "scanned") for asset in sorted(scan.assets or {None})]
    return [
        {
            "delivery_id": f"s/{scan.day}/{scan.supplier_id}",
            "known_at": datetime.combine(scan.day, time(23)),
            "supplier_id": scan.supplier_id,
            "source_row": number,
            "asset_id": asset,
            "cve_id": cve,
            "status": status,
        }
        for number, (asset, cve, status) in enumerate(found + scanned, 1)
    ]


def open_by_day(con):
    rows = con.execute(
        "select supplier_id, asset_id, cve_id, from_date, until_date from facts.open_findings"
    ).fetchall()
    return {day: {tuple(row[:3]) for row in rows if row[3] <= day < row[4]} for day in DAYS}


def expected_by_day(scans):
    """The definition, told day by day: the latest scan that covers an asset says what is open."""
    return {
        day: {
            (scan.supplier_id, asset, cve)
            for scan in scans
            for asset, cve in scan.found
            if scan.day <= day
            and not any(
                later.supplier_id == scan.supplier_id
                and scan.day < later.day <= day
                and (later.assets is None or asset in later.assets)
                for later in scans
            )
        }
        for day in DAYS
    }


FOUND = st.sets(
    st.tuples(st.sampled_from("AB"), st.sampled_from(["CVE-2019-1000", "CVE-2019-2000"]))
)


@st.composite
def histories(draw):
    """Scans of two suppliers: one always as a whole, the other asset by asset."""
    scans = []
    for supplier_id in ("S-1", "S-2"):
        for n in sorted(draw(st.sets(st.integers(0, 9), max_size=5))):
            assets = (
                None if supplier_id == "S-1" else draw(st.sets(st.sampled_from("AB"), min_size=1))
            )
            found = {one for one in draw(FOUND) if assets is None or one[0] in assets}
            scans.append(Scan(day_of(n), supplier_id, found, assets))
    return scans


MANY = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@MANY
@given(histories(), st.randoms())
def test_the_latest_scan_that_covers_an_asset_says_what_is_open(con, scans, random):
    shuffled = random.sample(scans, len(scans))
    deliver(con, shuffled)
    assert open_by_day(con) == expected_by_day(scans)


@MANY
@given(histories(), st.integers(0, 9))
def test_what_arrives_later_changes_no_earlier_day(con, scans, n):
    deliver(con, [scan for scan in scans if scan.day < day_of(n)])
    before = open_by_day(con)
    deliver(con, scans)
    after = open_by_day(con)
    assert {day: before[day] for day in DAYS[:n]} == {day: after[day] for day in DAYS[:n]}


def test_a_scan_that_did_not_run_closes_nothing(con):
    found = {("A", "CVE-2019-1000"), ("B", "CVE-2019-2000")}
    deliver(con, [Scan(day_of(0), "S-1", found), Scan(day_of(3), "S-2")])
    assert open_by_day(con)[day_of(5)] == {("S-1", *one) for one in found}


def test_a_host_whose_scan_broke_off_keeps_its_findings(con):
    found = {("A", "CVE-2019-1000"), ("B", "CVE-2019-2000")}
    deliver(
        con,
        [Scan(day_of(0), "S-2", found, {"A", "B"}), Scan(day_of(3), "S-2", set(), {"A"})],
    )
    assert open_by_day(con)[day_of(5)] == {("S-2", "B", "CVE-2019-2000")}


def test_assets_of_two_suppliers_may_have_one_name(con):
    con.execute(
        "insert into staged.assets by name select 'assets' as source_id, 'a' as delivery_id, "
        "row_number() over () as source_row, timestamp '2020-01-01' as known_at, "
        "known_at as disclosed_at, supplier_id, '192.0.2.1' as asset_id, reach, '' as record, "
        "'' as record_md5, false as is_repeat "
        "from (values ('S-1', 'internet'), ('S-2', 'internal')) as t (supplier_id, reach)"
    )
    found = {("192.0.2.1", "CVE-2019-1000")}
    deliver(con, [Scan(day_of(1), "S-1", found), Scan(day_of(1), "S-2", found)])
    reaches = con.execute(
        "select supplier_id, reach from facts.open_findings order by 1"
    ).fetchall()
    con.execute("delete from staged.assets")
    assert reaches == [("S-1", "internet"), ("S-2", "internal")]
