"""Lengths of time as people type them (`3d`, `1h30m`) and as they read them (`1 day 2 h`)."""

import re
from datetime import timedelta

LONGEST = timedelta(days=3650)

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_TYPED = re.compile("".join(rf"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS))
_EXAMPLES = "such as 3d, 12h or 1h30m"


def parse_duration(text: str) -> timedelta:
    """`2w`, `3d`, `1h30m`, `90m`, `45s`: whole numbers, the larger unit first, each unit once.

    Raises ValueError whose text ends a sentence about the value ("must be a duration such as …").
    """
    match = _TYPED.fullmatch(text)
    if match is None or not text:
        raise ValueError(f"must be a duration {_EXAMPLES}")
    seconds = sum(int(count or 0) * size for count, size in zip(match.groups(), _UNITS.values(), strict=True))
    if not seconds:
        raise ValueError(f"must be longer than nothing, {_EXAMPLES}")
    if seconds > LONGEST.total_seconds():
        raise ValueError("must be at most ten years (3650d)")
    return timedelta(seconds=seconds)


def is_duration(text: str) -> bool:
    """Whether the text has the shape of a duration, sensible or not."""
    return bool(text) and _TYPED.fullmatch(text) is not None


def typed_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads as this; fractions of a second are dropped."""
    rest, parts = int(duration.total_seconds()), []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts)


def format_duration(duration: timedelta) -> str:
    """For people, two units at most, rounded: `1 day`, `3 h 20 min`, `3.2 s`."""
    exact = duration.total_seconds()
    if exact < 0:
        return f"-{format_duration(-duration)}"
    if (tenths := round(exact, 1)) < 10:
        return f"{tenths:g} s"
    if (seconds := round(exact)) < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return _two(seconds, 60, "min", "s")
    if (minutes := round(exact / 60)) < 1_440:
        return _two(minutes, 60, "h", "min")
    hours = round(exact / 3_600)
    return _two(hours, 24, "days" if hours >= 48 else "day", "h")


def _two(amount: int, size: int, large: str, small: str) -> str:
    whole, rest = divmod(amount, size)
    return f"{whole} {large} {rest} {small}" if rest else f"{whole} {large}"
