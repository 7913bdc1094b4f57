"""The finding target: what broke a staging, found out from records, git and witnesses, and told."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from bot.domain.checks import HealthCheck
from bot.domain.errors import PermanentError, TemporaryError, UserError
from bot.domain.events import Found, Target
from bot.domain.evidence import NOBODY, Facts, Included, Range, Says, Testimony
from bot.domain.finding import Cause, Confidence, Finding, find
from bot.domain.model import Health, Staging
from bot.domain.past import differing, former, healed, passed_here
from bot.explaining import Case
from bot.ports import History, Lineage
from bot.service import Service
from bot.store import queue
from bot.store.news import Line
from bot.store.queue import Claim
from bot.store.store import Store
from bot.worker.questions import Questions

log = structlog.get_logger()
TRIES = 3


class FindingWork:
    """`who`: the Slack user of an author, by the address in their commits and the project's `people`; "" for nobody."""

    line = Line.FINDING

    def __init__(
        self,
        service: Service,
        store: Store,
        history: History,
        questions: Questions,
        who: Callable[[str, Mapping[str, str]], Awaitable[str]],
    ) -> None:
        self._service, self._store, self._history = service, store, history
        self._questions, self._who = questions, who

    async def claim(self, owner: str, until: datetime, limit: int) -> Sequence[Claim]:
        async with self._store.write() as connection:
            return await queue.claim(connection, "targets", self._service.now(), owner, until, limit, Target.FINDING)

    async def next_due(self) -> datetime | None:
        async with self._store.look() as connection:
            return await queue.next_due(connection, "targets", Target.FINDING)

    async def superseded(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        return ()

    async def gave_up(self, claim: Claim, error_id: str) -> None:
        """That it broke is told in any case."""
        case = await self._service.explaining.case(claim.staging)
        unknown = Finding(Cause.UNKNOWN, Confidence.GUESS, case.symptom) if case else None
        await self._service.explaining.found(claim, claim.staging, Found(unknown) if unknown else None)

    async def perform(self, claim: Claim) -> None:
        explaining = self._service.explaining
        case = await explaining.case(claim.staging)
        if case is None:
            return await explaining.found(claim, claim.staging, None)
        finding = find(await self._facts(case, patient=claim.failures < TRIES))
        await explaining.found(claim, claim.staging, Found(finding))

    async def _facts(self, case: Case, patient: bool) -> Facts:
        """Raises TemporaryError while git can't be read and there is patience."""
        facts = Facts(
            staging=case.staging.name,
            branch=case.staging.branch,
            baseline=case.project.baseline,
            symptom=case.symptom,
            now=self._service.now(),
            release=case.ill.number,
            commit=case.ill.commit,
            live_at=case.ill.ended_at or case.ill.requested_at,
            is_baseline=case.of_baseline,
            passed_here=self._passed_here(case),
            former=former(case.stood, case.releases, case.ill, case.project),
            has_data=bool(case.staging.claims),
            signs=case.staging.signs,
        )
        if not case.of_baseline:
            main, same = await asyncio.gather(self._main(case), self._same_commit(case))
            facts = replace(facts, main=main, same_commit=same, healed=healed(case.main_stood))
        try:
            return await self._with_history(case, facts)
        except (TemporaryError, PermanentError, UserError) as error:
            if patient and isinstance(error, TemporaryError):
                raise
            log.warning("the history of a breakage can't be read", staging=case.staging.name, why=error.text)
            return facts

    @staticmethod
    def _passed_here(case: Case) -> datetime | None:
        """A release whose workloads are not well was live, so they were."""
        return passed_here(case.stood, case.ill.id) if case.symptom.check else case.ill.ended_at

    # --- what git knows ----------------------------------------------------------------------------------------------

    async def _with_history(self, case: Case, facts: Facts) -> Facts:
        before = facts.former
        if before and before.commit != before.bad_commit:
            between = await self._range(case, before.commit, before.bad_commit)
            facts = replace(facts, former=replace(before, commits=between))
        if case.of_baseline:
            return facts
        lineage = await self._history.lineage(case.project, case.ill.commit)
        if not lineage.base:
            return facts
        own = await self._range(case, lineage.base, case.ill.commit)
        says = await self._base_says(case, facts, lineage)
        included = await self._included(case, lineage, own)
        return replace(facts, base=lineage.base, base_says=says, own=own, behind=lineage.behind, included=included)

    async def _range(self, case: Case, old: str, new: str) -> Range:
        found = await self._history.range(case.project, old, new)
        users = {author.email: await self._who(author.email, case.project.people) for author in found.authors}
        changes = (replace(c, author=replace(c.author, user=users.get(c.author.email, ""))) for c in found.changes)
        return replace(found, changes=tuple(changes))

    # --- witnesses ---------------------------------------------------------------------------------------------------

    async def _main(self, case: Case) -> Testimony:
        return await self._says(case, case.main, case.project.baseline)

    async def _base_says(self, case: Case, facts: Facts, lineage: Lineage) -> Testimony:
        """Whoever runs the merge base now, with the configuration that is nearest; else what the records say."""
        if facts.main.commit == lineage.base and not facts.main.differs:
            return facts.main
        there = [s for s in case.neighbours if s.live and s.live.commit == lineage.base and s is not case.main]
        said = [await self._says(case, one, one.name) for one in there]
        said += [facts.main] if facts.main.commit == lineage.base else []
        recorded = await self._service.explaining.at_commit(case, lineage.base)
        heard = [one for one in (*said, *([recorded] if recorded else [])) if one.says is not Says.UNKNOWN]
        return min(heard, key=lambda one: len(one.differs), default=NOBODY)

    async def _same_commit(self, case: Case) -> Testimony:
        """Another staging that runs the very same."""
        for other in case.neighbours:
            if other.live and other.live.commit == case.ill.commit and not differing(other.live, case.ill):
                return await self._says(case, other, other.name)
        return NOBODY

    async def _included(self, case: Case, lineage: Lineage, own: Range) -> tuple[Included, ...]:
        """Other features whose newest commit came with this one's."""
        commits = {change.commit for change in own.changes}
        found: list[Included] = []
        for other in case.neighbours:
            if other is case.main or other.live is None or other.live.commit not in commits:
                continue
            if other.live.commit != case.ill.commit and other.branch != case.staging.branch:
                theirs = await self._range(case, lineage.base, other.live.commit)
                found.append(Included(other.branch, await self._says(case, other, other.name), theirs))
        return tuple(found)

    async def _says(self, case: Case, witness: Staging | None, called: str) -> Testimony:
        check = self._check(case)
        if check:
            return await self._questions.testimony(witness, check, case.ill, called)
        return _of_workloads(witness, case, called, self._service.now())

    @staticmethod
    def _check(case: Case) -> HealthCheck | None:
        return next((one for one in case.project.health_checks if one.name == case.symptom.check), None)


def _of_workloads(witness: Staging | None, case: Case, called: str, now: datetime) -> Testimony:
    """Whether the workloads of another staging are well, as the engine said last."""
    if witness is None or witness.live is None or witness.serving != witness.live.id:
        return Testimony(why=f"{called} does not run")
    seen = Testimony(Says.PASSES, witness.live.commit, differing(witness.live, case.ill), now, staging=witness.name)
    if witness.engine_health is Health.HEALTHY:
        return replace(seen, since=witness.live.ended_at)
    reason = witness.engine_reason
    if reason == case.symptom.text:
        return replace(seen, says=Says.FAILS, since=witness.unhealthy_since, text=reason)
    return replace(seen, says=Says.UNKNOWN, why=f"{called} is not well either: {reason}")
