"""Durations as they are typed and as they are read."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.durations import LONGEST, format_duration, is_duration, parse_duration, typed_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("3d", timedelta(days=3)),
        ("2w", timedelta(weeks=2)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("90m", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
        ("1w2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("3650d", LONGEST),
    ],
)
def test_durations_people_type(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "d",
        "-3d",
        "3d ",
        " 3d",
        "3 d",
        "1m1h",
        "1h1h",
        "1.5h",
        "3D",
        "three days",
        "٣d",
        "3days",
        "1" * 10 + "s",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration such as 3d"):
        parse_duration(text)
    assert not is_duration(text)


@pytest.mark.parametrize(("text", "why"), [("0d", "longer than nothing"), ("0h0m", "longer"), ("3651d", "ten years")])
def test_durations_that_make_no_sense_are_refused(text: str, why: str) -> None:
    assert is_duration(text)
    with pytest.raises(ValueError, match=why):
        parse_duration(text)


@given(st.integers(1, int(LONGEST.total_seconds())))
def test_what_is_written_is_read_again(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(typed_duration(duration)) == duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (0.05000001, "0.1 s"),
        (3.21, "3.2 s"),
        (3, "3 s"),
        (9.97, "10 s"),
        (42.4, "42 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3599.7, "1 h"),
        (12_000, "3 h 20 min"),
        (86_399, "1 day"),
        (86_400, "1 day"),
        (93_600, "1 day 2 h"),
        (3 * 86_400, "3 days"),
        (14 * 86_400, "14 days"),
        (-200, "-3 min 20 s"),
    ],
)
def test_durations_as_people_read_them(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text
