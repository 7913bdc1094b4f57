"""The use cases around git hosts: when they are to be told of a staging, and what they were told."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.events import Target
from bot.domain.model import Staging
from bot.domain.project import Project
from bot.domain.reporting import Told
from bot.store import queue, reports, stagings
from bot.store.store import Store


class Reporting:
    def __init__(self, store: Store, projects: Mapping[str, Project], now: Callable[[], datetime]) -> None:
        self._store, self._projects, self._now = store, projects, now

    async def changed(self, connection: AsyncConnection, staging: Staging) -> None:
        """What people see of it is another now."""
        project = self._projects.get(staging.project)
        if project and project.reports:
            await queue.want(connection, staging.id, [Target.HOST], self._now())

    async def pull_heard(self, project: str, branch: str) -> None:
        """There is news of a pull request of this branch: its stagings may have to be told of there."""
        async with self._store.write() as connection:
            for staging in await stagings.of_branch(connection, project, branch):
                await self.changed(connection, staging)

    async def told(self, staging: Staging) -> Told | None:
        """None: another one of its name has taken its place, and is what is told of now."""
        async with self._store.look() as connection:
            if staging.deleted_at and await stagings.by_name(connection, staging.project, staging.name):
                return None
            return await reports.told(connection, staging.id)

    async def remember(self, staging: str, told: Told) -> None:
        async with self._store.write() as connection:
            await reports.save(connection, staging, told)
