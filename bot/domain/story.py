"""A staging's journal, gathered into what belongs together: a release and what became of it, a breakage and its end,
the same thing several times. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.model import PUSH, Release, Stage

RELEASES = frozenset({"create", "deploy", "configure", "rollback"})
"""What makes a release."""
ENDS = frozenset({"live", "sleep", "delete", "reset"})
"""What ends a breakage without a recovery."""
QUIET = timedelta(minutes=10)
_NUMBER = re.compile(r"release ([0-9]+)")
_CHANGED = re.compile(r" at [0-9a-f]{40}: (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One of the journal: who did what, when and why."""

    at: datetime
    actor: str
    what: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rolled:
    """A release that somebody asked for, with what became of it; of several pushes in a row the last one, `count` of
    them. `changed`: what of the configuration."""

    line: Line
    release: Release
    changed: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Broke:
    """A breakage, or one that came and went `times`. `found`: what was found out. `well_at`: its end, if it has one;
    `ended_by`: what was done that ended it."""

    line: Line
    times: int = 1
    found: str = ""
    well_at: datetime | None = None
    ended_by: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Anything else; `count` of the same by the same person in a row, of which this is the last."""

    line: Line
    count: int = 1


Part = Rolled | Broke | Said


def story(lines: Sequence[Line], releases: Sequence[Release]) -> Sequence[Part]:
    """`lines`: the oldest first. `releases`: all of the staging, as they are by now."""
    parts: list[Part] = []
    by_number = {release.number: release for release in releases}
    for line in lines:
        _add(parts, line, by_number)
    return parts


def _add(parts: list[Part], line: Line, releases: dict[int, Release]) -> None:
    if line.what in ENDS:
        _ended(parts, line)
    release = releases.get(_number(line))
    if line.what in RELEASES and release:
        _roll(parts, line, release)
    elif line.what in ("live", "failed") and any(_is_of(part, release) for part in parts):
        return  # its release tells it
    elif line.what == "broken":
        _break(parts, line)
    elif line.what in ("found", "recovered", "steady") and _open(parts, line.what) is not None:
        _follow(parts, line)
    else:
        _say(parts, line)


def _number(line: Line) -> int:
    found = _NUMBER.match(line.why)
    return int(found[1]) if found else 1 if line.what == "create" else 0


def _is_of(part: Part, release: Release | None) -> bool:
    return isinstance(part, Rolled) and release is not None and part.release.number == release.number


def _roll(parts: list[Part], line: Line, release: Release) -> None:
    """A push that was overtaken by the next one is told with that."""
    changed = _CHANGED.search(line.why)
    last, count = (parts[-1] if parts else None), 1
    if isinstance(last, Rolled) and last.line.actor == line.actor == PUSH and last.release.stage is Stage.SUPERSEDED:
        parts.pop()
        count = last.count + 1
    parts.append(Rolled(line, release, changed[1] if changed else "", count))


def _break(parts: list[Part], line: Line) -> None:
    last = parts[-1] if parts else None
    if isinstance(last, Broke) and last.well_at and line.at < last.well_at + QUIET and not last.ended_by:
        parts[-1] = replace(last, times=last.times + 1, well_at=None)
    else:
        parts.append(Broke(line))


def _open(parts: list[Part], what: str) -> int | None:
    """Where the breakage is that this belongs to: the last one, if it is not over."""
    for at in range(len(parts) - 1, -1, -1):
        part = parts[at]
        if isinstance(part, Broke):
            return at if what == "steady" or part.well_at is None else None
    return None


def _follow(parts: list[Part], line: Line) -> None:
    at = _open(parts, line.what)
    part = parts[at] if at is not None else None
    if at is None or not isinstance(part, Broke):
        return
    match line.what:
        case "found":
            parts[at] = replace(part, found=line.why)
        case "recovered":
            parts[at] = replace(part, well_at=line.at)


def _ended(parts: list[Part], line: Line) -> None:
    at = _open(parts, line.what)
    part = parts[at] if at is not None else None
    if at is not None and isinstance(part, Broke):
        parts[at] = replace(part, well_at=line.at, ended_by=line.what)


def _say(parts: list[Part], line: Line) -> None:
    last = parts[-1] if parts else None
    if isinstance(last, Said) and (last.line.actor, last.line.what) == (line.actor, line.what):
        parts[-1] = Said(line, last.count + 1)
    else:
        parts.append(Said(line))
