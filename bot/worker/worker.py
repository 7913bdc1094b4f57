"""The worker: its pumps, run together."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.store import queue
from bot.store.news import News
from bot.store.store import Store
from bot.worker.pump import Pump


class Worker:
    """Runs the pumps. `unread` tells whether the engine has reported something that is not saved yet."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], pumps: Sequence[Pump], unread: Callable[[], bool]
    ) -> None:
        self._store, self._now, self._pumps, self._unread = store, now, pumps, unread

    async def start(self) -> None:
        """Before anything else: leases of an owner that is dead end. Only one Octopod may run on a data folder."""
        async with self._store.write() as connection:
            await queue.free_all(connection, self._now())

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for pump in self._pumps:
                group.create_task(pump.run())

    def poke(self, news: News) -> None:
        for pump in self._pumps:
            pump.poke(news)

    async def settled(self) -> None:
        """Return when nothing is due, claimed or unread. For tests, which look only then."""
        rounds = 0
        while rounds < 2:  # what one pump made for another that was looked at before shows in the second round
            await asyncio.sleep(0.002)
            quiet = not self._unread() and all(pump.quiet for pump in self._pumps)
            rounds = rounds + 1 if quiet else 0
