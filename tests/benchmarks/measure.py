"""Measuring: processor time of this process, in rounds that take each of the functions in turn."""

import time
from collections.abc import Callable, Sequence
from statistics import median


def seconds(function: Callable[[], object]) -> float:
    """Processor time, all threads together: other work on the machine hardly changes it."""
    start = time.process_time()
    function()
    return time.process_time() - start


def rounds(functions: Sequence[Callable[[], object]], n: int) -> list[list[float]]:
    """Seconds of each function in each of `n` rounds."""
    return [[seconds(function) for function in functions] for _ in range(n)]


def ratio(measured: list[list[float]], one: int, other: int) -> str:
    """Median of the rounds' ratios, with the lowest and the highest."""
    return spread([row[one] / row[other] for row in measured])


def column(measured: list[list[float]], place: int) -> str:
    """Median seconds of one function, with the lowest and the highest."""
    return spread([row[place] for row in measured]) + " s"


def spread(values: Sequence[float]) -> str:
    """The median and, in brackets, the ends."""
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
