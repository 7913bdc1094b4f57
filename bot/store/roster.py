"""The stagings of a project, of which only those are read that have changed since they were read last."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.model import Staging
from bot.store import stagings


class Roster:
    """In memory only. Whoever reads all of a large project often, and mostly the same, reads it here."""

    def __init__(self) -> None:
        self._known: dict[str, Mapping[str, Staging]] = {}

    async def present(self, connection: AsyncConnection, project: str) -> Sequence[Staging]:
        """Those not deleted, the oldest first. In a transaction that only reads: another may be rolled back, and what
        was seen in it never was."""
        self._known[project] = await self._read(connection, project)
        return list(self._known[project].values())

    async def present_within(self, connection: AsyncConnection, project: str) -> Sequence[Staging]:
        """The same in a transaction that may write."""
        return list((await self._read(connection, project)).values())

    async def _read(self, connection: AsyncConnection, project: str) -> Mapping[str, Staging]:
        revisions = await stagings.revisions(connection, project)
        return await stagings.at(connection, revisions, self._known.get(project, {}))
