"""The newest status of every staging, and those who watch: each change once, whole, states in between skipped."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from bot.domain.status import StagingStatus, Synced


@dataclass(slots=True, eq=False)
class Watcher:
    pending: dict[str, StagingStatus] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Board:
    def __init__(self) -> None:
        self._newest: dict[str, StagingStatus] = {}
        self._watchers: set[Watcher] = set()

    def publish(self, status: StagingStatus) -> None:
        if self._newest.get(status.staging) == status:
            return
        if status.present:
            self._newest[status.staging] = status
        else:
            self._newest.pop(status.staging, None)
        for watcher in self._watchers:
            watcher.pending[status.staging] = status
            watcher.news.set()

    async def watch(self) -> AsyncIterator[StagingStatus | Synced]:
        watcher = Watcher()
        listed = dict(self._newest)
        self._watchers.add(watcher)
        try:
            for status in listed.values():
                yield status
            yield Synced(frozenset(listed))
            while True:
                await watcher.news.wait()
                watcher.news.clear()
                while watcher.pending:
                    yield watcher.pending.pop(next(iter(watcher.pending)))
        finally:
            self._watchers.discard(watcher)
