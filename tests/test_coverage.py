"""What is not known of a supplier is counted, shown and widens its interval; it is never safe."""

from datetime import date, timedelta

import pytest
from small_world import World

from pipeline.warehouse import open_snapshot, query

pytestmark = pytest.mark.slow

DAY = date(2020, 3, 20)


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    """Suppliers that are alike but for what is known of them."""
    world = World(tmp_path_factory.mktemp("coverage"))
    first = DAY - timedelta(80)
    rows = [
        ("S-whole", "Whole", {"energy": 1.0}, 3, None),
        ("S-unscanned", "Unscanned", {"energy": 1.0}, 3, None),
        ("S-stale", "Stale", {"energy": 1.0}, 3, None),
        ("S-blank", "Blank", {"energy": 1.0}, None, None),
    ]
    world.suppliers(first, rows)
    world.scan(DAY - timedelta(60), {"S-stale": []})
    world.scan(DAY - timedelta(5), {"S-whole": [], "S-blank": []})
    outside = {"vocabulary": "text", "value": "retail", "share_0_1": 1.0}
    world.deliver(
        "suppliers",
        first,
        [{"supplier_id": "S-shop", "supplier_name": "Shop", "sectors": [outside]}],
        "supplier_register",
    )
    world.score(DAY, DAY)
    with open_snapshot(world.publish()) as con:
        yield con


@pytest.fixture(scope="module")
def scores(con):
    found = con.execute(
        "select supplier_id, score_0_100, score_high_0_100 - score_low_0_100 as width, "
        "susceptibility_0_1, coverage_state from scores.supplier_daily where score_date = ?",
        [DAY],
    )
    names = [column[0] for column in found.description]
    return {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}


def test_each_gap_is_named(scores):
    assert {one: row["coverage_state"] for one, row in scores.items()} == {
        "S-whole": "complete",
        "S-unscanned": "no scan",
        "S-stale": "stale scan",
        "S-blank": "no criticality",
    }


def test_each_gap_widens_the_interval(scores):
    widths = {one: row["width"] for one, row in scores.items()}
    assert widths["S-whole"] < widths["S-stale"] < widths["S-unscanned"] < widths["S-blank"]


def test_what_is_not_known_is_not_safe(scores):
    assert scores["S-unscanned"]["score_0_100"] > scores["S-whole"]["score_0_100"] + 5
    assert scores["S-blank"]["score_0_100"] == scores["S-whole"]["score_0_100"]


def test_gaps_are_counted_with_their_effect(con):
    rows = query(con, "coverage_table", day=DAY)
    assert {row["gap"]: row["suppliers"] for row in rows} == {
        "no criticality": 1,
        "no scan": 1,
        "no sector of the eight": 1,
        "stale scan": 1,
    }
    assert {row["share"] for row in rows} == {"20 %"}
    assert all(row["effect"] for row in rows)
