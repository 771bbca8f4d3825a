"""The printed probability: that a month has more incidents than is usual for the sector.

Log-odds = the sector's on a calm day + slope × threat points: one row per sector in
`method/outlook.csv`, one row of `method/parameters.csv`.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.backtest.measures import Flags, Floats, Indices

SLOPE_CLAIMED = float(np.log(2)) / 10
"""What the scale itself claims: ten points are twice the odds. Prior mean and its own spread."""

SECTOR_SPREAD = float(np.log(2))
"""Prior: a sector's odds differ from the average by a factor of two, either way."""


@dataclass(frozen=True)
class Fit:
    """Parameters that the data and the prior agree on.

    Attributes:
        calm: probability on a calm day, by sector.
        slope: log-odds per threat point.
        slope_sd: its standard deviation after the data.
    """

    calm: tuple[float, ...]
    slope: float
    slope_sd: float


def fit(is_above: Flags, points: Floats, sectors: Indices, n_sectors: int) -> Fit:
    """Maximum a posteriori of a logistic model with sectors pooled in part.

    Args:
        is_above: whether the month had more incidents than usual.
        points: threat points on its eve.
        sectors: number of the sector, from 0.
        n_sectors: how many sectors there are; one without data has the average.
    """
    from scipy.optimize import minimize

    sign = np.where(is_above, 1.0, -1.0)

    def cost(parameters: Floats) -> float:
        level, slope, *differences = parameters
        log_odds = level + np.array(differences)[sectors] + slope * points
        prior = ((slope - SLOPE_CLAIMED) / SLOPE_CLAIMED) ** 2 / 2
        prior += float(np.sum((np.array(differences) / SECTOR_SPREAD) ** 2)) / 2
        return float(np.logaddexp(0, -sign * log_odds).sum() + prior)

    found = minimize(cost, np.zeros(n_sectors + 2), method="BFGS")
    level, slope, *differences = found.x
    calm = 1 / (1 + np.exp(-(level + np.array(differences))))
    return Fit(
        tuple(float(p) for p in calm), max(0.0, float(slope)), float(np.sqrt(found.hess_inv[1, 1]))
    )
