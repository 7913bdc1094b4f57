"""The use cases: gather what is at hand, decide, save. One method each, one write transaction each.

Doors and the worker call it; it asks neither git, engine nor Slack.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.arriving import Arriving, pull_of
from bot.building import Building
from bot.changing import Changing, Common
from bot.checking import Checking
from bot.chronicle import Chronicle
from bot.configuring import Configuring, Wished, new_id
from bot.domain import commands, events, grammar
from bot.domain.changes import Change
from bot.domain.configuration import Secret
from bot.domain.deploying import new_values
from bot.domain.errors import UserError
from bot.domain.events import Decision, Event, FilesReady, Notice, NoticeKind, StatusSeen, Target, Tick, Where
from bot.domain.known import Learned
from bot.domain.lifecycle import decide
from bot.domain.masking import shown
from bot.domain.model import Desired, Phase, Staging
from bot.domain.policy import Person, Policy, policy_of, require_change, require_room
from bot.domain.project import Project
from bot.domain.status import StagingStatus
from bot.explaining import Explaining
from bot.following import Following
from bot.keys import Keys
from bot.looking import Looking
from bot.meaning import Asked, Meaning
from bot.ports import Commit, Head
from bot.projects import Projects
from bot.projects.live import MOST_BRANCHES
from bot.reporting import Reporting
from bot.store import homes, journal, known, queue, releases, sealing, stagings
from bot.store.journal import JournalLine
from bot.store.queue import Claim, Request
from bot.store.roster import Roster
from bot.store.store import Store
from bot.store.turns import Urgency
from bot.witnessing import Witnessing

Wish = (
    events.Extend
    | events.Delete
    | events.Rollback
    | events.Sleep
    | events.Wake
    | events.Reset
    | events.Freeze
    | events.Keep
    | events.Mute
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a release turned out to be: its objects, what of them keeps data, and its secrets, marked."""

    release: str
    objects: Sequence[Mapping[str, Any]]
    claims: Sequence[str] = ()
    secrets: Mapping[str, Secret] = field(default_factory=dict)


class Repeated(Exception):
    """This very wish was taken before: nothing is to be done or answered."""


class Service:
    """`port`: what URLs carry when a host names none. `now` tells the time, `policy` the rules of a project.
    `new_id` names stagings and releases: to be given by those who want to see the same happen again.
    `sandboxed`: what runs can't reach what the bot has. `by_email`: the Slack user of an address.

    `looking`, `configuration`, `chronicle`, `reporting`, `following`, `arriving`, `building`, `checking`, `explaining`,
    `witnessing`: the use cases around which stagings there are, the configuration of one, what happened to it, what its
    git host is told, its branch, pull requests and what comes by itself, its image, its health checks, who broke it,
    and throw-away stagings that tell more of its breakage.
    """

    def __init__(
        self,
        store: Store,
        projects: Mapping[str, Project],
        keys: Keys,
        now: Callable[[], datetime],
        *,
        port: int | None = None,
        policy: Callable[[Project], Policy] = policy_of,
        person: Callable[[str], Person] = Person,
        sandboxed: bool = True,
        by_email: Callable[[str], str | None] = lambda email: None,
        new_id: Callable[[], str] = new_id,
    ) -> None:
        self.projects = Projects.of(projects)
        self.now, self.new_id = now, new_id
        self._store, self._keys, self._policy, self._roster = store, keys, policy, Roster()
        self._meaning = Meaning(self.projects, port, keys.mark, self._roster)
        self._configuring = Configuring(port, person, sandboxed, new_id)
        common = Common(self.project, self._known, self._taken_once, self._decided, self._created, self._require_room)
        self.looking = Looking(store, self.projects, self._meaning, self._roster)
        self.configuration = Changing(store, keys, now, self._meaning, self._configuring, common)
        self.chronicle = Chronicle(store, now, self._meaning)
        self.reporting = Reporting(store, self.projects, now)
        self.following = Following(store, now, self._meaning, self._configuring, common, self._roster)
        self.arriving = Arriving(store, now, self._meaning, self._configuring, common, by_email)
        self.building = Building(store, self.projects, now, common)
        self.checking = Checking(store, now, common)
        self.explaining = Explaining(store, self.projects, now, common, self._roster)
        self.witnessing = Witnessing(store, self.projects, now, self._configuring, common, self._policy_for)

    # --- what people ask for, answered at once -----------------------------------------------------------------------

    async def accept(self, asked: Asked, command: commands.Deploy | commands.Logs) -> commands.Deploy | commands.Logs:
        """Keep the wish for the worker, and return it with what was left out.

        Raises UserError for what can be refused at once, and Repeated.
        """
        async with self._store.write(Urgency.DOOR) as connection:
            if isinstance(command, commands.Deploy):
                meant: commands.Deploy | commands.Logs = await self._meaning.deploy(connection, asked, command)
                self._configuring.require(asked.person, self.project(meant.project), None, command.change)
            else:
                meant = await self._meaning.logs(connection, asked, command)
            await self._take(connection, asked, meant)
        return meant

    async def noted(self, asked: Asked, text: str) -> None:
        """Something that changes nothing was asked: remember it, so that a repetition is not answered again."""
        if asked.response_url is None:
            async with self._store.write(Urgency.DOOR) as connection:
                await self._once(connection, asked, text, done=True)

    async def home_opened(self, user: str) -> None:
        """Somebody looks at their App Home: it is published, and kept up to date for a while."""
        async with self._store.write(Urgency.DOOR) as connection:
            await homes.opened(connection, user, self.now())

    async def extend(
        self, asked: Asked, staging: str, *, until: datetime | None = None, by: timedelta | None = None
    ) -> Staging:
        return await self.wish(asked, staging, events.Extend(asked.person.id, until, by))

    async def delete(self, asked: Asked, staging: str, drawn_for: str | None = None, now: bool = False) -> Staging:
        """`drawn_for`: the release that the button was drawn for. A newer one is not deleted by an old button.
        `now`: its data is not kept for a while."""
        return await self.wish(asked, staging, events.Delete(asked.person.id, now=now), drawn_for)

    async def retry(self, asked: Asked, staging: str, release: str) -> Staging:
        """Deploy the branch again. `release`: the failed one that the button was drawn for."""
        async with self._store.write(Urgency.DOOR) as connection:
            found = await self._known(connection, staging)
            self._configuring.require(asked.person, self.project(found.project), found, Change())
            if found.attempt.id != release or found.phase is not Phase.FAILED:
                raise UserError(f"That button is out of date: {found.name} is {found.phase} now. See its card.")
            await self._take(connection, asked, commands.Deploy(found.branch, found.name, found.project))
        return found

    # --- what the worker brings --------------------------------------------------------------------------------------

    async def secrets_of(self, project: Project, head: Head, name: str | None) -> Mapping[str, Secret]:
        """Of what the branch's staging has of this very commit. Raises UserError, as `deploy` does."""
        async with self._store.read() as connection:
            existing, _ = await self._meaning.deployed_onto(connection, project, head.branch, name)
        return existing.attempt.secrets if existing and existing.attempt.commit == head.commit else {}

    async def deploy(
        self,
        claim: Claim,
        request: Request,
        command: commands.Deploy,
        head: Head,
        commit: Commit,
        changed: Mapping[str, Secret],
    ) -> None:
        """Branch and commit are known: make or update the staging, and answer privately where the card won't be seen.

        `changed`: those of `secrets_of` that have new values at their places, with the marks of these. Raises UserError
        when it cannot be; StillDeleting when it can as soon as the old one is gone.
        """
        project = self.project(command.project)
        now = self.now()
        async with self._store.write() as connection:
            existing, name = await self._meaning.deployed_onto(connection, project, head.branch, command.name)
            if existing is None or not existing.holds_place:
                await self._require_room(connection, request.user, project.name)
            word = command.fork or ""
            wished = Wished(request.user, request.received_at, head, commit, command.change, changed, word)
            event = self._configuring.deploy(project, existing, name, wished)
            event = replace(event, pull=await pull_of(connection, event.project, event.branch))
            former = existing or await stagings.last_deleted(connection, project.name, head.branch, command.name)
            decision = decide(former, event, self._policy(project), now)
            if await queue.finish(connection, claim, now):
                await self._save(connection, decision, now)
                if existing is None:
                    await self._sow(connection, decision.staging.id)
                answer: dict[str, Any] = {"answer": "card" if decision.releases else "already"}
                answer |= {"new": existing is None, "secrets": new_values(existing, event)}
                await self._answer(connection, request.id, decision.staging.id, answer, now)

    async def seed(self, staging: str) -> str:
        """What its generated values are made of. One that was made before there were seeds gets its own now."""
        async with self._store.look() as connection:
            seed = await stagings.seed(connection, staging)
        if seed is None:
            async with self._store.write() as connection:
                await self._sow(connection, staging)
                seed = await stagings.seed(connection, staging)
        return self._keys.decrypt(seed).decode() if seed else ""

    async def answer(self, claim: Claim, request: Request, facts: Mapping[str, Any]) -> None:
        """The request is done; tell whoever asked, privately."""
        async with self._store.write() as connection:
            if await queue.finish(connection, claim, self.now()):
                await self._answer(connection, request.id, None, facts, self.now())

    async def rendered(self, claim: Claim, staging: str, found: Rendered) -> bool:
        """The release's objects are known; the claim goes on. False if it was lost."""
        async with self._store.write() as connection:
            if not await queue.holds(connection, claim):
                return False
            await releases.save_objects(
                connection, found.release, sealing.seal(found.objects, self._keys), found.secrets
            )
            await self._decide(connection, staging, FilesReady(found.release, tuple(found.claims)))
        return True

    async def learned(self, project: str, branch: str, learned: Learned) -> None:
        """What values the source of the project's objects knows on this branch; kept for suggestions."""
        before = self.projects.learned(project, branch)
        if learned == before or not (learned.values or before.values):
            return
        async with self._store.write() as connection:
            await known.save(connection, project, branch, learned, self.now(), MOST_BRANCHES)
        self.projects.learn(project, branch, learned)

    async def recall(self) -> None:
        """What was learned by earlier bots."""
        async with self._store.look() as connection:
            found = await known.all_of_them(connection)
        for project, branch, learned in found:
            self.projects.learn(project, branch, learned)

    async def objects(self, release: str) -> Sequence[dict[str, Any]] | None:
        """The release's objects, once they are known. None: they are not yet, or no key opens them."""
        async with self._store.look() as connection:
            stored = await releases.objects(connection, release)
        try:
            return sealing.unseal(stored, self._keys) if stored else None
        except InvalidToken:
            return None

    async def forget_objects(self, release: str) -> None:
        """It is to be rendered anew."""
        async with self._store.write() as connection:
            await releases.save_objects(connection, release, None)

    async def done(self, claim: Claim, event: Event | None = None) -> None:
        """The target of this claim is reconciled; what follows from the event is saved with it."""
        now = self.now()
        async with self._store.write() as connection:
            if await queue.finish(connection, claim, now) and event:
                await self._decide(connection, claim.staging, event)

    async def statuses(self, seen: Sequence[StagingStatus]) -> None:
        """Save what follows from snapshots; those that say nothing new cost one read together."""
        now = self.now()
        async with self._store.look() as connection:
            known = await stagings.by_ids(connection, [status.staging for status in seen])
        self.checking.reported(seen)
        news = [s for s in seen if s.staging in known and self._says_something(known[s.staging], s, now)]
        if news:
            await self._happened([(status.staging, StatusSeen(status)) for status in news])

    async def synced(self, held: Collection[str]) -> None:
        """The engine holds these and nothing else."""
        async with self._store.look() as connection:
            missing = [s for s in await stagings.kept(connection) if s.id not in held]
        await self.statuses([StagingStatus(s.id, None, present=False) for s in missing])

    async def tick(self, limit: int = 100) -> datetime | None:
        """Look at the stagings whose time has come. Returns when the next one's will."""
        now = self.now()
        at = await self._next_due()
        if at is None or at > now:
            return at
        async with self._store.look() as connection:
            due = await stagings.due(connection, now, limit)
        await self._happened([(staging, Tick()) for staging in due])
        return await self._next_due()

    async def projects_changed(self) -> None:
        """Draw the cards anew that tell what octopod.yaml calls secret by now."""
        async with self._store.write() as connection:
            for staging in await stagings.present(connection):
                if shown(staging, self.projects.get(staging.project)) != staging:
                    await queue.want(connection, staging.id, [Target.CARD], self.now())

    def project(self, name: str | None) -> Project:
        """Raises UserError when octopod.yaml has none of this name (any more)."""
        return self._meaning.project(name)

    # --- the one shape -----------------------------------------------------------------------------------------------

    async def wish(self, asked: Asked, staging: str, event: Wish, drawn_for: str | None = None) -> Staging:
        """What somebody asks of a staging, decided and saved. `drawn_for`: see `delete`."""
        async with self._store.write(Urgency.DOOR) as connection:
            found = await self._known(connection, staging)
            require_change(asked.person, found, self.projects)
            rests = found.desired in (Desired.ASLEEP, Desired.ABSENT) and not found.holds_place
            if isinstance(event, events.Wake) and rests:
                await self._require_room(connection, asked.person.id, found.project)
            if drawn_for and drawn_for != found.attempt.id:
                raise UserError(
                    f"That button is out of date: {found.name} has release {found.attempt.number} now and is "
                    f"{found.phase}. Look at its card, and press again if you still want to."
                )
            await self._once(connection, asked, type(event).__name__.lower(), done=True)
            return await self._decided(connection, found, event)

    async def _require_room(self, connection: AsyncConnection, user: str, project: str) -> None:
        """In the transaction that takes it, so that of two at once for the last place one is refused."""
        if project in self.projects:
            require_room(user, self.projects[project], await self._roster.present(connection, project))

    async def _decided(self, connection: AsyncConnection, staging: Staging, event: Event) -> Staging:
        now = self.now()
        decision = decide(staging, event, self._policy_for(staging.project), now)
        await self._save(connection, decision, now, unchanged=decision.staging == staging)
        await self.explaining.decided(connection, staging, decision.staging)
        return await self.witnessing.decided(connection, staging, decision.staging)

    async def _created(self, connection: AsyncConnection, event: events.Deploy) -> Staging:
        now = self.now()
        event = replace(event, pull=await pull_of(connection, event.project, event.branch))
        decision = decide(None, event, self._policy_for(event.project), now)
        await self._save(connection, decision, now)
        await self._sow(connection, decision.staging.id)
        return decision.staging

    async def _sow(self, connection: AsyncConnection, staging: str) -> None:
        await stagings.sow(connection, staging, sealing.new_seed(self._keys))

    async def happened(self, staging: str, event: Event) -> None:
        await self._happened([(staging, event)])

    async def _happened(self, happened: Sequence[tuple[str, Event]]) -> None:
        async with self._store.write() as connection:
            for staging, event in happened:
                await self._decide(connection, staging, event)

    async def _decide(self, connection: AsyncConnection, id: str, event: Event) -> Staging:
        after = await self._decided(connection, await self._known(connection, id), event)
        if isinstance(event, events.ImageMissing | StatusSeen) and after.attempt.waiting:
            return await self.building.looked(connection, after)
        return after

    async def _save(
        self, connection: AsyncConnection, decision: Decision, now: datetime, unchanged: bool = False
    ) -> None:
        staging = decision.staging
        if not unchanged:
            await stagings.save(connection, staging)
        for release in decision.releases:
            await releases.save(connection, release)
        await queue.want(connection, staging.id, sorted(decision.targets), now)
        if Target.CARD in decision.targets:
            await homes.changed(connection, now)
            await self.reporting.changed(connection, staging)
        await queue.add_notices(connection, staging.id, None, decision.notices, now)
        if decision.what:
            line = JournalLine(now, decision.actor, decision.what, decision.why)
            await journal.write(connection, staging.id, line)

    async def _answer(
        self, connection: AsyncConnection, request: str, staging: str | None, facts: Mapping[str, Any], now: datetime
    ) -> None:
        notice = Notice(NoticeKind.ANSWER, Where.PRIVATE, facts)
        await queue.add_notices(connection, staging, request, [notice], now)

    async def _take(self, connection: AsyncConnection, asked: Asked, command: commands.Command) -> None:
        await self._once(connection, asked, grammar.render(command), done=False)

    async def _once(self, connection: AsyncConnection, asked: Asked, command: str, *, done: bool) -> None:
        where = (asked.thread_ts, asked.response_url, asked.view_id)
        request = Request(asked.id, command, asked.person.id, asked.channel, asked.at, *where)
        if not await queue.add_request(connection, request, done):
            raise Repeated

    async def _taken_once(self, connection: AsyncConnection, asked: Asked, command: str) -> None:
        await self._once(connection, asked, command, done=True)

    # --- facts -------------------------------------------------------------------------------------------------------

    async def _next_due(self) -> datetime | None:
        async with self._store.look() as connection:
            return await stagings.next_due(connection)

    async def _known(self, connection: AsyncConnection, id: str) -> Staging:
        staging = await stagings.by_id(connection, id)
        if staging is None:
            raise UserError("There is no such staging any more.")
        return staging

    def _says_something(self, staging: Staging, status: StagingStatus, now: datetime) -> bool:
        decision = decide(staging, StatusSeen(status), self._policy_for(staging.project), now)
        return decision.staging != staging or bool(decision.targets)

    def _policy_for(self, project: str) -> Policy:
        """Of one that left octopod.yaml: nothing expires, nothing is probed, all else goes on."""
        known = self.projects.get(project)
        return self._policy(known) if known else Policy(ttl=None, probes=False, gone_after=None)
