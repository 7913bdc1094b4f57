"""The use cases around branches: what becomes of stagings as these move, end and come back."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.changing import Common
from bot.configuring import Configuring, Wished
from bot.domain import branch, events
from bot.domain.changes import Change
from bot.domain.events import Notice, NoticeKind, Where
from bot.domain.following import OutageBegan, OutageEnded
from bot.domain.model import PROJECT, PUSH, Ending, Staging
from bot.domain.policy import open_to_all
from bot.domain.project import Project
from bot.domain.pulls import from_fork
from bot.meaning import Meaning
from bot.ports import Commit, Head
from bot.store import branches, pulls, queue, stagings
from bot.store.roster import Roster
from bot.store.store import Store


class Following:
    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        meaning: Meaning,
        configuring: Configuring,
        common: Common,
        roster: Roster,
    ) -> None:
        self._store, self._now, self._roster = store, now, roster
        self._meaning, self._configuring, self._common = meaning, configuring, common

    async def stagings(self, project: Project) -> Sequence[Staging]:
        """Those that are not deleted. What was seen of another repository says nothing of what is in this one."""
        here = (project.repo, project.deploy_on.value)
        async with self._store.read() as connection:
            before = await stagings.followed_at(connection, project.name)
            if before == here:
                return await self._roster.present(connection, project.name)
        async with self._store.write() as connection:
            await stagings.follow_at(connection, project.name, *here)
            await branches.forget(connection, project.name)
            if before and before[0] != project.repo:
                await stagings.forget_heads(connection, project.name)
                await pulls.forget(connection, project.name)
            return await self._roster.present(connection, project.name)

    async def moved(self, staging: Staging, head: Commit, push: events.Push) -> None:
        """Its branch is at this commit now. Whoever deployed another one since the look knows better."""
        async with self._store.write() as connection:
            found = await self._common.known(connection, staging.id)
            if found.head != staging.head:
                return
            project = self._common.project(found.project)
            await self._common.decided(connection, found, self._follows(project, found, head, push))

    def _follows(
        self, project: Project, staging: Staging, head: Commit, push: events.Push
    ) -> events.Deploy | events.Withheld:
        why = "" if staging.attempt.commit == head.id else _withheld(project, staging)
        if why is not None:
            return events.Withheld(head.id, push, why)
        wished = Wished(PUSH, self._now(), Head(staging.branch, head.id), head, Change())
        return self._configuring.followed(project, staging, staging.name, wished, push)

    async def baseline(self, project: Project, head: Commit) -> None:
        """It has a staging, whatever becomes of it."""
        async with self._store.write() as connection:
            existing, name = await self._meaning.deployed_onto(connection, project, project.baseline, None)
            if existing is None:
                wished = Wished(PROJECT, self._now(), Head(project.baseline, head.id), head, Change())
                event = self._configuring.followed(project, None, name, wished, None)
                await self._common.created(connection, event)

    async def ended(self, project: str, branch: str, how: Ending, by: str = "") -> None:
        """All that runs of this branch is told. `by`: who did it, as their git host names them."""
        async with self._store.write() as connection:
            for staging in await stagings.of_branch(connection, project, branch):
                await self._common.decided(connection, staging, events.BranchEnded(how, by))

    async def back(self, staging: str) -> None:
        """Its branch is there again."""
        async with self._store.write() as connection:
            found = await self._common.known(connection, staging)
            await self._common.decided(connection, found, events.BranchBack())

    async def outage(self, project: str, news: OutageBegan | OutageEnded) -> None:
        """Nobody is told where nothing is followed."""
        began = isinstance(news, OutageBegan)
        kind = NoticeKind.OUTAGE if began else NoticeKind.OUTAGE_OVER
        facts = {"project": project, "since": news.since.isoformat(), "reason": getattr(news, "reason", "")}
        async with self._store.write() as connection:
            present = await stagings.present(connection, project)
            if present:
                told = [Notice(kind, Where.PROJECT, facts)]
                await queue.add_notices(connection, present[0].id, None, told, self._now())


def _withheld(project: Project, staging: Staging) -> str | None:
    """Why a push does not update it, if so; empty: nobody needs to be told."""
    if from_fork(staging.branch):
        return "" if staging.frozen else "it comes from a fork, and somebody has to answer for each commit of one."
    if staging.frozen or not branch.covered(project, staging.branch):
        return ""
    guarded = [name for name in staging.attempt.overrides.profiles if not open_to_all(project, name)]
    if guarded:
        return (
            f"it runs with {', '.join(guarded)}, and what is pushed would get its secrets. Somebody who may use that "
            "decides."
        )
    return None
