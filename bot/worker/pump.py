"""The machinery: claim what is due, perform it, put back what failed, wait for more. Knows no kind of work."""

import asyncio
import contextlib
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.domain.errors import OutcomeUnknown, TemporaryError
from bot.store import queue
from bot.store.news import Line, News
from bot.store.queue import Claim
from bot.store.store import Store

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """Intervals in seconds. A lease outlives every single piece of work, which ends at nine tenths of it."""

    lease: float = 180.0
    first_retry: float = 0.5
    longest_retry: float = 60.0
    longest_wait: float = 30.0
    edits: float = 1.0
    reports: float = 5.0


class Work(Protocol):
    """One kind of work."""

    @property
    def line(self) -> Line: ...

    async def claim(self, owner: str, until: datetime, limit: int) -> Sequence[Claim]:
        """Take what is due and may be done now, as `next_due` has just found it."""
        ...

    async def perform(self, claim: Claim) -> None:
        """Do it and finish the claim. TemporaryError: it is put back."""
        ...

    async def gave_up(self, claim: Claim, error_id: str) -> None:
        """A bug stopped it; `error_id` is in the log. Finish the claim in a way that people notice."""
        ...

    async def superseded(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Which of the running ones are in vain by now."""
        ...

    async def next_due(self) -> datetime | None:
        """When there is something to claim: asked after every change, so it must be cheap."""
        ...


class Pump:
    """Keeps up to `limit` pieces of one kind of work running."""

    def __init__(
        self, work: Work, store: Store, now: Callable[[], datetime], limit: int, pace: Pace, owner: str
    ) -> None:
        self._work, self._store, self._now, self._limit, self._pace, self._owner = work, store, now, limit, pace, owner
        self._running: dict[asyncio.Task[None], Claim] = {}
        self._poked = asyncio.Event()
        self._waits_for: datetime | None = self._now()

    def poke(self, news: News) -> None:
        """Something was saved: look again, if it is for this one."""
        if self._work.line in news:
            self._poked.set()

    async def run(self) -> None:
        """Until cancelled. Work in hand is cancelled too; its leases stay, so the next start looks before repeating."""
        try:
            while True:
                try:
                    await self._round()
                except Exception:
                    log.exception("a round of the worker failed", work=self._work.line.value)
                    await asyncio.sleep(self._pace.first_retry)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    @property
    def quiet(self) -> bool:
        """Nothing of this kind is due or in hand, as far as was seen since the last poke. None: nothing will be due."""
        due = self._waits_for
        return not self._running and not self._poked.is_set() and (due is None or due > self._now())

    async def _round(self) -> None:
        self._waits_for = self._now()
        self._poked.clear()
        await self._cancel_superseded()
        room = self._limit - len(self._running)
        due = await self._work.next_due() if room else None
        claims = await self._claimed(room) if due and due <= self._now() else ()
        for claim in claims:
            task = asyncio.create_task(self.perform(claim))
            self._running[task] = claim
            task.add_done_callback(self._ended)
        if not claims:
            await self._wait(due)

    async def _claimed(self, room: int) -> Sequence[Claim]:
        return await self._work.claim(self._owner, self._in(self._pace.lease), room)

    async def _wait(self, due: datetime | None) -> None:
        self._waits_for = due
        seconds = (due - self._now()).total_seconds() if due else self._pace.longest_wait
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(max(seconds, 0.02), self._pace.longest_wait)):
                await self._poked.wait()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._poked.set()

    async def _cancel_superseded(self) -> None:
        if not self._running:
            return
        in_vain = await self._work.superseded(tuple(self._running.values()))
        for task, claim in list(self._running.items()):
            if claim in in_vain and task.cancel():
                await asyncio.gather(task, return_exceptions=True)
                await self._put_back(claim, 0, "superseded", known=True, failed=False)

    async def perform(self, claim: Claim) -> None:
        """One claimed piece of work, to its end: done, put back, or given up."""
        try:
            async with asyncio.timeout(self._pace.lease * 0.9):
                await self._work.perform(claim)
        except OutcomeUnknown as error:
            await self._put_back(claim, self._delay(claim, error), error.text, known=False)
        except TemporaryError as error:
            await self._put_back(claim, self._delay(claim, error), error.text, known=True)
        except TimeoutError:
            await self._put_back(claim, self._pace.first_retry, "it took too long", known=False)
        except Exception:
            await self._bug(claim)

    async def _bug(self, claim: Claim) -> None:
        error_id = uuid.uuid4().hex[:8]
        log.exception("an error nobody expected", error_id=error_id, table=claim.table, key=claim.key)
        try:
            await self._work.gave_up(claim, error_id)
        except Exception:
            log.exception("giving up failed too", error_id=error_id)
            await self._put_back(claim, self._pace.longest_retry, error_id, known=False)

    def _delay(self, claim: Claim, error: TemporaryError) -> float:
        """Doubling, jittered; the other side's own wish comes first."""
        log.info("will try again", table=claim.table, key=claim.key, failures=claim.failures, why=error.text)
        if error.retry_after is not None:
            return error.retry_after
        doubled: float = self._pace.first_retry * 2 ** min(claim.failures, 20)
        return min(doubled, self._pace.longest_retry) * random.uniform(0.8, 1.2)

    async def _put_back(self, claim: Claim, seconds: float, why: str, *, known: bool, failed: bool = True) -> None:
        async with self._store.write() as connection:
            await queue.put_back(connection, claim, self._in(seconds), why, known=known, failed=failed)

    def _in(self, seconds: float) -> datetime:
        return self._now() + timedelta(seconds=seconds)
