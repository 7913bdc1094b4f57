"""Many callers, few runs: whoever asks during a run shares the next one, and so sees all that came before."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Coalesced(Generic[T]):
    """One run at a time. A caller that is cancelled leaves the run to the others.

    `apart`: seconds between the beginnings of two runs, so that many callers in a row share few.
    """

    def __init__(self, work: Callable[[], Awaitable[T]], apart: float = 0.0) -> None:
        self._work, self._apart = work, apart
        self._not_before = 0.0
        self._running: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
            self._next.add_done_callback(_mark_seen)
        return await asyncio.shield(self._next)

    async def _after(self, previous: asyncio.Task[T] | None) -> T:
        if previous is not None:
            await asyncio.wait([previous])
        loop = asyncio.get_running_loop()
        if self._not_before > loop.time():
            await asyncio.sleep(self._not_before - loop.time())
        self._not_before = loop.time() + self._apart
        self._running, self._next = self._next, None
        return await self._work()


def _mark_seen(task: asyncio.Task[T]) -> None:
    """A failure that every caller was cancelled out of is nobody's; asyncio would log it as never retrieved."""
    if not task.cancelled():
        task.exception()
