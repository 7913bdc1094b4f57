"""The use cases around use: which stagings are used, and when they need not run."""

from bot.domain import events
from bot.domain.hours import Hours
from bot.domain.model import Phase
from bot.service import Service


class Idling:
    """Stands on the service, as each of these is an event of a staging."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._hours: dict[str, Hours | None] = {}

    async def used(self, host: str) -> None:
        """Somebody opened a page at this host. Of no staging, nothing follows."""
        staging = await self._service.at_host(host)
        if staging and staging.phase is not Phase.DELETED:
            await self._service.happened(staging.id, events.Used())

    async def look(self) -> None:
        """Stagings of projects whose hours changed are told; at the start, those of all that have some."""
        now = {project.name: project.hours for project in self._service.projects.values()}
        changed = {name for name, hours in now.items() if hours != self._hours.get(name)}
        for staging in await self._service.present() if changed else ():
            if staging.project in changed:
                await self._service.happened(staging.id, events.Tick())
        self._hours = now
