"""Who in Slack wrote a commit: by what octopod.yaml says, by what is known of everybody, or by asking Slack."""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import PermanentError, TemporaryError
from bot.slack.directory import Directory
from bot.slack.errors import translated

log = structlog.get_logger()
PATIENCE = 3.0
REMEMBERED = 600.0


class Authors:
    """`clock`: monotonic seconds."""

    def __init__(self, client: AsyncWebClient, directory: Directory, clock: Callable[[], float]) -> None:
        self._client, self._directory, self._clock = client, directory, clock
        self._nobody: dict[str, float] = {}

    async def user(self, email: str, people: Mapping[str, str]) -> str:
        """A user id; "" if nobody has this address, or Slack does not tell within seconds. `people`: of a project."""
        email = email.strip().casefold()
        said = next((who for address, who in people.items() if address.casefold() == email), "")
        if said:
            return self._directory.by_handle(said.removeprefix("@")) or ("" if said.startswith("@") else said)
        return self._directory.by_email(email) or (await self._asked(email) if email else "")

    async def _asked(self, email: str) -> str:
        """Who has joined since everybody was read. A miss is remembered for ten minutes."""
        if self._clock() < self._nobody.get(email, 0.0):
            return ""
        try:
            async with asyncio.timeout(PATIENCE):
                with translated():
                    answer = await self._client.users_lookupByEmail(email=email)
            user: Mapping[str, object] = answer.get("user") or {}
            if not user.get("deleted") and not user.get("is_bot"):
                return str(user.get("id") or "")
        except (TemporaryError, PermanentError, TimeoutError) as error:
            log.info("Slack does not tell who has an address", why=str(error))
        self._nobody[email] = self._clock() + REMEMBERED
        return ""
