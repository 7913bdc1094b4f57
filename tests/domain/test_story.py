"""What of a journal belongs together."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from builders import NOW, a_release

from bot.domain.model import CLOCK, PUSH, Release, Stage
from bot.domain.story import Broke, Line, Part, Rolled, Said, story

RELEASES = [a_release(f"r{n}", Stage.LIVE) for n in range(1, 4)]


def line(minute: float, what: str, why: str = "", actor: str = "UALICE") -> Line:
    return Line(NOW + timedelta(minutes=minute), actor, what, why)


def deployed(minute: float, number: int, actor: str = "UALICE", changed: str = "") -> Line:
    return line(minute, "deploy", f"release {number}: main at {'a' * 40}{changed}", actor)


def told(lines: Sequence[Line], releases: Sequence[Release] = RELEASES) -> list[str]:
    return [_short(part) for part in story(lines, releases)]


def _short(part: Part) -> str:
    match part:
        case Rolled():
            changed = f" ({part.changed})" if part.changed else ""
            return f"{part.line.what} {part.release.number}{changed}{f' x{part.count}' if part.count > 1 else ''}"
        case Broke():
            end = f" until {part.well_at:%H:%M}" if part.well_at else ""
            by = f" by {part.ended_by}" if part.ended_by else ""
            return (
                f"broke{f' x{part.times}' if part.times > 1 else ''}{end}{by}{f': {part.found}' if part.found else ''}"
            )
        case Said():
            return f"{part.line.what}{f' x{part.count}' if part.count > 1 else ''}"


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        ([], []),
        ([line(0, "create", f"main at {'a' * 40}"), line(1, "live", "release 1")], ["create 1"]),
        ([deployed(0, 2, changed=": RETRIES=5"), line(1, "failed", "release 2: no")], ["deploy 2 (RETRIES=5)"]),
        ([line(0, "live", "release 2"), line(1, "failed", "release 7: no")], ["live", "failed"]),
        ([deployed(0, 9)], ["deploy"]),
        ([line(0, "broken", "login: no", CLOCK)], ["broke"]),
        (
            [line(0, "broken"), line(1, "found", "a guess"), line(2, "found", "the code"), line(3, "recovered")],
            ["broke until 12:03: the code"],
        ),
        ([line(0, "broken"), line(1, "recovered"), line(5, "broken"), line(6, "recovered")], ["broke x2 until 12:06"]),
        ([line(0, "broken"), line(1, "recovered"), line(20, "broken")], ["broke until 12:01", "broke"]),
        ([line(0, "broken"), line(1, "recovered"), line(12, "steady", "it was")], ["broke until 12:01"]),
        ([line(0, "broken"), deployed(1, 2), line(2, "live", "release 2")], ["broke until 12:02 by live", "deploy 2"]),
        ([line(0, "broken"), line(1, "sleep")], ["broke until 12:01 by sleep", "sleep"]),
        ([line(0, "recovered"), line(1, "found", "late")], ["recovered", "found"]),
        ([line(0, "extend"), line(1, "extend"), line(2, "extend", actor="UBOB")], ["extend x2", "extend"]),
        ([deployed(0, 1, PUSH), deployed(1, 2, PUSH)], ["deploy 1", "deploy 2"]),
    ],
)
def test_what_belongs_together_is_one_part(lines: Sequence[Line], parts: Sequence[str]) -> None:
    assert told(lines) == parts


def test_pushes_that_were_overtaken_are_told_with_the_last_one() -> None:
    overtaken = [a_release("r1", Stage.SUPERSEDED), a_release("r2", Stage.SUPERSEDED), a_release("r3", Stage.LIVE)]
    lines = [deployed(n, n, PUSH) for n in (1, 2, 3)]
    assert told(lines, overtaken) == ["deploy 3 x3"]
    assert told([deployed(n, n) for n in (1, 2, 3)], overtaken) == ["deploy 1", "deploy 2", "deploy 3"]
