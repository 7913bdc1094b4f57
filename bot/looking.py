"""The use cases of who only looks: which stagings there are, and which one is meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.errors import UserError
from bot.domain.model import Staging
from bot.domain.project import Project
from bot.meaning import Asked, Meaning
from bot.ports import Posted
from bot.store import journal, stagings
from bot.store.journal import JournalLine
from bot.store.roster import Roster
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Found:
    """A staging, where its card is, and its newest journal lines."""

    staging: Staging
    card: Posted | None
    journal: Sequence[JournalLine] = ()


class Looking:
    """`projects` may change meanwhile."""

    def __init__(self, store: Store, projects: Mapping[str, Project], meaning: Meaning, roster: Roster) -> None:
        self._store, self._projects, self._meaning, self._roster = store, projects, meaning, roster

    async def list(self, asked: Asked, mine: bool, project: str | None) -> Sequence[Found]:
        """Those not deleted, of all projects unless one is named."""
        name = self._meaning.project_of(asked, project).name if project else None
        return [one for one in await self.everything(name) if not mine or one.staging.owner == asked.person.id]

    async def everything(self, project: str | None = None) -> Sequence[Found]:
        """All that are not deleted, with their cards."""
        async with self._store.read() as connection:
            present, cards = await self._roster.present(connection, project), await stagings.cards(connection)
        return [Found(staging, cards.get(staging.id)) for staging in present]

    async def present(self) -> Sequence[Staging]:
        """All that are not deleted."""
        async with self._store.read() as connection:
            return await self._roster.present(connection)

    async def find(self, asked: Asked, which: str | None, project: str | None = None) -> Found:
        """The staging that is meant: by what `which` says, or by the thread it was asked in."""
        async with self._store.read() as connection:
            meant = await self._meaning.staging(connection, asked, which, project)
            found = await stagings.with_card(connection, meant.id)
            assert found is not None, "it was there at this very moment"
            return Found(*found, await journal.newest(connection, meant.id))

    async def named(self, project: str | None, name: str | None) -> Staging:
        """The present staging of exactly this name. Raises UserError when it is gone."""
        async with self._store.look() as connection:
            staging = await stagings.by_name(connection, project or "", name or "")
        if staging is None:
            raise UserError(f"`{name}` is not there any more. `/octopod list` shows all.")
        return staging

    async def staging(self, id: str) -> Found | None:
        async with self._store.look() as connection:
            found = await stagings.with_card(connection, id)
        return Found(*found) if found else None

    async def at_host(self, host: str) -> Staging | None:
        """The newest staging, deleted or not, that has or had this host (without port)."""
        async with self._store.look() as connection:
            return await stagings.latest_at(connection, host)

    async def compared(self, staging: str) -> tuple[Staging, str, Staging | None] | None:
        """A staging, the branch that it is measured by, and the staging of that, if there is one."""
        async with self._store.look() as connection:
            found = await stagings.by_id(connection, staging)
            if found is None or found.witness_for or found.project not in self._projects:
                return None
            baseline = self._projects[found.project].baseline
            return found, baseline, await self._of_baseline(connection, found.project)

    async def baseline(self, project: str) -> Staging | None:
        """The staging of the project's baseline, if there is one."""
        async with self._store.look() as connection:
            return await self._of_baseline(connection, project)

    async def _of_baseline(self, connection: AsyncConnection, project: str) -> Staging | None:
        known = self._projects.get(project)
        found = await stagings.of_branch(connection, project, known.baseline) if known else ()
        return found[0] if found else None
