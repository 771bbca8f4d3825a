"""The 80 % interval: its formula, and how often the truth lies inside."""

from datetime import date
from math import log, log2, sqrt

import numpy as np
import pytest

from pipeline import warehouse

DAY = date(2020, 1, 6)


@pytest.fixture(scope="module")
def con(january_settings):
    with warehouse.open_snapshot(january_settings) as opened:
        yield opened


def interval(amounts, credibility, spread):
    """Lower and upper end in points, as the models have it."""
    rate = 1 + (amounts * credibility).sum()
    variance = (amounts**2 * credibility * (1 - credibility)).sum()
    half = 1.2815515655446004 * sqrt(spread**2 + variance * (10 / log(2) / rate) ** 2)
    return 10 * log2(rate) - half, 10 * log2(rate) + half


def test_four_of_five_truths_lie_inside_the_interval_on_average():
    random = np.random.default_rng(20200106)
    inside = []
    for _ in range(400):
        n = random.choice([0, 1, 2, 3, 5, 10, 20, 40])
        amounts = random.choice([0.05, 0.3, 0.6, 1.2, 2.4], n) * random.uniform(0.1, 1, n)
        amounts = amounts * 2.0 ** -random.exponential(1, n)
        credibility = random.uniform(0.05, 0.98, n)
        missing = 6 * random.choice([0, 0, 0, 0.2, 0.5])
        exposure = random.choice([0, 0, 2.5, 5, 10, sqrt(5**2 + 10**2)])
        spread = sqrt(1.5**2 + missing**2 + exposure**2)
        low, high = interval(amounts, credibility, spread)
        truths = 1 + (random.random((2000, n)) < credibility) @ amounts
        points = 10 * np.log2(truths) + random.normal(0, spread, 2000)
        inside.append(((points >= low) & (points <= high)).mean())
    assert 0.78 < np.mean(inside) < 0.82


def test_the_stored_interval_is_the_one_simulated(con):
    weight = dict(con.execute("select kind, weight from method.report_kinds").fetchall())
    credibility = np.full(3, 0.6 * 0.8)
    faded = weight["campaign"] * 0.7 * 2 ** (-15 / 30)
    amounts = np.array([weight["alert"] * 0.8, weight["bulletin"] * 0.8, faded])
    low, high = interval(amounts, credibility, 1.5)
    found = con.execute(
        "select score_0_100 - threat_points, score_low_0_100, score_high_0_100 "
        "from scores.supplier_daily where score_date = ? and supplier_id = 'S-4'",
        [DAY],
    ).fetchone()
    assert found is not None
    rest, stored_low, stored_high = found
    assert (stored_low, stored_high) == pytest.approx((rest + low, rest + high), abs=1e-9)
