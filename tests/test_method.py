"""The method in SQL against the same method in plain Python, and what must hold in any world."""

from copy import deepcopy
from datetime import timedelta

import duckdb
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from method_worlds import FIRST, LAST, at, fill, received, worlds
from reference import Day

from pipeline import warehouse
from pipeline.score import score_range

EXPECTED_EVERY = {"bulletin": 7, "news": 1, "rss": 2}
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
TABLES = [
    "sector_threat_daily",
    "supplier_daily",
    "sector_daily",
    "sector_driver_daily",
    "mix_interval_daily",
    "alerts_daily",
]
SUMS = ["baseline_points", "threat_points", "susceptibility_points", "consequence_points"]

some = examples(8, print_blob=True)


@pytest.fixture(scope="module")
def con():
    with duckdb.connect(config={"threads": 2}) as con:
        warehouse.install(con)
        for source_id, days in EXPECTED_EVERY.items():
            con.execute(
                "update method.sources set expected_every_days = ? where source_id = ?",
                [days, source_id],
            )
        yield con


def score(con, world, spans=((FIRST, LAST),), knowledge="then"):
    """Score the spans of days in the order given, from an empty warehouse."""
    fill(con, world)
    for first, last in spans:
        score_range(con, first, last, knowledge=knowledge, force=True)


def rows(con, table, where="true"):
    """Rows of a table of scores as dictionaries, in the order of their keys."""
    found = con.execute(f"select * from scores.{table} where {where} order by all")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def content(con, where="true"):
    return {table: rows(con, table, where) for table in TABLES}


def references(con, world):
    event_of = dict(con.execute("select report_id, event_id from facts.report_events").fetchall())
    reliability_of = dict(
        con.execute("select source_id, reliability from method.sources").fetchall()
    )
    for day in DAYS:
        yield Day(world, event_of, reliability_of, EXPECTED_EVERY, day)


def scores_of(con):
    """Every score by day and supplier or sector."""
    return {
        (table, row["score_date"], row[key]): row["score_0_100"]
        for table, key in (("supplier_daily", "supplier_id"), ("sector_daily", "sector_id"))
        for row in rows(con, table)
        if row["score_0_100"] is not None
    }


def assert_equal(expected, found):
    """The reference's numbers are those of the row, to 1e-9."""
    for name, value in expected.items():
        if name in found:
            assert found[name] == (
                value if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)
            ), name


def assert_never_lower(con, before, after):
    score(con, before)
    lower = scores_of(con)
    score(con, after)
    higher = scores_of(con)
    assert higher.keys() == lower.keys()
    assert [key for key, value in higher.items() if value < lower[key] - 1e-9] == []


@pytest.mark.slow
@given(world=worlds)
@some
def test_threat_is_that_of_the_reference(con, world):
    score(con, world)
    found = {(row["score_date"], row["sector_id"]): row for row in rows(con, "sector_threat_daily")}
    assert len(found) == 8 * len(DAYS)
    for reference in references(con, world):
        for (day, sector), row in found.items():
            if day == reference.day:
                expected = {
                    "threat_intensity": reference.intensity[sector],
                    "n_events": reference.n_events[sector],
                    "threat_coverage_0_1": reference.coverage,
                }
                assert_equal(expected, row)


@pytest.mark.slow
@given(world=worlds)
@some
def test_scores_are_those_of_the_reference(con, world):
    score(con, world)
    for table, key in (("supplier_daily", "supplier_id"), ("sector_daily", "sector_id")):
        found = {(row["score_date"], row[key]): row for row in rows(con, table)}
        if table == "sector_daily":
            found = {name: row for name, row in found.items() if row["n_suppliers"]}
        expected = {
            (reference.day, name): row
            for reference in references(con, world)
            for name, row in (
                reference.suppliers() if table == "supplier_daily" else reference.sectors()
            )
        }
        assert found.keys() == expected.keys()
        for name, row in expected.items():
            assert_equal(row, found[name])


def a_world(**tables):
    """One power company of criticality 3, with a scan, and the given tables beside."""
    supplier = received(
        "supplier_register",
        0,
        0,
        supplier_id="S-1",
        supplier_name="Aquila Power",
        sectors=[{"vocabulary": "sector", "value": "energy", "share_0_1": None}],
        criticality_1_5=3,
        dependency_0_1=None,
        valid_from=None,
        valid_to=None,
    )
    finding = received(
        "scanner_findings",
        1,
        0,
        supplier_id="S-1",
        asset_id="A-1",
        cve_id="CVE-2019-0001",
        status="open",
        first_seen=None,
        fixed_on=None,
    )
    names = ["reports", "assets", "epss_scores", "exploited_vulnerabilities", "vulnerabilities"]
    empty = {name: [] for name in [*names, "deliveries"]}
    return empty | {"suppliers": [supplier], "findings": [finding]} | tables


def an_alert(day, number=0, **changes):
    return (
        received(
            "bulletin",
            day,
            number,
            report_key="1",
            kind="alert",
            publisher="DHS",
            published_at=at(day, 9),
            modified_at=None,
            valid_until=None,
            supersedes_key=None,
            is_withdrawn=False,
            severity_0_10=8.0,
            reliability=None,
            information_credibility_1_6=None,
            confidence_0_1=None,
            refs=["AA20-006A"],
            facts=[
                named("sector", "sector", "energy", "threatened"),
                named("cve", "cve", CVE, "named"),
            ],
        )
        | changes
    )


CVE = "CVE-2019-0001"


def named(fact_type, vocabulary, value, stance):
    fact = {"fact_type": fact_type, "vocabulary": vocabulary, "value": value, "label": value}
    return fact | {"stance": stance, "confidence_0_1": None, "sentence": ""}


@pytest.mark.slow
def test_the_reliability_that_a_report_states_of_its_author_goes_before_that_of_its_source(con):
    intensity = {}
    for letter in (None, "A", "E"):
        score(con, a_world(reports=[an_alert(3, reliability=letter)]))
        intensity[letter] = max(r["threat_intensity"] for r in rows(con, "sector_threat_daily"))
    assert intensity[None] == intensity["A"]  # bulletins are of reliability A
    assert intensity["E"] / intensity["A"] == pytest.approx(0.15 / 0.95)


@pytest.mark.slow
def test_a_report_of_no_severity_weighs_nothing_and_stops_nothing(con):
    score(con, a_world(reports=[an_alert(3, severity_0_10=0.0)]))
    assert {row["threat_intensity"] for row in rows(con, "sector_threat_daily")} == {0}
    assert {row["n_events"] for row in rows(con, "sector_threat_daily")} == {0}


@pytest.mark.slow
def test_an_asset_counts_as_reachable_from_the_day_on_which_that_is_known(con):
    internet = received("assets", 5, 0, supplier_id="S-1", asset_id="A-1", reach="internet")
    score(con, a_world(assets=[internet]))
    found = {row["score_date"]: row["susceptibility_0_1"] for row in rows(con, "supplier_daily")}
    assert found[DAYS[4]] == pytest.approx(0.02 + 0.98 * (1 - 0.98**0.5))
    assert found[DAYS[5]] == pytest.approx(0.02 + 0.98 * 0.02)


@pytest.mark.slow
def test_a_withdrawn_report_no_longer_marks_a_vulnerability_as_exploited(con):
    withdrawn = an_alert(9, 1, is_withdrawn=True, modified_at=at(9, 10))
    score(con, a_world(reports=[an_alert(3), withdrawn]))
    found = {row["score_date"]: row["susceptibility_0_1"] for row in rows(con, "supplier_daily")}
    assert found[DAYS[8]] > found[DAYS[9]] == found[DAYS[2]]


@pytest.mark.slow
def test_late_sources_widen_the_interval_and_too_few_of_them_give_no_score(con):
    last_day = {"bulletin": 5, "rss": 10, "news": 10}
    deliveries = [
        {"source_id": source, "known_at": at(day), "number": day}
        for source, last in last_day.items()
        for day in range(last + 1)
    ]
    score(con, a_world(deliveries=deliveries))
    found = {row["score_date"]: row for row in rows(con, "supplier_daily")}
    on_time, late, none = (found[DAYS[day]] for day in (9, 12, 25))
    assert on_time["coverage_state"] == "complete"
    assert late["coverage_state"] == "threat sources late"
    assert late["score_0_100"] == on_time["score_0_100"]
    assert late["score_low_0_100"] < on_time["score_low_0_100"]
    assert late["score_high_0_100"] > on_time["score_high_0_100"]
    named = con.execute(
        "select source_id from facts.source_coverage_daily "
        "where score_date = ? and coverage_state = 'late'",
        [DAYS[12]],
    ).fetchall()
    assert named == [("news",)]
    assert none["score_0_100"] is none["score_low_0_100"] is none["band_id"] is None
    assert none["coverage_state"] == "not scored: threat sources are missing"


@pytest.mark.slow
@given(world=worlds)
@some
def test_scores_are_bounded_and_their_parts_add_up(con, world):
    score(con, world)
    for row in [*rows(con, "supplier_daily"), *rows(con, "sector_daily")]:
        if row["score_0_100"] is not None:
            low, middle, high = (row[f"score{end}_0_100"] for end in ("_low", "", "_high"))
            assert 0 <= low <= middle <= high <= 100
            parts = sum(row[name] for name in [*SUMS, "bound_points"])
            assert parts == pytest.approx(middle, abs=1e-9)
    for table, key, points in (
        ("sector", "sector_id", "threat_points"),
        ("supplier", "supplier_id", "susceptibility_points"),
    ):
        drivers = con.execute(
            f"select sum(d.points), any_value(s.{points}) "
            f"from scores.{table}_driver_daily as d inner join scores.{table}_daily as s "
            f"using (score_date, {key}) where s.{points} is not null group by score_date, {key}"
        ).fetchall()
        assert all(total == pytest.approx(whole, abs=1e-9) for total, whole in drivers)


@pytest.mark.slow
@given(world=worlds, cut=st.integers(1, 24), seed=st.randoms(use_true_random=False))
@some
def test_ranges_days_and_orders_of_arrival_give_the_same_rows(con, world, cut, seed):
    score(con, world)
    whole = content(con)
    shuffled = deepcopy(world)
    for table in shuffled.values():
        seed.shuffle(table)
    score(con, shuffled, [(DAYS[cut], LAST), (FIRST, DAYS[cut - 1]), (DAYS[cut], DAYS[cut])])
    assert content(con) == whole


@pytest.mark.slow
@given(world=worlds, last=st.integers(0, 24))
@some
def test_nothing_known_after_a_day_moves_it(con, world, last):
    score(con, world)
    until = f"score_date <= date '{DAYS[last]}'"
    hindsight = content(con, until)
    known = {
        name: [row for row in table if row["known_at"] < at(last + 1, 0)]
        for name, table in world.items()
    }
    score(con, known)
    assert content(con, until) == hindsight


@pytest.mark.slow
@given(world=worlds)
@some
def test_what_is_received_again_changes_nothing(con, world):
    score(con, world)
    before = content(con)
    again = deepcopy(world)
    for name in ("reports", "epss_scores", "vulnerabilities"):
        again[name] += [row | {"source_row": 2, "is_repeat": True} for row in world[name]]
    score(con, again)
    assert content(con) == before


@pytest.mark.slow
@given(
    world=worlds,
    column=st.sampled_from(["severity_0_10", "confidence_0_1"]),
    share=st.floats(0, 1),
)
@some
def test_more_severe_or_more_credible_never_lowers_a_score(con, world, column, share):
    before, after = deepcopy(world), deepcopy(world)
    for lower, higher in zip(before["reports"], after["reports"], strict=True):
        higher[column] = 10 if column == "severity_0_10" else 1
        lower[column] = higher[column] * share
    assert_never_lower(con, before, after)


@pytest.mark.slow
@given(world=worlds, earlier=st.integers(0, 40), later=st.integers(0, 40))
@some
def test_more_recent_never_lowers_a_score(con, world, earlier, later):
    """Published nearer to the day on which it became known; which version is the newest stays."""
    before, after = deepcopy(world), deepcopy(world)
    for old, new in zip(before["reports"], after["reports"], strict=True):
        old["modified_at"] = new["modified_at"] = old["known_at"]
        old["published_at"] = old["known_at"] - timedelta(days=max(earlier, later))
        new["published_at"] = old["known_at"] - timedelta(days=min(earlier, later))
    assert_never_lower(con, before, after)


@pytest.mark.slow
@given(world=worlds)
@some
def test_corroboration_never_lowers_a_score(con, world):
    other = [
        row | {"publisher": "A third voice", "record_md5": row["record_md5"] + "third"}
        for row in world["reports"]
    ]
    said_again = [
        row | {"source_id": "csaf", "delivery_id": f"csaf/{place}", "refs": ["AA20-006A"]}
        for place, row in enumerate(other)
    ]
    for row in [*world["reports"], *said_again]:
        row["refs"] = ["AA20-006A"]
    assert_never_lower(con, world, world | {"reports": [*world["reports"], *said_again]})


@pytest.mark.slow
@given(world=worlds)
@some
def test_higher_criticality_never_lowers_a_score(con, world):
    before, after = deepcopy(world), deepcopy(world)
    for lower, higher in zip(before["suppliers"], after["suppliers"], strict=True):
        lower["criticality_1_5"], higher["criticality_1_5"] = 2, 4
    assert_never_lower(con, before, after)


@pytest.mark.slow
@given(world=worlds)
@some
def test_one_more_open_vulnerability_never_lowers_a_score(con, world):
    before, after = deepcopy(world), deepcopy(world)
    for row in world["findings"]:
        if row["status"] == "scanned":
            one_more = {"status": "open", "asset_id": "A-3", "cve_id": "CVE-2019-0009"}
            after["findings"].append(row | one_more | {"source_row": 99})
    assert_never_lower(con, before, after)
