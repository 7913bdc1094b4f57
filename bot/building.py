"""The use cases around images that are not there yet: what CI and registries say of them."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.changing import Common
from bot.domain import building
from bot.domain.events import BuildSeen
from bot.domain.hearsay import CiRun, CiState
from bot.domain.model import Build, Staging
from bot.domain.project import Project
from bot.registry import names
from bot.store import ci_runs, stagings
from bot.store.store import Store

KEPT = timedelta(days=30)


class Building:
    """`projects` may change meanwhile."""

    def __init__(
        self, store: Store, projects: Mapping[str, Project], now: Callable[[], datetime], common: Common
    ) -> None:
        self._store, self._projects, self._now, self._common = store, projects, now, common

    async def heard(self, project: str, run: CiRun) -> None:
        """How a run of CI stands. When any has passed, the image may be there, whatever that run was for."""
        counted = building.counts(run, self._common.project(project).ci)
        if not counted and run.state is not CiState.PASSED:
            return
        async with self._store.write() as connection:
            if counted and not await self._noted(connection, project, run):
                return
            look = run.state is not CiState.RUNNING
            for staging in await stagings.waiting(connection, project, run.commit):
                build = await self._build(connection, staging)
                await self._common.decided(connection, staging, BuildSeen(staging.attempt.id, build, look))

    async def looked(self, connection: AsyncConnection, staging: Staging) -> Staging:
        """Its image was just looked for in vain."""
        build = await self._build(connection, staging)
        return await self._common.decided(connection, staging, BuildSeen(staging.attempt.id, build))

    async def image_pushed(self, image: str) -> None:
        """A registry has it. Whoever waits for it looks at once."""
        async with self._store.write() as connection:
            for staging in await stagings.waiting(connection):
                attempt = staging.attempt
                if names.same(attempt.awaits, image):
                    await self._common.decided(connection, staging, BuildSeen(attempt.id, attempt.build, look=True))

    async def _noted(self, connection: AsyncConnection, project: str, run: CiRun) -> bool:
        now = self._now()
        noted = building.noted(run, await ci_runs.known(connection, project, run), now)
        if noted:
            await ci_runs.save(connection, project, noted, now)
            await ci_runs.forget(connection, now - KEPT)
        return noted is not None

    async def _build(self, connection: AsyncConnection, staging: Staging) -> Build | None:
        """None: nothing is known, or the project has left octopod.yaml."""
        project = self._projects.get(staging.project)
        runs = await ci_runs.of_commit(connection, staging.project, staging.attempt.commit)
        run = building.telling(runs, project.ci) if project else None
        if run is None:
            return None
        lately = await ci_runs.durations(connection, staging.project, run.name)
        return Build(run, building.usual(lately))
