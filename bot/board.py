"""The newest status of every staging, for those who watch: whole, each change once, states in between skipped."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from bot.domain.status import StagingStatus, Synced


@dataclass(slots=True, eq=False)
class _Watcher:
    pending: dict[str, StagingStatus] = field(default_factory=dict)
    synced: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Board:
    """`complete`: everything that the engine holds is on it."""

    def __init__(self) -> None:
        self.complete = False
        self._newest: dict[str, StagingStatus] = {}
        self._watchers: set[_Watcher] = set()

    @property
    def stagings(self) -> frozenset[str]:
        return frozenset(self._newest)

    def publish(self, status: StagingStatus) -> None:
        if status.present and self._newest.get(status.staging) == status:
            return
        if status.present:
            self._newest[status.staging] = status
        else:
            self._newest.pop(status.staging, None)
        for watcher in self._watchers:
            watcher.pending[status.staging] = status
            watcher.news.set()

    def synced(self) -> None:
        """All has been listed again."""
        self.complete = True
        for watcher in self._watchers:
            watcher.synced = True
            watcher.news.set()

    async def watch(self) -> AsyncIterator[StagingStatus | Synced]:
        watcher = _Watcher(pending=dict(self._newest), synced=self.complete)
        watcher.news.set()
        self._watchers.add(watcher)
        try:
            while True:
                await watcher.news.wait()
                watcher.news.clear()
                while watcher.pending:
                    yield watcher.pending.pop(next(iter(watcher.pending)))
                if watcher.synced:
                    watcher.synced = False
                    yield Synced(self.stagings)
        finally:
            self._watchers.discard(watcher)
