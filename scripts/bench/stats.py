"""Medians, percentiles, spreads, and ratios of rounds that took turns. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from statistics import linear_regression, median


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several rounds, with the smallest and the largest."""

    median: float
    low: float
    high: float
    rounds: int


def spread(values: Sequence[float]) -> Spread:
    """Raises ValueError for no values."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(median(values), min(values), max(values), len(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest rank: the smallest value that `percent` of all do not exceed. Raises ValueError for no values."""
    if not values:
        raise ValueError("nothing was measured")
    if not 0 < percent <= 100:
        raise ValueError(f"no percentile: {percent}")
    ordered = sorted(values)
    rank = -int(-percent * len(ordered) // 100)  # rounded up
    return ordered[max(rank, 1) - 1]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round: what makes one round slow makes its neighbour slow too."""
    return _paired(ours, theirs, lambda a, b: a / b)


def differences(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    return _paired(ours, theirs, lambda a, b: a - b)


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """How a value grows with size: 0 not at all, 1 in proportion. The slope of the logarithms, by least squares.

    Raises ValueError for what is not above 0.
    """
    return linear_regression([log(size) for size in sizes], [log(value) for value in values]).slope


def _paired(ours: Sequence[float], theirs: Sequence[float], of: Callable[[float, float], float]) -> list[float]:
    return [of(a, b) for a, b in zip(ours, theirs, strict=True)]
