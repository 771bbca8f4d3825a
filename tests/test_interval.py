"""The 80 % interval: how often the truth lies inside, world by world, and what widens it."""

from datetime import date
from math import log2, sqrt

import numpy as np
import pytest
from reference import P, interval

from pipeline import warehouse

DAY = date(2020, 1, 6)
METHOD_SD = P["method_sd_points"]


@pytest.fixture(scope="module")
def con(january_settings):
    with warehouse.open_snapshot(january_settings) as opened:
        yield opened


def share_inside(random, amounts, credibility, spread, n=4_000):
    """Draw each event true or not, and the rest from its spread; how many lie inside."""
    events = {str(place): pair for place, pair in enumerate(zip(amounts, credibility, strict=True))}
    rate = 1 + float(np.dot(amounts, credibility))
    low, high = interval(rate, events, spread**2)
    truths = 1 + (random.random((n, len(amounts))) < credibility) @ amounts
    points = 10 * np.log2(truths / rate) + random.normal(0, spread, n)
    return ((points >= low) & (points <= high)).mean()


def a_world(random):
    """Events from weak to strong, credible or not, and whatever else is in doubt."""
    n = random.choice([0, 1, 2, 3, 5, 10, 20, 40])
    amounts = random.choice([0.05, 0.3, 0.6, 1.2, 2.4], n) * random.uniform(0.1, 1, n)
    missing = P["missing_threat_sd_points"] * random.choice([0, 0, 0, 0.2, 0.5])
    scan = random.choice([0, 0, P["stale_scan_sd_points"], P["no_scan_sd_points"]])
    criticality = random.choice([0, 0, P["no_criticality_sd_points"]])
    return (
        amounts * 2.0 ** -random.exponential(1, n),
        random.uniform(0.05, 0.98, n),
        sqrt(METHOD_SD**2 + missing**2 + scan**2 + criticality**2),
    )


def test_four_of_five_truths_lie_inside_the_interval_of_each_world():
    random = np.random.default_rng(20200106)
    inside = [share_inside(random, *a_world(random)) for _ in range(40)]
    assert 0.79 < np.mean(inside) < 0.81
    assert all(0.775 < share < 0.825 for share in inside)


@pytest.mark.slow
def test_four_of_five_truths_lie_inside_the_interval_of_a_thousand_worlds():
    random = np.random.default_rng(1)
    inside = np.array([share_inside(random, *a_world(random), n=20_000) for _ in range(1_000)])
    assert 0.799 < inside.mean() < 0.801
    assert inside.min() > 0.78
    assert inside.max() < 0.82


@pytest.mark.parametrize("amount", [0.3, 1.2, 4.0])
@pytest.mark.parametrize("credibility", [0.05, 0.15, 0.5, 0.76, 0.9])
def test_where_one_event_dominates_the_interval_still_holds(amount, credibility):
    random = np.random.default_rng(7)
    for spread in (METHOD_SD, sqrt(METHOD_SD**2 + P["no_scan_sd_points"] ** 2)):
        share = share_inside(random, np.array([amount]), np.array([credibility]), spread, 100_000)
        assert 0.78 < share < 0.82


def test_without_events_the_interval_is_that_of_a_normal_distribution():
    assert interval(0.3, {}, METHOD_SD**2) == pytest.approx(
        (-1.2816 * METHOD_SD, 1.2816 * METHOD_SD), rel=1e-3
    )


def test_an_event_of_two_sectors_is_one_event():
    """Either both sectors of a supplier are in danger or neither."""
    one = interval(1.5, {"e": (1.0, 0.5)}, METHOD_SD**2)
    two = interval(1.5, {"e": (0.5, 0.5), "f": (0.5, 0.5)}, METHOD_SD**2)
    assert one[1] - one[0] > two[1] - two[0]


def test_the_stored_interval_is_the_one_simulated(con):
    weight = dict(con.execute("select kind, weight from method.report_kinds").fetchall())
    base = con.execute(
        "select base_rate_30d from method.sectors where sector_id = 'energy'"
    ).fetchone()[0]
    faded = weight["campaign"] * 0.7 * 2 ** (-15 / 30)
    amounts = [weight["alert"] * 0.8, weight["bulletin"] * 0.8, faded]
    events = {str(place): (base * amount, 0.6 * 0.8) for place, amount in enumerate(amounts)}
    rate = base * (1 + 0.48 * sum(amounts))
    low, high = interval(rate, events, METHOD_SD**2)
    found = con.execute(
        "select score_0_100, score_low_0_100, score_high_0_100, threat_rate_30d "
        "from scores.supplier_daily where score_date = ? and supplier_id = 'S-4'",
        [DAY],
    ).fetchone()
    assert found is not None
    score, stored_low, stored_high, stored_rate = found
    assert stored_rate == pytest.approx(rate)
    assert (stored_low, stored_high) == pytest.approx((score + low, score + high), abs=1e-9)


def test_what_is_missing_widens_the_interval(con):
    """The same mix on the same day: without scan, without criticality, without both."""
    reach = dict(
        con.execute(
            "select gaps, high_points - low_points from scores.mix_interval_daily "
            "where score_date = ? and mix_id like 'energy:1%'",
            [DAY],
        ).fetchall()
    )
    ordered = ["", "stale scan", "no scan", "no criticality", "no scan, no criticality"]
    widths = [reach[gaps] for gaps in ordered]
    assert widths == sorted(widths)
    assert len(set(widths)) == len(ordered)


def test_the_worked_example_of_one_alert():
    """METHODOLOGY.md: an alert of credibility 0.76 that makes 1.657 of the calm rate."""
    low, high = interval(1.657, {"alert": (0.657 / 0.76, 0.76)}, 1.5**2)
    truths = 10 * log2(1 / 1.657), 10 * log2((1 + 0.657 / 0.76) / 1.657)
    assert truths == pytest.approx((-7.3, 1.7), abs=0.05)
    assert (round(low, 1), round(high, 1)) == (-7.6, 3.4)
