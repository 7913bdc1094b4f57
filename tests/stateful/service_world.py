"""The real service and the worker's work over a real file; git, renderer, engine and Slack as fakes. Nobody knows what
breaks a staging, so no witness and no history is asked.

Nothing runs by itself: what is due is claimed and performed when the test says so, and time stands until it is moved.
The process can be killed at each of the worker's named points; then all is opened again over the same file.
"""

import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from builders import NOW, a_commit
from cryptography.fernet import Fernet
from sqlalchemy import text

from bot.domain.errors import OutcomeUnknown, TemporaryError
from bot.domain.events import NoticeKind, Where
from bot.domain.evidence import Facts, Symptom
from bot.domain.known import KnownValue
from bot.domain.model import Release, Staging
from bot.domain.policy import Person
from bot.domain.project import Manifests, Project, UrlProbe
from bot.domain.status import StagingStatus, Synced
from bot.environment import Places
from bot.explaining import Case
from bot.keys import read_keys
from bot.meaning import Asked
from bot.ports import Commit, EngineFacts, Head, Letter, Posted, ProbeResult, ReleaseOrder, RenderFacts, Slot, Span
from bot.service import Service
from bot.store import stagings
from bot.store.queue import Claim
from bot.store.store import Store
from bot.wayback import WayBack
from bot.worker.engine import EngineWork
from bot.worker.finding import FindingWork
from bot.worker.gathering import Gathering
from bot.worker.pump import Pace, Pump, Work
from bot.worker.requests import RequestWork
from bot.worker.secrets import Opening
from bot.worker.slack import SlackWork
from bot.worker.worker import Worker

TTL = timedelta(hours=3)
LEASE = timedelta(seconds=180)
PACE = Pace(first_retry=0.02, longest_retry=0.1, edits=0.0)
KINDS = ("requests", "engine", "finding", "slack")
POINTS = (
    *("request-claimed", "engine-claimed", "exported", "rendered", "applied", "probed", "removed", "engine-done"),
    *("slept", "wiped"),
    *("card-sent", "progress-sent", "notice-sent"),
)


class Killed(BaseException):
    """kill -9, as far as one process can have it: nothing of the bot catches this."""


class World:
    def __init__(self, folder: Path, database: Path) -> None:
        self.folder, self.now, self.kill_at = folder, NOW, ""
        self.file = shutil.copy(database, folder / "octopod.db")
        self.keys = read_keys(Fernet.generate_key().decode())
        self.neighbours, self.chat = Neighbours(), FakeChat()
        self.asked = 0
        self.ids = count(1)

    async def open(self) -> None:
        """A bot starts."""
        self.store = Store(f"sqlite+aiosqlite:///{self.file}")
        project = Project(
            name="shop", repo="/x", source=Manifests(PurePosixPath("deploy")), channel="stagings", alerts="alerts",
            ttl=TTL, hosts={"web": "${staging}.localhost"}, scheme="http", good_after=timedelta(),
        )  # fmt: skip
        self.service = Service(
            self.store, {"shop": project}, self.keys, lambda: self.now, port=8080, new_id=self.new_id
        )
        self.back = WayBack(self.service, self.store)
        there, trees, opening = self.neighbours, self.folder / "trees", Opening(Places({}, None), self.keys)
        self.works: dict[str, Work] = {
            "requests": RequestWork(self.service, self.store, there, there, self.passed, opening=opening),
            "engine": EngineWork(
                self.service, self.store, there, there, there, there, trees, self.passed, opening=opening
            ),
            "finding": FindingWork(self.service, self.store, Knowing()),
            "slack": SlackWork(self.service, self.store, self.chat, self.passed, PACE),
        }
        self.pumps = {k: Pump(work, self.store, lambda: self.now, 8, PACE, "me") for k, work in self.works.items()}
        await self.free()

    def new_id(self) -> str:
        """What happens in one moment goes in the order of ids; by random ones no walk could be gone again."""
        return f"{next(self.ids):012x}"

    async def free(self) -> None:
        """Leases and back-offs end, as at every start."""
        await Worker(self.store, lambda: self.now, (), lambda: False).start()

    async def close(self) -> None:
        await self.store.close()

    def passed(self, point: str) -> None:
        if point == self.kill_at:
            raise Killed

    async def claim(self, kind: str) -> Sequence[Claim]:
        await self.works[kind].next_due()
        return await self.works[kind].claim("me", self.now + LEASE, 1000)  # of more, ids would choose

    async def perform(self, kind: str, claim: Claim) -> bool:
        """False if the bot was killed meanwhile; it runs again then."""
        try:
            await self.pumps[kind].perform(claim)
        except Killed:
            self.kill_at = ""
            await self.restart()
            return False
        return True

    async def restart(self) -> None:
        await self.close()
        await self.open()

    def ask(self, who: str) -> Asked:
        self.asked += 1
        return Asked(
            f"trigger-{self.asked}", Person(who), "C1", "stagings", self.now, response_url="http://slack/answer"
        )

    async def facts(self) -> tuple[Sequence[Staging], dict[str, int]]:
        """All stagings there ever were, and how many lines each has in the journal, but for those about witnesses."""
        counting = "SELECT staging_id, count(*) FROM journal WHERE what NOT IN ('try', 'tried') GROUP BY staging_id"
        async with self.store.read() as connection:
            counted = await connection.execute(text(counting))
            lines: dict[str, int] = {row[0]: row[1] for row in counted}
            return list((await stagings.by_ids(connection, list(lines))).values()), lines

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.store.read() as connection:
            return [tuple(row) for row in (await connection.execute(text(sql))).all()]


class Neighbours:
    """Git, renderer, engine and prober in one; `newest`: a number for each branch's newest commit."""

    def __init__(self) -> None:
        self.newest = {"main": 1, "feature": 1, "with-data": 1}
        self.orders: list[ReleaseOrder] = []
        self.removed: list[str] = []
        self.slept: list[str] = []
        self.wiped: list[str] = []
        self.sleeps_at_once = True
        self.result = ProbeResult(True, "200 OK")

    @property
    def facts(self) -> EngineFacts:
        return EngineFacts("local", frozenset(), 8080)

    async def resolve(self, project: Project, name: str) -> Head:
        return Head(name, a_commit(self.newest[name]))

    async def heads(self, project: Project) -> Sequence[Head]:
        return [Head(name, a_commit(number)) for name, number in self.newest.items()]

    async def refs(self, project: Project, names: Sequence[str]) -> Mapping[str, str]:
        return {}

    async def commit(self, project: Project, commit: str) -> Commit:
        return Commit(commit, "Work", "Alice", "a@x.org", NOW)

    async def between(self, project: Project, old: str, new: str) -> Span:
        return Span([await self.commit(project, new)], 1, 0)

    async def merged(self, project: Project, commit: str, into: str) -> bool:
        return commit == into

    async def export(self, project: Project, commit: str, folder: Path) -> None:
        """Nothing reads the files: the renderer is a fake, too."""

    async def render(self, tree: Path, facts: RenderFacts, engine: EngineFacts) -> list[dict[str, Any]]:
        kind = "PersistentVolumeClaim" if facts.branch == "with-data" else "Deployment"
        return [{"kind": kind, "metadata": {"name": "web"}}]

    def image(self, facts: RenderFacts) -> str | None:
        return None

    async def known(self, tree: Path, facts: RenderFacts) -> Mapping[str, KnownValue]:
        return {}

    async def apply(self, order: ReleaseOrder) -> None:
        self.orders.append(order)

    async def sleep(self, staging: str) -> bool:
        self.slept.append(staging)
        return self.sleeps_at_once

    async def wipe(self, staging: str) -> None:
        self.wiped.append(staging)

    async def remove(self, staging: str) -> None:
        self.removed.append(staging)

    async def watch(self) -> AsyncIterator[StagingStatus | Synced]:
        yield Synced(frozenset())

    async def logs(self, staging: str, workload: str | None = None, lines: int = 50) -> Mapping[str, Sequence[str]]:
        return {"web": ["listening"]}

    async def probe(self, url: str, how: UrlProbe, namespace: str) -> ProbeResult:
        return self.result


class Knowing(Gathering):
    """Nothing."""

    def __init__(self) -> None:
        """It needs nobody."""

    async def facts(self, case: Case, patient: bool) -> Facts:
        wrong, ill = Symptom("it is ill", NOW), case.ill
        return Facts(case.staging.name, case.staging.branch, "main", wrong, NOW, ill.number, ill.commit, NOW)


class FakeChat:
    """Keeps what was posted by its key. `fault`: what happens to the next call.

    before: refused, and nobody knows whether it was done; lost: done, but the answer got lost; later: a 429.
    """

    def __init__(self) -> None:
        self.fault = ""
        self.posted: Counter[str] = Counter()
        self.shown: dict[str, str] = {}
        self.homes: dict[str, dict[str, str]] = {}
        self.told: list[tuple[str, NoticeKind, Where]] = []
        self.private: Counter[str] = Counter()

    def slot(self, project: str | None, where: Where | None, posts: bool, key: tuple[Any, ...]) -> Slot:
        return Slot(f"{where} {posts}", 0.0)

    async def show_card(self, staging: Staging, at: Posted | None, *, unsure: bool) -> Posted:
        return self._show(f"card-{staging.id}", staging.phase, at is None, unsure)

    async def show_progress(
        self, staging: Staging, release: Release, card: Posted, ts: str | None, *, unsure: bool
    ) -> Posted:
        return self._show(f"progress-{release.id}", release.stage, ts is None, unsure)

    def slot_of_homes(self) -> Slot:
        return Slot("homes", 0.0)

    async def show_home(self, user: str, found: Sequence[tuple[Staging, Posted | None]]) -> None:
        lost = self._fails()
        self.homes[user] = {staging.id: staging.phase for staging, _ in found}
        self._lose(lost)

    async def send(self, letter: Letter, staging: Staging | None, *, unsure: bool) -> Posted | None:
        lost = self._fails()
        if letter.where is Where.PRIVATE:
            if not unsure:
                self.private[letter.key] += 1
        elif not (unsure and self.posted[letter.key]):
            assert staging
            self.told.append((staging.id, letter.kind, letter.where))
            self.posted[letter.key] += 1
        self._lose(lost)
        return None if letter.where is Where.PRIVATE else Posted("C1", letter.key)

    def _show(self, key: str, how: str, new: bool, unsure: bool) -> Posted:
        lost = self._fails()
        if new and not (unsure and self.posted[key]):
            self.posted[key] += 1
        self.shown[key] = how
        self._lose(lost)
        return Posted("C1", key)

    def _fails(self) -> bool:
        fault, self.fault = self.fault, ""
        if fault == "before":
            raise OutcomeUnknown("Slack has trouble of its own.")
        if fault == "later":
            raise TemporaryError("Slack asks to slow down.", retry_after=1.0)
        return fault == "lost"

    def _lose(self, lost: bool) -> None:
        if lost:
            raise OutcomeUnknown("Slack did not answer.")
