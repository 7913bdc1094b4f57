"""The use cases around breakages: what the records know of one, and what is found out about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import incidents
from bot.changing import Common
from bot.domain.checks import Stood
from bot.domain.events import Found, Target
from bot.domain.evidence import Symptom, Testimony
from bot.domain.model import Phase, Release, Staging
from bot.domain.past import on_record, symptom
from bot.domain.project import Project
from bot.domain.ripples import looks_again, ripples
from bot.store import history, journal, queue, releases, stagings
from bot.store.queue import Claim
from bot.store.roster import Roster
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Case:
    """A breakage as the records have it.

    `stood`, `main_stood`: how the check that fails stood with the releases of this staging and of the baseline's, the
    newest first. `releases`: all of this staging. `neighbours`: the project's other stagings that are there.
    `data_since`: since when its data is the same.
    """

    staging: Staging
    ill: Release
    project: Project
    symptom: Symptom
    main: Staging | None
    stood: Sequence[Stood]
    main_stood: Sequence[Stood]
    releases: Sequence[Release]
    neighbours: Sequence[Staging]
    data_since: datetime | None

    @property
    def of_baseline(self) -> bool:
        return self.staging.branch == self.project.baseline


class Explaining:
    """`projects` may change meanwhile."""

    def __init__(
        self,
        store: Store,
        projects: Mapping[str, Project],
        now: Callable[[], datetime],
        common: Common,
        roster: Roster,
    ) -> None:
        self._store, self._projects, self._now, self._common, self._roster = store, projects, now, common, roster

    async def case(self, staging: str) -> Case | None:
        """None: it is not broken (any more), or its project has left octopod.yaml."""
        async with self._store.read() as connection:
            found = await stagings.by_id(connection, staging)
            project = self._projects.get(found.project) if found else None
            if found is None or project is None or not found.broken_since or found.live is None:
                return None
            wrong = symptom(found)
            present = await self._roster.present(connection, found.project)
            main = next((s for s in present if s.branch == project.baseline), None)
            return Case(
                found,
                found.live,
                project,
                wrong,
                main,
                await self._stood(connection, found.id, wrong, project),
                await self._stood(connection, main.id, wrong, project) if main else (),
                await releases.of_staging(connection, found.id),
                [other for other in present if other.id != found.id],
                await self._data_since(connection, found),
            )

    async def at_commit(self, case: Case, commit: str) -> Testimony | None:
        """What the records say of a commit with the configuration that is nearest to the ill one's."""
        async with self._store.read() as connection:
            check, mark = case.symptom.check, _mark(case.project, case.symptom)
            known = await history.at_commit(connection, case.project.name, commit, check, mark)
            said: list[Testimony] = []
            for stood in known:
                release = await releases.by_id(connection, stood.release)
                if release:
                    said.append(on_record(stood, release, case.ill))
        return min(said, key=lambda one: len(one.differs), default=None)

    async def found(self, claim: Claim, staging: str, event: Found | None) -> None:
        """The finding work is done; what was found out is saved with it."""
        now = self._now()
        async with self._store.write() as connection:
            if await queue.finish(connection, claim, now) and event:
                ill = await self._common.known(connection, staging)
                within = await self._settled(connection, replace(ill, finding=event.finding))
                await self._common.decided(connection, ill, replace(event, incident=within.get(staging, "")))

    async def decided(self, connection: AsyncConnection, before: Staging, after: Staging) -> None:
        """Something was: have looked again at whatever was found out and may be different by that."""
        project = self._projects.get(after.project)
        if before.broken_since and not after.broken_since:
            await self._settled(connection, after)
        if project is None or not looks_again(before, after, project.baseline):
            return
        broken = [one for one in await self._roster.present(connection, after.project) if one.broken_since]
        for id in set(ripples(before, after, project.baseline, broken)):
            await queue.want(connection, id, [Target.FINDING], self._now())

    async def _settled(self, connection: AsyncConnection, one: Staging) -> Mapping[str, str]:
        """Incidents are as the stagings are; whoever gets into one has its finding looked at again. `one`: as it is by
        now. By the id of each staging that is in an incident: which."""
        project = self._projects.get(one.project)
        present = await self._roster.present(connection, one.project)
        ill = [one if other.id == one.id else other for other in present if other.broken_since]
        if project is None or not await incidents.may_be(connection, one.project, ill):
            return {}
        now = self._now()
        well = [other.live for other in present if other.live and other.phase is Phase.LIVE]
        within = await incidents.settle(connection, project, ill, well, now)
        for other in ill:
            if other.id != one.id and other.id in within and other.finding and not other.finding.shared:
                await queue.want(connection, other.id, [Target.FINDING], now)
        return within

    @staticmethod
    async def _data_since(connection: AsyncConnection, staging: Staging) -> datetime | None:
        """Since when its data is the same: since it was wiped, or since the engine took its first release."""
        wiped = await journal.last(connection, staging.id, "reset")
        own = await releases.of_staging(connection, staging.id)
        return wiped or min((release.applied_at for release in own if release.applied_at), default=None)

    @staticmethod
    async def _stood(connection: AsyncConnection, staging: str, wrong: Symptom, project: Project) -> Sequence[Stood]:
        if not wrong.check:
            return ()
        return await history.of_staging(connection, staging, wrong.check, _mark(project, wrong))


def _mark(project: Project, wrong: Symptom) -> str:
    """Of the check that fails, as octopod.yaml has it by now."""
    return next((check.mark for check in project.health_checks if check.name == wrong.check), "")
