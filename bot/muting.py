"""The use cases around mutes: of whom and of which health check nobody is to be told for a while."""

from datetime import datetime

from bot.domain import events
from bot.domain.errors import UserError
from bot.domain.model import Staging
from bot.meaning import Asked
from bot.service import Service


class Muting:
    """Stands on the service: each is one wish, which is saved as all wishes are."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def meant(
        self, asked: Asked, which: str | None, check: str | None, project: str | None
    ) -> tuple[Staging, str]:
        """In a staging's thread, one word may be a health check of it. Raises UserError when there is none such."""
        if which and not check and asked.thread_ts:
            here = (await self._service.looking.find(asked, None)).staging
            if which in self._checks(here):
                return here, which
        staging = (await self._service.looking.find(asked, which, project)).staging
        self._require(staging, check)
        return staging, check or ""

    async def mute(self, asked: Asked, staging: Staging, check: str, until: datetime | None) -> Staging:
        """`check`: empty for all of it. `until`: None ends it."""
        return await self._service.wish(asked, staging.id, events.Mute(asked.person.id, check, until))

    def _checks(self, staging: Staging) -> list[str]:
        """Those that are made, and those that are muted still."""
        project = self._service.projects.get(staging.project)
        made = [check.name for check in project.health_checks] if project else []
        return [*made, *(check for check in staging.mutes if check and check not in made)]

    def _require(self, staging: Staging, check: str | None) -> None:
        known = self._checks(staging)
        if check and check not in known:
            there = f"There is: {', '.join(known)}." if known else f"{staging.project} has none."
            raise UserError(
                f"`{check}` is no health check of {staging.project}. {there} Without one, it is all of {staging.name}."
            )
