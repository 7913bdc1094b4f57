"""The use cases around throw-away stagings: one is made where a breakage needs a witness, heard, and removed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.changing import Common
from bot.configuring import Configuring
from bot.domain import witness
from bot.domain.changes import Change
from bot.domain.errors import UserError
from bot.domain.events import Delete, Target
from bot.domain.evidence import Says, Testimony
from bot.domain.model import CLOCK, Desired, Staging, WitnessOf
from bot.domain.past import on_record, symptom
from bot.domain.policy import Policy
from bot.domain.project import Project, Witnesses
from bot.meaning import Asked
from bot.store import history, journal, queue, stagings
from bot.store.journal import JournalLine
from bot.store.store import Store
from bot.store.turns import Urgency


class Witnessing:
    """`projects` may change meanwhile. `policy`: the rules of a project, by its name."""

    def __init__(
        self,
        store: Store,
        projects: Mapping[str, Project],
        now: Callable[[], datetime],
        configuring: Configuring,
        common: Common,
        policy: Callable[[str], Policy],
    ) -> None:
        self._store, self._projects, self._now = store, projects, now
        self._configuring, self._common, self._policy = configuring, common, policy

    # --- made --------------------------------------------------------------------------------------------------------

    async def check(self, asked: Asked, staging: str, of: WitnessOf) -> Staging:
        """Somebody wants to know more of the breakage of this staging, which is returned. Raises UserError."""
        async with self._store.write(Urgency.DOOR) as connection:
            ill = await self._common.known(connection, staging)
            self._configuring.require(asked.person, self._common.project(ill.project), ill, Change())
            await self._common.once(connection, asked, f"try the {of}")
            await self._make(connection, ill, of, _base(ill), asked.person.id, asked.at)
        return ill

    async def auto(self, staging: str, of: WitnessOf, base: str = "") -> bool:
        """The same by itself, once, if octopod.yaml says so. Whether one is at work by now; a breakage that has to wait
        for its turn is looked at anew when that has come. `base`: the merge base."""
        try:
            async with self._store.write() as connection:
                ill = await self._common.known(connection, staging)
                if not self._by_itself(ill.project):
                    return False
                made = await stagings.witnesses(connection, staging)
                if not witness.is_first(ill, of, made):
                    return any(one.desired is Desired.PRESENT for one in witness.of_breakage(made, of, ill))
                await self._make(connection, ill, of, base, CLOCK, self._now())
        except UserError:
            return False
        return True

    async def _make(
        self, connection: AsyncConnection, ill: Staging, of: WitnessOf, base: str, actor: str, at: datetime
    ) -> None:
        project = self._common.project(ill.project)
        release = witness.require_use(ill, of, project.baseline)
        commit = release.commit if of is WitnessOf.SAME_COMMIT else base
        if not commit:
            raise UserError(
                f"The commit from which {ill.branch} started is not known: either it has none in common with "
                f"{project.baseline}, or the repository could not be read. `/octopod why {ill.name}` says what is."
            )
        await self._require_unknown(connection, ill, of)
        made = await stagings.witnesses(connection, ill.id)
        witness.require_turn(ill, of, made, await stagings.witnesses_of(connection, project.name))
        event = self._configuring.witness(project, ill, release, of, commit, actor, at)
        await self._common.created(connection, event)
        await self._note(connection, ill, actor, "try", f"the {of} {commit[:7]}, on a throw-away staging")

    async def _require_unknown(self, connection: AsyncConnection, ill: Staging, of: WitnessOf) -> None:
        said = [await self.testimony(connection, ill, of, check) for check in witness.asked(ill)]
        if all(one.says is not Says.UNKNOWN for one in said):
            raise UserError(
                f"{witness.subject(ill, of)} was tried already, on a throw-away staging. "
                f"`/octopod why {ill.name}` tells what came of it."
            )

    async def at_work(self, staging: str) -> Sequence[WitnessOf]:
        """What is being tried for it right now."""
        async with self._store.look() as connection:
            made = await stagings.witnesses(connection, staging)
        return [one.witness_of for one in made if one.witness_of and witness.at_work(one)]

    # --- heard -------------------------------------------------------------------------------------------------------

    async def decided(self, connection: AsyncConnection, before: Staging, after: Staging) -> Staging:
        """Something was. A throw-away staging goes once it has told what it was made for, or can't any more; then the
        breakage is looked at anew."""
        if not after.witness_for:
            if before.broken_since and not after.broken_since:
                for one in await stagings.witnesses(connection, after.id):
                    await self.decided(connection, one, one)
            return after
        ill = await stagings.by_id(connection, after.witness_for)
        if ill and before.desired is Desired.PRESENT and after.desired is Desired.ABSENT:
            await self._heard(connection, before, after, ill)
        elif why := witness.is_over(after, ill, self._policy(after.project), self._now()):
            return await self._common.decided(connection, after, Delete(CLOCK, why, now=True))
        return after

    async def _heard(self, connection: AsyncConnection, last: Staging, gone: Staging, ill: Staging) -> None:
        """`last`: as it was before its end was asked for."""
        now, policy = self._now(), self._policy(ill.project)
        said = [one for one in witness.stands(last, policy, now) if one.check in witness.asked(ill)]
        for stand in said:
            if stand.check == witness.WORKLOADS and last.live:  # the others were noted when they were decided
                await history.decided(connection, last.id, last.live.id, stand, now)
        told = "; ".join(one.text for one in said) or witness.why_unknown(gone, policy)
        await self._note(connection, ill, CLOCK, "tried", f"the {last.witness_of} {last.attempt.commit[:7]}: {told}")
        anew = [ill.id] if ill.broken_since else []
        for staging in [*anew, *await self._waiting(connection, ill)]:
            await queue.want(connection, staging, [Target.FINDING], now)

    async def _waiting(self, connection: AsyncConnection, but: Staging) -> Sequence[str]:
        """Whose turn it may be now, the longest broken first."""
        if not self._by_itself(but.project):
            return ()
        broken = [
            (one.broken_since, one.id)
            for one in await stagings.broken(connection, but.project)
            if one.broken_since
            and one.id != but.id
            and witness.waits(one, await stagings.witnesses(connection, one.id))
        ]
        return [id for _, id in sorted(broken)[: witness.AT_ONCE]]

    def _by_itself(self, project: str) -> bool:
        return project in self._projects and self._projects[project].witnesses is Witnesses.AUTO

    # --- what they say -----------------------------------------------------------------------------------------------

    async def said(self, ill: Staging, of: WitnessOf) -> Testimony:
        """What they say of what fails first."""
        async with self._store.read() as connection:
            return await self.testimony(connection, ill, of)

    async def testimony(
        self, connection: AsyncConnection, ill: Staging, of: WitnessOf, check: str | None = None
    ) -> Testimony:
        """What the throw-away stagings of this breakage say. `check`: of this one (witness.WORKLOADS: of what runs);
        None: of its symptom."""
        check = symptom(ill).check if check is None else check
        made = witness.of_breakage(await stagings.witnesses(connection, ill.id), of, ill)
        for one in reversed(made):
            if stood := await history.of_staging(connection, one.id, check):
                return replace(on_record(stood[0], one.attempt, ill.live or ill.attempt), fresh=True)
        if not made:
            return Testimony()
        why = witness.why_unknown(made[-1], self._policy(ill.project))
        return Testimony(commit=made[-1].attempt.commit, fresh=True, why=why)

    async def _note(self, connection: AsyncConnection, staging: Staging, actor: str, what: str, why: str) -> None:
        await journal.write(connection, staging.id, JournalLine(self._now(), actor, what, why))


def _base(ill: Staging) -> str:
    """The merge base, as it was found out for the release that is live; empty: it was not."""
    found, release = ill.finding, ill.live
    if found is None or release is None or (release.ended_at and found.symptom.since < release.ended_at):
        return ""
    return found.base.commit
