"""All stagings that are there, of which only those are read that have changed since they were read last."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.model import Staging
from bot.store import stagings
from bot.store.engines import only_reads


class Roster:
    """In memory, as far as it was read in transactions that only read: others may be rolled back, and what was seen in
    them never was."""

    def __init__(self) -> None:
        self._known: Mapping[str, Staging] = {}

    async def present(self, connection: AsyncConnection, project: str | None = None) -> Sequence[Staging]:
        """Those not deleted, the oldest first."""
        found = await stagings.at(connection, await stagings.revisions(connection, project), self._known)
        if only_reads(connection):
            others = {id: one for id, one in self._known.items() if project and one.project != project}
            self._known = {**others, **found}
        return list(found.values())
