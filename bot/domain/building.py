"""What CI says of the image that a release waits for: which run tells most of it, and what follows from that."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.events import BuildSeen, Decision, ReleaseFailed, Target
from bot.domain.hearsay import CiRun, CiState
from bot.domain.model import Release, Stage, Staging
from bot.domain.rollout import release_failed

MOST_AHEAD = timedelta(hours=1)
FEWEST = 3
LONGEST_NAME = 80


def counts(run: CiRun, named: str | None) -> bool:
    """Whether it may be what makes the image. `named`: what the project calls that; else any run as a whole may."""
    return run.name.casefold() == named.casefold() if named else not run.part


def noted(said: CiRun, known: CiRun | None, now: datetime) -> CiRun | None:
    """What is to be remembered of a run, with both its times as far as they can be told. None: it is no news.

    `known`: what is remembered of it. A clock that is far ahead would keep all that is said later from being news.
    """
    at = said.at if said.at and said.at <= now + MOST_AHEAD else now
    if known and not _later(said.state, at, known):
        return None
    return replace(said, at=at, started_at=said.started_at or _began(said.state, at, known))


def _later(state: CiState, at: datetime, known: CiRun) -> bool:
    """Of two that are said of the same second, the end is the later one."""
    if known.at is None or at != known.at:
        return known.at is None or at > known.at
    return known.state is CiState.RUNNING and state is not CiState.RUNNING


def _began(state: CiState, at: datetime, known: CiRun | None) -> datetime | None:
    runs = state is CiState.RUNNING
    if known and (known.state is CiState.RUNNING or not runs):
        return known.started_at
    return at if runs else None


def telling(runs: Sequence[CiRun], named: str | None) -> CiRun | None:
    """Of all runs of a commit, the one that tells most of its image: the first that runs; else one that failed; else
    one that passed. One that failed and was run again does not count."""
    counted = sorted((run for run in runs if counts(run, named) and run.at), key=_at)
    if running := [run for run in counted if run.state is CiState.RUNNING]:
        return min(running, key=lambda run: run.started_at or _at(run))
    newest = {run.name.casefold(): run for run in counted}.values()
    for state in (CiState.FAILED, CiState.PASSED):
        if ended := [run for run in newest if run.state is state]:
            return ended[-1]
    return None


def _at(run: CiRun) -> datetime:
    assert run.at is not None, "what is remembered has its time"
    return run.at


def usual(durations: Collection[timedelta]) -> timedelta | None:
    """How long it takes. One or two say nothing of what is usual."""
    return sorted(durations)[len(durations) // 2] if len(durations) >= FEWEST else None


def build_seen(staging: Staging, event: BuildSeen, now: datetime) -> Decision:
    """A run that failed ends the wait only once the registry was asked after that: another may have made the image."""
    attempt = staging.attempt
    if event.release != attempt.id or not attempt.waiting or staging.resting or staging.waking:
        return Decision(staging)
    release = replace(attempt, build=event.build)
    look = event.look and attempt.stage is Stage.QUEUED
    if release.build and release.build.run.state is CiState.FAILED and not look:
        ended = replace(staging, attempt=release, look_at=None)
        return release_failed(ended, _failed(release, release.build.run), now)
    after = replace(staging, attempt=release, look_at=None if look else staging.look_at)
    shown = {Target.CARD, Target.PROGRESS} if release != attempt else set()
    releases = (release,) if release != attempt else ()
    return Decision(after, releases, frozenset(shown | ({Target.ENGINE} if look else set())))


def _failed(release: Release, run: CiRun) -> ReleaseFailed:
    reason = f"{label(run)} failed, and the registry does not have the image {release.awaits}."
    where = f": {run.url}" if run.url else "."
    step = f"Push a fix; or let it run again, and retry here once it runs. What went wrong there{where}"
    return ReleaseFailed(release.id, reason, next_step=step)


def label(run: CiRun) -> str:
    """As people call it: CI run Build #812."""
    name = "" if run.name.casefold() == "ci" else run.name[:LONGEST_NAME]
    return " ".join(filter(None, ["CI run", name, f"#{run.number}" if run.number else ""]))
