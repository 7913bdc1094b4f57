"""The use cases around pull requests, and around stagings that come by themselves."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.changing import Common
from bot.domain import events
from bot.domain import pulls as rule
from bot.domain.hearsay import PullRequest
from bot.domain.model import Pull, Staging
from bot.domain.project import Project
from bot.store import pulls, stagings
from bot.store.store import Store


class Arriving:
    def __init__(self, store: Store, now: Callable[[], datetime], common: Common) -> None:
        self._store, self._now, self._common = store, now, common

    async def heard(self, project: Project, said: PullRequest) -> None:
        """Keep it, and decide what becomes of the stagings that there are. A new one is made when git was asked."""
        async with self._store.write() as connection:
            before = await pulls.known(connection, project.name, said.number)
            after = rule.newest(before, said, self._now())
            if after:
                due = rule.arrives(project, before, after)
                await pulls.save(connection, project.name, after, due)
                for staging in await self._of(connection, project.name, after):
                    await self._told(connection, project, staging, before, after)

    async def pull(self, project: str, number: int) -> tuple[PullRequest | None, Sequence[PullRequest]]:
        """The one of this number, as far as it was heard of, and open ones with numbers near it."""
        async with self._store.look() as connection:
            return await pulls.known(connection, project, number), await pulls.near(connection, project, number)

    async def _of(self, connection: AsyncConnection, project: str, pull: PullRequest) -> Sequence[Staging]:
        branches = rule.refs_of(pull.number) if pull.fork else (pull.branch,)
        found = [await stagings.of_branch(connection, project, branch) for branch in branches]
        return [staging for some in found for staging in some]

    async def _told(
        self,
        connection: AsyncConnection,
        project: Project,
        staging: Staging,
        before: PullRequest | None,
        after: PullRequest,
    ) -> None:
        pull = await pull_of(connection, project.name, staging.branch) or rule.seen(after)
        staging = await self._common.decided(connection, staging, events.PullSeen(pull))
        if how := rule.ends(project, before, after):
            await self._common.decided(connection, staging, events.BranchEnded(how, after.by))
        elif staging.branch_ended and staging.branch_ended.of_pull and rule.returns(project, after):
            await self._common.decided(connection, staging, events.BranchBack())


async def pull_of(connection: AsyncConnection, project: str, branch: str) -> Pull | None:
    """The pull request that is shown with a branch; of a fork its number at least."""
    number = rule.number_of(branch)
    if number is None:
        found = await pulls.of_branch(connection, project, branch)
        return rule.seen(found) if found else None
    found = await pulls.known(connection, project, number)
    return rule.seen(found) if found else Pull(number)
