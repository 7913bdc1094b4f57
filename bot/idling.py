"""The use cases around use: which stagings are used, and when they need not run."""

from datetime import datetime, timedelta
from typing import Any

from bot.domain import events
from bot.domain.breakage import iso
from bot.domain.events import Notice, NoticeKind, Where
from bot.domain.hours import Hours
from bot.domain.idle import idle, list_due
from bot.domain.model import Phase, Staging
from bot.domain.project import Project
from bot.service import Service
from bot.store import idle_lists, queue, stagings
from bot.store.store import Store

OFTEN = timedelta(minutes=5)


class Idling:
    """Stands on the service, as most of these are events of a staging."""

    def __init__(self, service: Service, store: Store) -> None:
        self._service, self._store = service, store
        self._hours: dict[str, Hours | None] = {}
        self._listed_at: datetime | None = None

    async def used(self, host: str) -> None:
        """Somebody opened a page at this host. Of no staging, nothing follows."""
        staging = await self._service.looking.at_host(host)
        if staging and staging.phase is not Phase.DELETED:
            await self._service.happened(staging.id, events.Used())

    async def tell(self) -> None:
        """Once a week each project's channel gets the list of what runs for nobody, if there is anything."""
        now = self._service.now()
        if self._listed_at and abs(now - self._listed_at) < OFTEN:
            return
        self._listed_at = now
        for project in list(self._service.projects.values()):
            await self._tell(project, now)

    async def _tell(self, project: Project, now: datetime) -> None:
        async with self._store.look() as connection:
            told_at = await idle_lists.told_at(connection, project.name)
        if told_at and not list_due(told_at, now, project.hours.zone if project.hours else "UTC"):
            return
        async with self._store.write() as connection:
            await idle_lists.told(connection, project.name, now)
            found = idle(await stagings.present(connection, project.name), now) if told_at else ()
            if found:
                facts = {"project": project.name, "idle": [_facts(one) for one in found]}
                notice = Notice(NoticeKind.IDLE, Where.CHANNEL, facts)
                await queue.add_notices(connection, None, None, [notice], now, project.name)

    async def look(self) -> None:
        """Stagings of projects whose hours changed are told; at the start, those of all that have some."""
        now = {project.name: project.hours for project in self._service.projects.values()}
        changed = {name for name, hours in now.items() if hours != self._hours.get(name)}
        for staging in await self._service.looking.present() if changed else ():
            if staging.project in changed:
                await self._service.happened(staging.id, events.Tick())
        self._hours = now


def _facts(staging: Staging) -> dict[str, Any]:
    return {
        "name": staging.name,
        "owner": staging.owner,
        "deployed_at": iso(staging.attempt.requested_at),
        "used_at": iso(staging.last_used_at),
        "replicas": sum(workload.wanted for workload in staging.attempt.workloads),
        "claims": list(staging.claims),
    }
