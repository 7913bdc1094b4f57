"""The use cases around pull requests, and around stagings that come by themselves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.changing import Common
from bot.configuring import Configuring, Wished
from bot.domain import branch, events
from bot.domain import pulls as rule
from bot.domain.changes import Change
from bot.domain.errors import UserError
from bot.domain.events import Notice, NoticeKind, Where
from bot.domain.hearsay import PullRequest
from bot.domain.model import PROJECT, PUSH, Desired, Pull, Staging
from bot.domain.project import Project
from bot.meaning import Meaning
from bot.ports import Commit, Head
from bot.store import branches, pulls, queue, stagings
from bot.store.store import Store


class Arriving:
    """`by_email`: the Slack user of an address."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        meaning: Meaning,
        configuring: Configuring,
        common: Common,
        by_email: Callable[[str], str | None],
    ) -> None:
        self._store, self._now, self._by_email = store, now, by_email
        self._meaning, self._configuring, self._common = meaning, configuring, common

    # --- what is heard of pull requests ------------------------------------------------------------------------------

    async def heard(self, project: Project, said: PullRequest) -> None:
        """Keep it, and decide what becomes of the stagings that there are. A new one is made when git was asked."""
        async with self._store.write() as connection:
            before = await pulls.known(connection, project.name, said.number)
            after = rule.newest(before, said, self._now())
            if after:
                was_due = await pulls.is_due(connection, project.name, said.number)
                due = rule.arrives(project, before, after) or (was_due and rule.is_wanted(project, after))
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

    # --- what comes by itself ----------------------------------------------------------------------------------------

    async def unseen(self, project: Project, heads: Mapping[str, str]) -> Sequence[str]:
        """The branches that were moved since that was last acted upon, and whose pushes make stagings. What was there
        at the first look was not pushed just now."""
        async with self._store.look() as connection:
            seen = await branches.seen(connection, project.name)
        moved = {name: commit for name, commit in heads.items() if seen.get(name) != commit}
        gone = seen.keys() - heads.keys()
        due = [one for one in moved if seen and branch.made_by_push(project, one)]
        if moved.keys() - due or gone:
            async with self._store.write() as connection:
                await branches.see(connection, project.name, {one: moved[one] for one in moved.keys() - due})
                await branches.forget(connection, project.name, gone)
        return due

    async def due(self, project: str) -> Sequence[PullRequest]:
        """Those whose stagings are still to be made, or asked about."""
        async with self._store.look() as connection:
            return await pulls.due(connection, project)

    async def pushed(self, project: Project, name: str, head: Commit) -> None:
        """A branch was pushed: its staging is made. While the last one is still being deleted, that has to wait."""
        async with self._store.write() as connection:
            made = await self._made(connection, project, name, head)
            if made is not Made.LATER:
                await branches.see(connection, project.name, {name: head.id})
                before = await branches.refuse(connection, project.name, name, isinstance(made, Refused))
                if isinstance(made, Refused) and not before:
                    await self._tell_refused(connection, project, name, made, None)

    async def opened(self, project: Project, pull: PullRequest, head: Commit) -> None:
        """A pull request was opened, or pushed to: the same."""
        async with self._store.write() as connection:
            if not await pulls.is_due(connection, project.name, pull.number):
                return
            made = await self._made(connection, project, pull.branch, head)
            if made is not Made.LATER:
                before = await pulls.settle(connection, project.name, pull.number, isinstance(made, Refused))
                if isinstance(made, Refused) and not before:
                    await self._tell_refused(connection, project, pull.branch, made, pull)

    async def ask(self, project: Project, pull: PullRequest, ref: str, head: Commit) -> None:
        """What a fork brings: somebody is asked for their word; in the thread of its staging, if it has one."""
        async with self._store.write() as connection:
            if not await pulls.is_due(connection, project.name, pull.number):
                return
            await pulls.settle(connection, project.name, pull.number)
            if self._configuring.sandboxed and not await stagings.of_branch(connection, project.name, ref):
                facts = {"commit": head.id, "subject": head.subject, "by": head.author}
                await self._tell(connection, project, NoticeKind.FORK, facts, pull)

    async def _made(self, connection: AsyncConnection, project: Project, name: str, head: Commit) -> "Made | Refused":
        owner = self._by_email(head.email) or PROJECT
        try:
            existing, called = await self._meaning.deployed_onto(connection, project, name, None)
            if existing:
                return Made.LATER if existing.desired is Desired.ABSENT else Made.DONE
            await self._common.room(connection, owner, project.name)
        except UserError as error:
            return Refused(owner, error.text)
        wished = Wished(PUSH, self._now(), Head(name, head.id), head, Change(), owner=owner)
        await self._common.created(connection, self._configuring.followed(project, None, called, wished, None))
        return Made.DONE

    async def _tell_refused(
        self, connection: AsyncConnection, project: Project, name: str, refused: "Refused", pull: PullRequest | None
    ) -> None:
        facts = {"branch": name, "owner": refused.owner, "why": refused.why}
        await self._tell(connection, project, NoticeKind.NOT_MADE, facts, pull)

    async def _tell(
        self,
        connection: AsyncConnection,
        project: Project,
        kind: NoticeKind,
        facts: Mapping[str, Any],
        pull: PullRequest | None,
    ) -> None:
        shown = rule.seen(pull) if pull else None
        of_pull = {**asdict(shown), "label": shown.label} if shown else None
        notice = Notice(kind, Where.CHANNEL, {**facts, "project": project.name, "pull": of_pull})
        await queue.add_notices(connection, None, None, [notice], self._now(), project.name)


class Made(Enum):
    """LATER: the last one of its branch is not gone yet."""

    DONE = "done"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Refused:
    """Whose it would have been, and why it was not made."""

    owner: str
    why: str


async def pull_of(connection: AsyncConnection, project: str, branch: str) -> Pull | None:
    """The pull request that is shown with a branch; of a fork its number at least."""
    number = rule.number_of(branch)
    if number is None:
        found = await pulls.of_branch(connection, project, branch)
        return rule.seen(found) if found else None
    found = await pulls.known(connection, project, number)
    return rule.seen(found) if found else Pull(number)
