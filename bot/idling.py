"""The use cases around use: which stagings are used."""

from bot.domain import events
from bot.domain.model import Phase
from bot.service import Service


class Idling:
    """Stands on the service, as each of these is an event of a staging."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def used(self, host: str) -> None:
        """Somebody opened a page at this host. Of no staging, nothing follows."""
        staging = await self._service.at_host(host)
        if staging and staging.phase is not Phase.DELETED:
            await self._service.happened(staging.id, events.Used())
