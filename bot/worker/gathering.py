"""What is known of a breakage, gathered: from the records, from git, from the engine, and from witnesses, asked now."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.domain import past
from bot.domain.checks import HealthCheck
from bot.domain.errors import PermanentError, TemporaryError, UserError
from bot.domain.evidence import NOBODY, Facts, Former, Included, Other, Range, Says, Testimony
from bot.domain.finding import Cause
from bot.domain.model import Health, Phase, Release, Staging, WitnessOf
from bot.domain.naming import namespace
from bot.domain.project import Witnesses
from bot.domain.sharing import words
from bot.explaining import Case
from bot.ports import Engine, Lineage, Repositories
from bot.service import Service
from bot.worker.questions import Questions

log = structlog.get_logger()
LINES = 30
"""Of each workload's log, in which an address may stand that can't be reached."""
PATIENCE = timedelta(seconds=3)
STEADY = timedelta(minutes=1)
"""What was live for so long before it fell ill was well with the release that it has."""


class Gathering:
    """`who`: the Slack user of an author, by the address in their commits and the project's `people`; "" for nobody."""

    def __init__(
        self,
        service: Service,
        git: Repositories,
        engine: Engine,
        questions: Questions,
        who: Callable[[str, Mapping[str, str]], Awaitable[str]],
    ) -> None:
        self._service, self._git, self._engine = service, git, engine
        self._questions, self._who = questions, who

    async def facts(self, case: Case, patient: bool) -> Facts:
        """Raises TemporaryError while git can't be read and there is patience."""
        facts = self._recorded(case)
        main, same, shared, healthy = await asyncio.gather(
            self._main(case), self._same_commit(case), self._words(case), self._healthy(case)
        )
        main_passed = past.passed_last(case.main_stood) if main.says is Says.FAILS else None
        healed = past.healed(case.main_stood, main)
        facts = replace(facts, main=main, main_passed=main_passed, healed=healed)
        facts = replace(facts, same_commit=same, shared=shared, healthy=healthy)
        try:
            return await self._with_history(case, facts)
        except (TemporaryError, PermanentError, UserError) as error:
            if patient and isinstance(error, TemporaryError):
                raise
            log.warning("the history of a breakage can't be read", staging=case.staging.name, why=error.text)
            return facts

    def _recorded(self, case: Case) -> Facts:
        ill = case.ill
        return Facts(
            staging=case.staging.name,
            branch=case.staging.branch,
            baseline=case.project.baseline,
            symptom=case.symptom,
            now=self._service.now(),
            release=ill.number,
            commit=ill.commit,
            live_at=ill.ended_at or ill.requested_at,
            is_baseline=case.of_baseline,
            # Workloads that are not well were so when the release went live.
            passed_here=past.passed_here(case.stood, ill.id) if case.symptom.check else ill.ended_at,
            former=past.former(case.stood, case.releases, ill, case.project),
            ill_since=past.ill_since(case.stood),
            has_data=bool(case.staging.claims),
            data_since=case.data_since,
            signs=case.staging.signs,
            tries=case.project.witnesses is Witnesses.AUTO,
            others=tuple(_other(one, case) for one in case.neighbours if _is_ill(one)),
            overrides=past.overrides(case.releases, ill, case.main.live if case.main else None, case.project),
        )

    async def _words(self, case: Case) -> tuple[str, ...]:
        """What it could have in common with others: what its logs say can't be reached, and its configuration."""
        said = await self._unreached(case.staging, [case.symptom.text, *case.symptom.details])
        return (*said, *past.values(case.ill, case.project))

    async def _healthy(self, case: Case) -> tuple[tuple[str, ...], ...]:
        """The same of those that are well. What the baseline's logs complain of although it is well is no trouble."""
        well = [one for one in case.neighbours if _is_well(one) and one.live]
        noise = await self._unreached(case.main, ()) if case.main in well and case.main else ()
        return (noise, *past.values_of_each((one.live for one in well if one.live), case.project))

    async def _unreached(self, staging: Staging, said: Sequence[str]) -> tuple[str, ...]:
        own = {url.partition("://")[2].partition("/")[0].partition(":")[0] for url in staging.urls.values()}
        own.add(namespace(staging.project, staging.name))
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                logs = await self._engine.logs(staging.id, lines=LINES)
        except (TemporaryError, PermanentError, UserError, TimeoutError):
            logs = {}
        return words([*said, *(line for lines in logs.values() for line in lines)], own)

    # --- what git knows ----------------------------------------------------------------------------------------------

    async def _with_history(self, case: Case, facts: Facts) -> Facts:
        if facts.former and facts.former.commit != facts.former.bad_commit:
            facts = replace(facts, former=await self._what_came(case, facts.former, case.of_baseline))
        if case.of_baseline:
            return facts
        lineage = await self._git.lineage(case.project, case.ill.commit)
        if not lineage.base:
            return facts
        own = await self._range(case, lineage.base, case.ill.commit)
        facts = replace(facts, base=lineage.base, own=own, behind=lineage.behind)
        has_base = await self._main_has(case, lineage.base)
        says, included = await self._base_says(case, facts), await self._included(case, lineage, own)
        mended = facts.healed and not await self._git.merged(case.project, facts.healed, case.ill.commit)
        healed = facts.healed if mended else ""  # else the branch has what mended it, and that was another time
        return replace(facts, base_says=says, included=included, main_has_base=has_base, healed=healed)

    async def _what_came(self, case: Case, former: Former, of_baseline: bool) -> Former:
        between = await self._range(case, former.commit, former.bad_commit)
        rewritten = not await self._git.merged(case.project, former.commit, former.bad_commit)
        if of_baseline:
            return replace(former, commits=between, rewritten=rewritten)
        base = (await self._git.lineage(case.project, former.bad_commit)).base
        brought = await self._range(case, former.commit, base) if base else None
        return replace(former, commits=between, rewritten=rewritten, brought=brought)

    async def _main_has(self, case: Case, base: str) -> bool:
        live = case.main.live if case.main else None
        return live is not None and await self._git.merged(case.project, base, live.commit)

    async def _range(self, case: Case, old: str, new: str) -> Range:
        found = await self._git.range(case.project, old, new)
        users = {author.email: await self._who(author.email, case.project.people) for author in found.authors}
        changes = (replace(c, author=replace(c.author, user=users.get(c.author.email, ""))) for c in found.changes)
        return replace(found, changes=tuple(changes))

    # --- witnesses ---------------------------------------------------------------------------------------------------

    async def _main(self, case: Case) -> Testimony:
        return NOBODY if case.of_baseline else await self._says(case, case.main, case.project.baseline)

    async def _base_says(self, case: Case, facts: Facts) -> Testimony:
        """Whoever runs the merge base now, with the configuration that is nearest; else what the records say."""
        if facts.main.commit == facts.base and not facts.main.differs:
            return facts.main
        tried = await self._service.witnessing.said(case.staging, WitnessOf.MERGE_BASE)
        if tried.says is not Says.UNKNOWN:
            return tried
        there = [s for s in case.neighbours if s.live and s.live.commit == facts.base and s is not case.main]
        said = [await self._says(case, one, one.name) for one in there]
        said += [facts.main] if facts.main.commit == facts.base else []
        recorded = await self._service.explaining.at_commit(case, facts.base)
        heard = [one for one in (*said, *([recorded] if recorded else [])) if one.says is not Says.UNKNOWN]
        nobody = Testimony(commit=facts.base, why=tried.why or "nobody has looked at it yet")
        return min(heard, key=lambda one: len(one.differs), default=nobody)

    async def _same_commit(self, case: Case) -> Testimony:
        """A throw-away staging, or another one, that runs the very same."""
        tried = await self._service.witnessing.said(case.staging, WitnessOf.SAME_COMMIT)
        if tried.says is not Says.UNKNOWN or tried.why:
            return tried
        for other in case.neighbours:
            if other.live and other.live.commit == case.ill.commit and not past.differing(other.live, case.ill):
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

    async def _says(self, case: Case, other: Staging | None, called: str) -> Testimony:
        check = _check(case)
        if other and not self._service.checking.is_up(other.id):
            return Testimony(why=f"{called} is just being brought back")
        if check:
            return await self._questions.testimony(other, check, case.ill, called)
        return self._of_workloads(other, case, called)

    def _of_workloads(self, other: Staging | None, case: Case, called: str) -> Testimony:
        """Whether the workloads of another staging are well, as the engine said last."""
        if other is None or other.live is None or other.serving != other.live.id:
            return Testimony(why=f"{called} does not run")
        differs = past.differing(other.live, case.ill)
        seen = Testimony(Says.PASSES, other.live.commit, differs, self._service.now(), staging=other.name)
        if other.engine_health is Health.HEALTHY:
            return replace(seen, since=other.live.ended_at)
        reason = other.engine_reason
        if reason == case.symptom.text:
            return replace(seen, says=Says.FAILS, since=other.unhealthy_since, text=reason)
        return replace(seen, says=Says.UNKNOWN, why=f"{called} is not well either: {reason}")


def _check(case: Case) -> HealthCheck | None:
    return next((one for one in case.project.health_checks if one.name == case.symptom.check), None)


def _is_well(staging: Staging) -> bool:
    return staging.phase is Phase.LIVE and staging.unhealthy_since is None


def _is_ill(staging: Staging) -> bool:
    return staging.unhealthy_since is not None and staging.phase in (Phase.LIVE, Phase.BROKEN)


def _other(staging: Staging, case: Case) -> Other:
    found, live = staging.finding if staging.broken_since else None, staging.live
    since, live_at = staging.unhealthy_since, live.ended_at if live else None
    unchanged = bool(since and live_at and since >= live_at + STEADY)
    if found and live:
        unchanged = found.passed_before == live.number
    words, excused = found.words if found else _values(live, case), bool(found and found.cause is Cause.BASELINE)
    return Other(staging.name, past.symptom(staging), unchanged, words, excused)


def _values(live: Release | None, case: Case) -> tuple[str, ...]:
    return past.values(live, case.project) if live else ()
