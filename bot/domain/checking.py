"""When each health check is made, and what its tries decide: two of three that agree. Pure."""

import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.domain.checks import CheckResult, HealthCheck, Stand
from bot.domain.model import Staging

Key = tuple[str, str, str]
"""Ids of a staging and of its live release, and the name of a check."""
START = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Beat:
    """How often. `eager`: the pause between tries in the `first` time after a release went live, and while it is open
    how a check stands; `usual`: else. `noted`: how old the time that a check was seen to stand so may become.
    `apart`: between two looks at what is to be checked. `at_once`: how many tries may be under way, `of_host` at one
    host."""

    eager: timedelta = timedelta(seconds=2)
    usual: timedelta = timedelta(seconds=10)
    first: timedelta = timedelta(minutes=1)
    noted: timedelta = timedelta(minutes=1)
    apart: timedelta = timedelta(seconds=0.2)
    at_once: int = 24
    of_host: int = 2

    def faster(self, times: float) -> "Beat":
        """All that is waited for ends so many times as soon."""
        pauses = {name: getattr(self, name) / times for name in ("eager", "usual", "first", "noted", "apart")}
        return replace(self, **pauses)


BEAT = Beat()


@dataclass(frozen=True, slots=True)
class Watched:
    """One check of one release. `phase`: where in an interval its tries come, 0 to 1. `tries`: those since it was last
    decided, at most two. `stand`: what that was; `noted_at`: when it was last stored that this is so."""

    phase: float
    live_at: datetime
    next_at: datetime
    stand: Stand | None = None
    tries: tuple[CheckResult, ...] = ()
    noted_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Nothing is decided, or something speaks against it."""
        return self.stand is None or any(one.ok is not self.stand.ok for one in self.tries)


def begins(key: Key, live_at: datetime, stand: Stand | None, now: datetime, beat: Beat) -> Watched:
    """Each has times of its own, so that not all are made at once. `stand`: if one is stored."""
    phase = zlib.crc32("\0".join(key).encode()) / 2**32
    watched = Watched(phase, live_at, now, stand)
    return replace(watched, next_at=_on_the_grid(phase, now, _interval(watched, now, beat)))


def due(
    watched: Mapping[Key, Watched], but: Collection[Key], now: datetime, beat: Beat
) -> tuple[Sequence[Key], datetime | None]:
    """Which are, but for these, the longest first; and when the next one will be."""
    found: list[tuple[datetime, Key]] = []
    next_at: datetime | None = None
    for key, one in watched.items():
        if key in but:
            continue
        if _is_due(one, now, beat):
            found.append((one.next_at, key))
        elif next_at is None or one.next_at < next_at:
            next_at = one.next_at
    return [key for _, key in sorted(found)], next_at


def _is_due(watched: Watched, now: datetime, beat: Beat) -> bool:
    """Also when somebody has set the clock back."""
    return watched.next_at <= now or watched.next_at > now + 2 * beat.usual


def tried(watched: Watched, result: CheckResult, now: datetime, beat: Beat) -> tuple[Watched, Stand | None]:
    """And what is news of it. A try that could not be made says nothing."""
    if result.unknown:
        return later(watched, now, beat), None
    tries = (*watched.tries, result)
    agree = [one for one in tries if one.ok is result.ok]
    if len(agree) < 2:
        return later(replace(watched, tries=tries), now, beat), None
    stand = _decided(watched.stand, agree)
    if not _is_news(watched, stand, now, beat):
        return later(replace(watched, tries=()), now, beat), None
    return later(replace(watched, tries=(), stand=stand, noted_at=now), now, beat), stand


def still_so(watched: Watched, result: CheckResult, now: datetime, beat: Beat) -> bool:
    """Whether it is to be stored that the check stands as before."""
    return watched.stand is not None and watched.stand.ok is result.ok and _noting_due(watched, now, beat)


def _decided(before: Stand | None, agree: Sequence[CheckResult]) -> Stand:
    first, newest = agree[0], agree[-1]
    since = before.since if before and before.ok is newest.ok else first.at
    return Stand(newest.check, newest.ok, newest.text, since, newest.answered)


def _is_news(watched: Watched, stand: Stand, now: datetime, beat: Beat) -> bool:
    """Other words for the same may be new each time, so they are taken now and then."""
    before = watched.stand
    if before is None or (before.ok, before.answered) != (stand.ok, stand.answered):
        return True
    return stand != before and _noting_due(watched, now, beat)


def _noting_due(watched: Watched, now: datetime, beat: Beat) -> bool:
    return watched.noted_at is None or now >= watched.noted_at + beat.noted


def later(watched: Watched, now: datetime, beat: Beat) -> Watched:
    """To be tried again in its time."""
    return replace(watched, next_at=_on_the_grid(watched.phase, now, _interval(watched, now, beat)))


def _interval(watched: Watched, now: datetime, beat: Beat) -> timedelta:
    return beat.eager if watched.is_open or now < watched.live_at + beat.first else beat.usual


def _on_the_grid(phase: float, now: datetime, interval: timedelta) -> datetime:
    """The next time of its own, half an interval from now or more: so tries stay spread, and never come in a row."""
    since = now + interval / 2 - START
    return START + (-(-(since - phase * interval) // interval) + phase) * interval


def chosen(due: Iterable[tuple[Key, str]], busy: Mapping[str, int], beat: Beat) -> Sequence[Key]:
    """Which of these may begin: each with the host that it asks. `busy`: how many tries are under way, by host."""
    under_way = Counter(busy)
    found: list[Key] = []
    for key, host in due:
        if under_way.total() < beat.at_once and under_way[host] < beat.of_host:
            under_way[host] += 1
            found.append(key)
    return found


def host_of(check: HealthCheck, staging: Staging) -> str:
    """Whom it asks, as far as limits are concerned."""
    return check.tcp or staging.urls.get(check.host) or staging.url or staging.id
