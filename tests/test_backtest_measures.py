"""Known answers of the measures."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.backtest import measures
from pipeline.backtest.outlook import SLOPE_CLAIMED, fit

pytestmark = pytest.mark.slow

FLAGS = arrays(bool, st.shared(st.integers(2, 40), key="n"))
VALUES = arrays(
    float, st.shared(st.integers(2, 40), key="n"), elements=st.integers(-50, 50).map(float)
)


def test_a_perfect_predictor_has_auc_1_and_a_constant_one_a_half():
    came_true = np.array([True, False, True, False])
    assert measures.auc(came_true, came_true.astype(float)) == 1
    assert measures.auc(came_true, np.zeros(4)) == 0.5
    assert measures.auc(~came_true, came_true.astype(float)) == 0


def test_auc_counts_pairs():
    came_true = np.array([True, False, False, True])
    x = np.array([2.0, 1.0, 3.0, 3.0])
    assert measures.auc(came_true, x) == (1 + 0 + 1 + 0.5) / 4


def test_a_random_predictor_has_auc_near_a_half():
    generator = np.random.default_rng(1)
    came_true, x = generator.random(20_000) < 0.3, generator.random(20_000)
    assert measures.auc(came_true, x) == pytest.approx(0.5, abs=0.02)


def test_differences_between_sectors_earn_nothing_within():
    sector = np.repeat([0, 1], 50)
    came_true = np.concatenate([np.arange(50) < 5, np.arange(50) < 45])
    x = sector.astype(float)
    assert measures.auc(came_true, x) == pytest.approx(0.9)
    assert measures.auc_within(came_true, x, sector) == 0.5
    assert np.isnan(measures.correlation_within(x, came_true.astype(float), sector))


def test_what_cannot_be_measured_is_nan():
    ones = np.ones(3, bool)
    assert np.isnan(measures.auc(ones, np.arange(3.0)))
    assert np.isnan(measures.rank_correlation(np.zeros(3), np.arange(3.0)))
    assert np.isnan(measures.brier_skill(ones, np.full(3, 0.5), np.ones(3)))
    assert str(measures.with_intervals(lambda _: measures.NAN, np.arange(20))[0]) == "not defined"


def test_scores_of_a_forecast_by_hand():
    came_true, forecast = np.array([True, False]), np.array([0.8, 0.4])
    assert measures.brier(came_true, forecast) == pytest.approx((0.2**2 + 0.4**2) / 2)
    assert measures.log_loss(came_true, forecast) == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)
    half = np.full(2, 0.5)
    assert measures.brier_skill(came_true, forecast, half) == pytest.approx(1 - 0.1 / 0.25)


@given(FLAGS, VALUES)
def test_auc_knows_only_the_order(came_true, x):
    value = measures.auc(came_true, x)
    if np.isnan(value):
        assert came_true.all() or not came_true.any()
    else:
        assert value == pytest.approx(measures.auc(came_true, np.exp(x / 10)))
        assert value == pytest.approx(1 - measures.auc(came_true, -x))
        assert value == pytest.approx(measures.auc_within(came_true, x, np.zeros(len(x), np.intp)))


@given(VALUES, VALUES)
def test_rank_correlation_is_that_of_scipy(x, y):
    from scipy.stats import spearmanr

    value = measures.rank_correlation(x, y)
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert value == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)
    else:
        assert np.isnan(value)


@given(FLAGS, arrays(float, st.shared(st.integers(2, 40), key="n"), elements=st.floats(0.01, 0.99)))
def test_reliability_bins_hold_every_forecast_once_in_order(came_true, forecast):
    bins = measures.reliability(came_true, forecast)
    assert sum(each.n for each in bins) == len(forecast)
    assert sum(each.n * each.observed for each in bins) == pytest.approx(came_true.sum())
    assert sum(each.n * each.forecast for each in bins) == pytest.approx(forecast.sum())
    assert all(a.forecast <= b.forecast + 1e-12 for a, b in pairwise(bins))
    assert all(each.low <= each.observed <= each.high for each in bins)
    assert measures.brier_skill(came_true, forecast, forecast) in (0, pytest.approx(0))


def test_the_bootstrap_is_seeded_and_holds_the_mean_of_a_known_spread():
    generator = np.random.default_rng(7)
    periods, values = np.repeat(np.arange(300), 4), generator.normal(5, 2, 1200)
    first = measures.with_intervals(lambda rows: values[rows].mean(), periods)[0]
    assert first == measures.with_intervals(lambda rows: values[rows].mean(), periods)[0]
    assert first.value == values.mean()
    assert first.high - first.low == pytest.approx(2 * 1.96 * 2 / np.sqrt(1200), rel=0.15)


def test_what_lasts_over_months_widens_the_interval():
    generator = np.random.default_rng(3)
    lasting = np.repeat(generator.normal(size=100), 3)
    alone, together = (
        measures.with_intervals(lambda rows: lasting[rows].mean(), np.arange(300), block=block)[0]
        for block in (1, 6)
    )
    assert together.high - together.low > 1.3 * (alone.high - alone.low)


def test_too_few_months_have_no_interval():
    estimate = measures.with_intervals(lambda rows: rows.mean(), np.arange(5))[0]
    assert estimate.value == 2
    assert np.isnan(estimate.low)
    assert str(estimate) == "2.00 (no interval)"


def test_the_fit_finds_what_was_planted_and_without_data_says_what_the_scale_claims():
    generator = np.random.default_rng(11)
    sector, points = generator.integers(2, size=20_000), generator.uniform(0, 15, 20_000)
    log_odds = np.array([-2.0, -0.5])[sector] + 0.15 * points
    found = fit(generator.random(20_000) < 1 / (1 + np.exp(-log_odds)), points, sector, 2)
    assert found.slope == pytest.approx(0.15, abs=0.02)
    assert found.calm == pytest.approx([1 / (1 + np.exp(2)), 1 / (1 + np.exp(0.5))], abs=0.03)
    nothing = fit(np.zeros(0, bool), np.zeros(0), np.zeros(0, np.intp), 3)
    assert nothing.slope == pytest.approx(SLOPE_CLAIMED)
    assert nothing.calm == pytest.approx([0.5, 0.5, 0.5], abs=1e-3)


def test_the_printed_probability_never_falls_with_the_threat():
    generator = np.random.default_rng(5)
    points = generator.uniform(0, 20, 4_000)
    found = fit(points < 5, points, np.zeros(4_000, np.intp), 1)
    assert found.slope == 0
