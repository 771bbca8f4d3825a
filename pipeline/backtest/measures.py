"""Measures of a forecast: rank correlation, AUC, Brier score, log loss, skill, reliability.

Arrays hold one entry per sector-month. A measure that the data cannot give (one class only, no
variation) is NaN, never zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]

SEED = 20200103
N_REPLICATES = 1000
BLOCK_MONTHS = 3
NAN = float("nan")


@dataclass(frozen=True)
class Estimate:
    """A measure with its 95 % bootstrap interval; NaN = the data cannot give it."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Value and interval, two decimals."""
        if np.isnan(self.value):
            return "not defined"
        if np.isnan(self.low):
            return f"{self.value:z.2f} (no interval)"
        return f"{self.value:z.2f} ({self.low:z.2f} to {self.high:z.2f})"


@dataclass(frozen=True)
class Bin:
    """Forecasts of about one size: their mean, how often it came true, 95 % Wilson interval."""

    n: int
    forecast: float
    observed: float
    low: float
    high: float


def rank_correlation(x: Floats, y: Floats) -> float:
    """Spearman's rank correlation; ties share their mean rank."""
    from scipy.stats import rankdata

    a, b = (ranks - ranks.mean() for ranks in (rankdata(x), rankdata(y)))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else NAN


def auc(came_true: Flags, x: Floats) -> float:
    """Probability that x is higher where it came true than where not; ties count half."""
    wins, pairs = _wins(came_true, x)
    return wins / pairs if pairs else NAN


def auc_within(came_true: Flags, x: Floats, groups: Indices) -> float:
    """The same over pairs within one group, so that differences between groups earn nothing."""
    totals = np.array([_wins(came_true[groups == g], x[groups == g]) for g in np.unique(groups)])
    wins, pairs = totals.sum(axis=0)
    return float(wins / pairs) if pairs else NAN


def _wins(came_true: Flags, x: Floats) -> tuple[float, int]:
    from scipy.stats import rankdata

    n_true = int(came_true.sum())
    wins = float(rankdata(x)[came_true].sum()) - n_true * (n_true + 1) / 2
    return wins, n_true * (len(x) - n_true)


def correlation_within(x: Floats, y: Floats, groups: Indices) -> float:
    """Rank correlation of x and y, each ranked within its group; groups count by their size."""
    from scipy.stats import rankdata

    a, b = np.empty(len(x)), np.empty(len(x))
    for group in np.unique(groups):
        own = groups == group
        a[own], b[own] = (rankdata(v[own]) / (own.sum() + 1) - 0.5 for v in (x, y))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else NAN


def brier(came_true: Flags, forecast: Floats) -> float:
    """Mean squared difference of forecast and outcome; 0 is perfect."""
    return float(np.mean((forecast - came_true) ** 2)) if len(forecast) else NAN


def log_loss(came_true: Flags, forecast: Floats) -> float:
    """Mean of −ln of the probability given to what happened (nats); 0 is perfect."""
    given = np.where(came_true, forecast, 1 - forecast)
    return float(-np.mean(np.log(np.maximum(given, 1e-15)))) if len(forecast) else NAN


def brier_skill(came_true: Flags, forecast: Floats, baseline: Floats) -> float:
    """1 − Brier / Brier of the baseline: 1 is perfect, 0 no better, below 0 worse."""
    reference = brier(came_true, baseline)
    return 1 - brier(came_true, forecast) / reference if reference > 0 else NAN


def reliability(came_true: Flags, forecast: Floats, n_bins: int = 5) -> list[Bin]:
    """Bins of nearly equal numbers of forecasts, from the lowest to the highest."""
    from scipy.stats import binomtest

    bins = []
    for part in np.array_split(np.argsort(forecast, kind="stable"), n_bins):
        if len(part):
            n_true = int(came_true[part].sum())
            interval = binomtest(n_true, len(part)).proportion_ci(method="wilson")
            bins.append(
                Bin(
                    n=len(part),
                    forecast=float(forecast[part].mean()),
                    observed=n_true / len(part),
                    low=float(interval.low),
                    high=float(interval.high),
                )
            )
    return bins


def with_intervals(
    measure: Callable[[Indices], Any],
    periods: Indices,
    *,
    block: int = BLOCK_MONTHS,
    n_replicates: int = N_REPLICATES,
) -> list[Estimate]:
    """Measures with the intervals of a circular block bootstrap over periods, seeded.

    Args:
        measure: gives one or several figures for rows by their indices.
        periods: the period of each row (0, 1, 2 …); all rows of a period are drawn together.
        block: how many following periods are drawn together, so that what lasts stays together.
        n_replicates: number of draws.
    """
    n_periods = int(periods.max()) + 1 if len(periods) else 0
    rows_of = [np.flatnonzero(periods == period) for period in range(n_periods)]
    values = np.atleast_1d(measure(np.arange(len(periods))))
    if n_periods < 2 * block:
        return [Estimate(float(value), NAN, NAN) for value in values]
    generator = np.random.default_rng(SEED)
    draws = np.empty((n_replicates, len(values)))
    for replicate in range(n_replicates):
        starts = generator.integers(n_periods, size=-(-n_periods // block))
        drawn = ((starts[:, None] + np.arange(block)) % n_periods).ravel()[:n_periods]
        draws[replicate] = measure(np.concatenate([rows_of[period] for period in drawn]))
    return [_estimate(value, draws[:, n]) for n, value in enumerate(values)]


def _estimate(value: float, draws: Floats) -> Estimate:
    """No interval where more than a tenth of the draws cannot give the measure."""
    known = draws[~np.isnan(draws)]
    if np.isnan(value) or len(known) < 0.9 * len(draws):
        return Estimate(float(value), NAN, NAN)
    low, high = np.quantile(known, [0.025, 0.975])
    return Estimate(float(value), float(low), float(high))
