"""How points are shared out: exact on a scale of doublings, where the parts themselves add.

A part's points are a logarithm of a sum. Within a day the sum's terms share the points that they
make in proportion. Between two days each term's change counts by the secant of the logarithm, so
that a term that has not changed moves nothing and the moves sum to the change of the points.
"""

from collections.abc import Mapping
from math import exp, expm1, log, log1p, log2
from typing import TypeVar

Key = TypeVar("Key")

_POINTS_PER_E = 10 / log(2)


def points(ratio: float) -> float:
    """A ratio as points: ten for each doubling."""
    return 10 * log2(ratio)


def shared(total: float, amounts: Mapping[Key, float]) -> dict[Key, float]:
    """`total` shared out in proportion to `amounts`."""
    whole = sum(amounts.values())
    return {key: total * amount / whole if whole else 0.0 for key, amount in amounts.items()}


def secant(before: float, after: float) -> float:
    """Points per unit between two sums: `points(after / before) / (after - before)`."""
    growth = after / before - 1
    return _POINTS_PER_E * (log1p(growth) / growth if growth else 1.0) / before


def susceptibility(hazard: float, minimum: float) -> float:
    """Probability that an attempt succeeds."""
    return minimum - (1 - minimum) * expm1(-hazard)


def hazard_secant(before: float, after: float, minimum: float) -> float:
    """Points per unit of hazard between two hazards."""
    step = after - before
    slope = -expm1(-step) / step if step else 1.0
    lower, upper = (susceptibility(hazard, minimum) for hazard in (before, after))
    return secant(lower, upper) * (1 - minimum) * exp(-before) * slope


def changes(
    before: Mapping[Key, float], after: Mapping[Key, float], per_unit: float
) -> dict[Key, float]:
    """Points that each term's change makes; terms on one side only count from or to zero."""
    keys = [*before, *(key for key in after if key not in before)]
    return {key: per_unit * (after.get(key, 0.0) - before.get(key, 0.0)) for key in keys}
