"""Medians, percentiles and ratios of rounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.bench.stats import Spread, differences, exponent, percentile, ratios, spread

TIMES = st.lists(st.floats(0.001, 1000), min_size=1)


def test_the_spread_of_several_rounds() -> None:
    assert spread([3.0, 1.0, 2.0, 9.0, 4.0]) == Spread(3.0, 1.0, 9.0, 5)


def test_nothing_measured_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 50)


@pytest.mark.parametrize(("percent", "value"), [(1, 1), (5, 1), (50, 10), (51, 11), (95, 19), (96, 20), (100, 20)])
def test_a_percentile_is_the_nearest_rank(percent: float, value: float) -> None:
    assert percentile([float(each) for each in range(20, 0, -1)], percent) == value


@pytest.mark.parametrize("percent", [0, -1, 100.1])
def test_there_is_no_such_percentile(percent: float) -> None:
    with pytest.raises(ValueError, match="no percentile"):
        percentile([1.0], percent)


@given(TIMES, st.integers(1, 100))
def test_enough_values_are_not_above_a_percentile(times: list[float], percent: int) -> None:
    found = percentile(times, percent)
    assert found in times
    assert sum(value <= found for value in times) * 100 >= percent * len(times)
    assert sum(value < found for value in times) * 100 < percent * len(times)


def test_rounds_are_compared_with_their_neighbours() -> None:
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]
    assert differences([2.0, 9.0], [1.0, 3.0]) == [1.0, 6.0]


def test_a_round_without_a_neighbour_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([2.0, 9.0], [1.0])


@pytest.mark.parametrize(
    ("values", "grows"), [((7, 7, 7), 0), ((10, 100, 500), 1), ((100, 10_000, 250_000), 2), ((0.1, 0.01, 0.002), -1)]
)
def test_how_a_value_grows(values: tuple[float, ...], grows: float) -> None:
    assert exponent((10, 100, 500), values) == pytest.approx(grows)


def test_what_is_nothing_does_not_grow() -> None:
    with pytest.raises(ValueError, match=r"domain|positive"):
        exponent((10, 100), (0, 1))
