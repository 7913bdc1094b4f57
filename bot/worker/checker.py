"""Makes the health checks of every staging that is live, and has saved what is decided of them.

Everything but that is in memory only: after a start each check goes on from how it was stored to stand.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from bot.domain import checking
from bot.domain.checking import BEAT, Beat, Key, Watched
from bot.domain.checks import CheckResult, HealthCheck
from bot.domain.model import Staging
from bot.service import Service
from bot.store.news import Line, News
from bot.worker.questions import Questions

log = structlog.get_logger()
LONGEST = 5.0
NOTED_EVERY = 5.0
# What changes a staging changes its card, wants the engine, or sets its clock.
OF_STAGINGS = {Line.ENGINE, Line.SLACK, Line.CLOCK, Line.FINDING}

ByProject = Mapping[str, Sequence[HealthCheck]]
"""What each project has of them, by its name."""


class HealthChecks:
    """`counted`: told of each try what came of it."""

    def __init__(
        self,
        service: Service,
        questions: Questions,
        beat: Beat = BEAT,
        counted: Callable[[str], None] = lambda outcome: None,
    ) -> None:
        self._service, self._questions, self._beat, self._counted = service, questions, beat, counted
        self._stagings: Mapping[str, Staging] = {}
        self._asked: ByProject = {}
        self._watched: dict[Key, Watched] = {}
        self._running: dict[asyncio.Task[None], tuple[Key, str]] = {}
        self._due: dict[Key, str] = {}
        self._stood: dict[tuple[str, str], datetime] = {}
        self._trouble: dict[Key, str] = {}
        self._poked, self._changed = asyncio.Event(), True
        self._read_at = self._noted_at = 0.0

    def poke(self, news: News) -> None:
        """Something was saved."""
        if news & OF_STAGINGS:
            self._changed = True
            self._poked.set()

    @property
    def quiet(self) -> bool:
        """No check is under way."""
        return not self._running

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self._poked.clear()
                seconds = LONGEST
                try:
                    await self._note()
                    await self._look()
                    seconds = self._start()
                except Exception:
                    log.exception("health checks failed")
                await self._wait(seconds)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def round(self) -> None:
        """All that is due now, to its end. For tests, which look only then."""
        self._changed = True
        await self._look()
        self._start()
        while self._running:
            await asyncio.wait(self._running)
            self._start()
        await self._note(at_once=True)

    # --- what is to be checked ---------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Read what has changed since the last look, and take up or drop what is watched."""
        now = asyncio.get_running_loop().time()
        if now < self._read_at + (0 if self._changed else LONGEST):
            return
        self._changed, self._read_at = False, now
        asked = {name: project.health_checks for name, project in self._service.projects.items()}
        with_checks = [name for name, checks in asked.items() if checks]
        there = await self._service.checking.serving(self._stagings, with_checks)
        for staging in self._taken_up(there, asked):
            await self._drop(staging)

    def _taken_up(self, there: Mapping[str, Staging], asked: ByProject) -> Sequence[Staging]:
        """From now on these are there, and this is asked. Returns those of which anything is new."""
        before, anew = self._stagings, asked != self._asked
        news = {id for id in (*before, *there) if anew or before.get(id) is not there.get(id)}
        had = {key for id in news & before.keys() for key in _keys(before[id], self._asked)}
        wanted = {key: there[id] for id in news & there.keys() for key in _keys(there[id], asked)}
        for key in had - wanted.keys():
            self._watched.pop(key, None)
            self._trouble.pop(key, None)
        for key in wanted.keys() - self._watched.keys():
            self._watched[key] = self._begun(key, wanted[key])
        self._stagings, self._asked = there, asked
        return [there[id] for id in there if id in news]

    def _checks(self, staging: Staging) -> Mapping[str, HealthCheck]:
        project = self._service.projects.get(staging.project)
        return {check.name: check for check in project.health_checks} if project else {}

    def _begun(self, key: Key, staging: Staging) -> Watched:
        assert staging.live is not None
        live_at = staging.live.ended_at or staging.live.requested_at
        stand = next((one for one in staging.checks if one.check == key[2]), None)
        return checking.begins(key, live_at, stand, self._service.now(), self._beat)

    async def _drop(self, staging: Staging) -> None:
        gone = {stand.check for stand in staging.checks} - self._checks(staging).keys()
        if gone:
            await self._service.checking.dropped(staging.id, frozenset(gone))

    # --- making them -------------------------------------------------------------------------------------------------

    def _start(self) -> float:
        """Begin what is due, as far as there is room; the rest follows by itself. Returns the seconds until more is."""
        now = self._service.now()
        due, next_at = checking.due(self._watched, {key for key, _ in self._running.values()}, now, self._beat)
        self._due = {key: self._host(key) for key in due}
        self._fill()
        return (next_at - now).total_seconds() if next_at else LONGEST

    def _fill(self) -> None:
        busy = Counter(host for _, host in self._running.values())
        for key in checking.chosen(self._due.items(), busy, self._beat):
            host = self._due.pop(key)
            if key in self._watched:
                task = asyncio.create_task(self._make(key, self._stagings[key[0]], self._watched[key]))
                self._running[task] = (key, host)
                task.add_done_callback(self._ended)

    def _host(self, key: Key) -> str:
        staging = self._stagings[key[0]]
        check = self._checks(staging).get(key[2])
        return checking.host_of(check, staging) if check else staging.id

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled():
            self._fill()
            self._poked.set()

    async def _make(self, key: Key, staging: Staging, watched: Watched) -> None:
        """One try."""
        check = self._checks(staging).get(key[2])
        if check is None:
            return
        try:
            await self._tried(key, watched, await self._questions.ask(staging, check), check.mark)
        except Exception:
            log.exception("a health check failed to be made", staging=staging.name, check=key[2])
            if self._watched.get(key) is watched:
                self._watched[key] = checking.later(watched, self._service.now(), self._beat)

    async def _tried(self, key: Key, watched: Watched, result: CheckResult, mark: str) -> None:
        if self._watched.get(key) is not watched:  # it serves no more
            return
        now = self._service.now()
        result = replace(result, at=now)
        self._tell_trouble(key, result)
        after, news = checking.tried(watched, result, now, self._beat)
        if news and not await self._service.checking.decided(key[0], key[1], news, watched.stand, mark):
            self._watched.pop(key, None)
            self._changed = True
            return
        if not news and checking.still_so(watched, result, now, self._beat):
            self._stood[key[1:]] = now
            after = replace(after, noted_at=now)
        if self._watched.get(key) is watched:
            self._watched[key] = after

    def _tell_trouble(self, key: Key, result: CheckResult) -> None:
        """What can't be asked says nothing of a staging, so only the log has it; once for each reason."""
        self._counted("unknown" if result.unknown else "passed" if result.ok else "failed")
        if not result.unknown:
            self._trouble.pop(key, None)
        elif self._trouble.get(key) != result.text:
            self._trouble[key] = result.text
            log.warning("a health check can't be made", staging=key[0], check=result.check, why=result.text)

    # --- saving and waiting ------------------------------------------------------------------------------------------

    async def _note(self, at_once: bool = False) -> None:
        """Save what stands as before, many together."""
        now = asyncio.get_running_loop().time()
        if self._stood and (at_once or now >= self._noted_at + NOTED_EVERY):
            stood, self._stood, self._noted_at = self._stood, {}, now
            await self._service.checking.seen([(*key, at) for key, at in stood.items()])

    async def _wait(self, seconds: float) -> None:
        """So long, or until something was saved or a check has ended; in a storm of these, for a moment anyway."""
        apart = self._beat.apart.total_seconds()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(min(seconds, LONGEST), apart)):
                await self._poked.wait()
                await asyncio.sleep(apart)


def _keys(staging: Staging, asked: ByProject) -> Iterator[Key]:
    """What is watched of it."""
    if staging.live:
        for check in asked.get(staging.project, ()):
            yield (staging.id, staging.live.id, check.name)
