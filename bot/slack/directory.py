"""Who is who in the workspace: channels by name, people by id, members of user groups. Kept in memory, refreshed.

Doors have three seconds and must not ask Slack, so they get what is known.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import TemporaryError
from bot.domain.policy import Person
from bot.ports import Posted
from bot.slack.errors import translated

log = structlog.get_logger()
PAGE = 500


class Directory:
    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._url = ""
        self._channels: Mapping[str, str] = {}
        self._handles: Mapping[str, str] = {}
        self._emails: Mapping[str, str] = {}
        self._groups: Mapping[str, frozenset[str]] = {}

    def located(self, url: str) -> None:
        """The workspace's own URL, as auth.test tells it."""
        self._url = url.rstrip("/") + "/"

    def person(self, user: str) -> Person:
        """As far as is known: an unknown one is in no group."""
        groups = frozenset(group for group, members in self._groups.items() if user in members)
        return Person(user, self._handles.get(user, ""), groups)

    def by_email(self, email: str) -> str | None:
        """Who has this address in Slack: a user id. Nobody, if the bot may not see addresses."""
        return self._emails.get(email.casefold())

    def by_handle(self, handle: str) -> str | None:
        """Who is called so: a user id."""
        return next((id for id, name in self._handles.items() if name == handle), None)

    def channel_name(self, channel: str) -> str:
        """Empty if unknown."""
        return next((name for name, id in self._channels.items() if id == channel), "")

    def link(self, at: Posted) -> str | None:
        """The permalink of a message, made as Slack makes it, so that nobody must ask; None before the first answer."""
        return f"{self._url}archives/{at.channel}/p{at.ts.replace('.', '')}" if self._url else None

    async def channel(self, name: str) -> str:
        """The id of a channel. Raises TemporaryError while the bot sees none of this name."""
        if name not in self._channels:
            await self._read_channels()
        if name not in self._channels:
            raise TemporaryError(
                f"The bot sees no channel #{name}. Make it, or invite the bot into it, or change octopod.yaml."
            )
        return self._channels[name]

    async def refresh(self) -> None:
        """Read everything anew; what Slack does not tell now stays as it was."""
        for read in (self._read_channels, self._read_people, self._read_groups):
            try:
                await read()
            except (TemporaryError, SlackClientError) as error:
                log.warning("cannot read the workspace's directory now", what=read.__name__, why=str(error))

    async def _read_channels(self) -> None:
        found = await self._pages("conversations_list", "channels", types="public_channel,private_channel")
        self._channels = {channel["name"]: channel["id"] for channel in found}

    async def _read_people(self) -> None:
        found = await self._pages("users_list", "members")
        self._handles = {user["id"]: user["name"] for user in found}
        people = [user for user in found if not user.get("deleted") and not user.get("is_bot")]
        addresses = ((str((user.get("profile") or {}).get("email") or ""), user["id"]) for user in people)
        self._emails = {address.casefold(): id for address, id in addresses if address}

    async def _read_groups(self) -> None:
        with translated():
            answer = await self._client.usergroups_list(include_users=True)
        groups: list[dict[str, Any]] = answer.get("usergroups") or []
        self._groups = {group["handle"]: frozenset(group.get("users") or ()) for group in groups}

    async def _pages(self, method: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            with translated():
                answer = await getattr(self._client, method)(limit=PAGE, cursor=cursor, **arguments)
            found += answer.get(key) or []
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return found
