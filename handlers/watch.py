"""The engine's door: snapshots of stagings, as they change. Only the newest of each staging is looked at."""

import asyncio

import structlog

from bot.checkpoints import Checkpoint, nowhere
from bot.domain.errors import OctopodError
from bot.domain.status import StagingStatus, Synced
from bot.ports import Engine
from bot.service import Service

log = structlog.get_logger()
PAUSE = 2.0


class Watch:
    """Reads without waiting for the store; what piled up meanwhile is saved together."""

    def __init__(self, engine: Engine, service: Service, checkpoint: Checkpoint = nowhere) -> None:
        self._engine, self._service, self._checkpoint = engine, service, checkpoint
        self._news: dict[str, StagingStatus] = {}
        self._held: frozenset[str] | None = None
        self._arrived = asyncio.Event()
        self._saving = False

    @property
    def unread(self) -> bool:
        """Something was reported that is not saved yet."""
        return self._saving or bool(self._news) or self._held is not None

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read())
            group.create_task(self._save())

    async def _read(self) -> None:
        while True:
            try:
                async for seen in self._engine.watch():
                    if isinstance(seen, Synced):
                        self._held = seen.stagings
                    else:
                        self._news[seen.staging] = seen
                    self._arrived.set()
            except OctopodError as error:
                log.warning("the engine cannot be watched now", why=error.text)
            except Exception:
                log.exception("watching the engine failed")
            await asyncio.sleep(PAUSE)

    async def _save(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            self._saving = True
            try:
                await self._saved()
            except Exception:
                log.exception("what the engine reported could not be saved")
            finally:
                self._saving = False

    async def _saved(self) -> None:
        news, self._news = list(self._news.values()), {}
        held, self._held = self._held, None
        self._checkpoint("reported")
        if news:
            await self._service.statuses(news)
        if held is not None:
            await self._service.synced(held)
