"""The clock's door: looks at the stagings whose time has come (expiry, its warning, debounces)."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from bot.idling import Idling
from bot.service import Service

log = structlog.get_logger()
LONGEST, SHORTEST = 20.0, 0.2


async def waited(poked: asyncio.Event, seconds: float) -> None:
    """So long, or until somebody pokes."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await poked.wait()
            await asyncio.sleep(SHORTEST)


class Clock:
    """Sleeps until the next time that is written down, and is woken when a nearer one may have been. `wait`: how."""

    def __init__(
        self,
        service: Service,
        idling: Idling,
        wait: Callable[[asyncio.Event, float], Awaitable[None]] = waited,
    ) -> None:
        self._service, self._idling, self._wait = service, idling, wait
        self._poked = asyncio.Event()

    def poke(self) -> None:
        self._poked.set()

    async def run(self) -> None:
        """Until cancelled. A clock that jumps is noticed within LONGEST seconds.

        In a storm of changes it looks once per SHORTEST: a staging's time is seconds away when it is written down.
        """
        while True:
            self._poked.clear()
            seconds = LONGEST
            try:
                await self._idling.look()
                due = await self._service.tick()
                await self._idling.tell()
                seconds = self._until(due)
            except Exception:
                log.exception("the clock failed")
            await self._wait(self._poked, seconds)

    def _until(self, due: datetime | None) -> float:
        if due is None:
            return LONGEST
        return min(max((due - self._service.now()).total_seconds(), SHORTEST), LONGEST)
