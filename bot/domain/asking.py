"""When a git host is asked how CI stands of a commit whose image is waited for: gently, and hardly ever if CI tells of
its own accord."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.hearsay import CiRun


@dataclass(frozen=True, slots=True)
class Gently:
    """`first`: how long nothing is asked, as it may be heard. The pause doubles then, up to `longest`. `heard`: the
    pause after something was heard, or when few requests are left; `refused`: after the host has refused to tell."""

    first: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(minutes=1)
    heard: timedelta = timedelta(minutes=5)
    refused: timedelta = timedelta(minutes=10)


GENTLY = Gently()


@dataclass(frozen=True, slots=True)
class Awaited:
    """A commit that is asked about. `said`: what the host told last; `asked`: how often it was."""

    next_look: datetime
    said: tuple[CiRun, ...] = ()
    asked: int = 0


def awaited(now: datetime, how: Gently = GENTLY) -> Awaited:
    return Awaited(now + how.first)


def heard(before: Awaited, now: datetime, how: Gently = GENTLY) -> Awaited:
    """CI told by itself how it stands."""
    return replace(before, next_look=max(before.next_look, now + how.heard))


def answered(
    before: Awaited, runs: Sequence[CiRun], now: datetime, *, scarce: bool, how: Gently = GENTLY
) -> tuple[Awaited, Sequence[CiRun]]:
    """What is to be remembered, and which of these runs are news."""
    doubled: timedelta = how.first * 2 ** min(before.asked, 20)
    pause = how.heard if scarce else min(doubled, how.longest)
    news = [run for run in runs if run not in before.said]
    return Awaited(now + pause, tuple(runs), before.asked + 1), news


def put_off(before: Awaited, until: datetime) -> Awaited:
    """The host did not tell."""
    return replace(before, next_look=until)
