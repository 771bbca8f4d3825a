"""Two deliveries of one day: the later one holds, whatever their hashes."""

from datetime import date, datetime

import pytest
from small_world import World, sector

from pipeline import facts

pytestmark = pytest.mark.slow

DAY = date(2020, 1, 6)
CVE = "CVE-2019-19781"


@pytest.fixture(
    scope="module",
    params=[("a", "b"), ("b", "a")],
    ids=["as their hashes", "against their hashes"],
)
def con(request, tmp_path_factory):
    """A wrong statement in the morning, the right one in the evening."""
    morning, evening = request.param
    world = World(tmp_path_factory.mktemp("world"))
    for delivery_id, hour, criticality, is_ransomware, percentile, kind in (
        (morning, 8, 1, False, 0.1, "news"),
        (evening, 18, 5, True, 0.9, "alert"),
    ):
        stated = {"known_at": datetime(2020, 1, 6, hour)}
        for table, source_id, row in (
            ("suppliers", "supplier_register",
             {"supplier_id": "S-1", "supplier_name": "One", "criticality_1_5": criticality}),
            ("exploited_vulnerabilities", "kev", {"cve_id": CVE, "is_ransomware": is_ransomware}),
            ("epss_scores", "epss",
             {"cve_id": CVE, "epss_date": DAY, "epss_0_1": 0.1, "percentile_0_1": percentile}),
            ("reports", "stix",
             {"report_key": "R-1", "kind": kind, "title": "Attacks", "facts": [sector("energy")],
              "published_at": datetime(2020, 1, 6)}),
            ("findings", "scanner_findings",
             {"supplier_id": "S-1", "asset_id": "A-1", "cve_id": CVE, "status": "open"}),
        ):  # fmt: skip
            row = row | stated
            world.deliver(table, DAY, [row], source_id, delivery_id=f"{source_id}/{delivery_id}")
    facts.refresh_facts(world.con, "then")
    yield world.con
    world._opened.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        ("select distinct criticality_1_5 from facts.register_versions", [(5,)]),
        ("select evidence from facts.exploitation_evidence", [("listed, ransomware",)]),
        ("select kind from facts.report_versions", [("alert",)]),
        (
            "select c.lower_percentile_0_1 from facts.exploitation_estimates as e "
            "inner join method.epss_classes as c on e.probability = c.probability",
            [(0.9,)],
        ),
    ],
)
def test_the_evenings_statement_holds(con, fact, expected):
    assert con.execute(fact).fetchall() == expected
