"""What lies beyond the conversation: an engine that does what the test says, and a prober that answers as told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.checks import CheckResult, HealthCheck
from bot.domain.errors import UserError
from bot.domain.project import UrlProbe
from bot.domain.status import StagingStatus, Synced, WorkloadState, WorkloadStatus
from bot.local.reader import KINDS
from bot.ports import CheckFacts, EngineFacts, ProbeResult, ReleaseOrder

READY, PROGRESSING, FAILED = WorkloadState.READY, WorkloadState.PROGRESSING, WorkloadState.FAILED
PORT = 8080


class FakeEngine:
    """Remembers its orders; reports nothing by itself but that a removed staging is gone (unless `slow_to_remove`), and
    that one is asleep (unless `slow_to_sleep`)."""

    def __init__(self) -> None:
        self.orders: list[ReleaseOrder] = []
        self.removed: list[str] = []
        self.lines: dict[str, list[str]] = {"web": ["listening"]}
        self.slept: list[str] = []
        self.wiped: list[str] = []
        self.slow_to_remove = self.slow_to_sleep = False
        self.refusal: Exception | None = None
        self._serving: dict[str, str] = {}
        self._news: asyncio.Queue[StagingStatus] = asyncio.Queue()
        self._unread = 0

    # --- the port

    @property
    def facts(self) -> EngineFacts:
        return EngineFacts("local", frozenset(KINDS), PORT)

    async def apply(self, order: ReleaseOrder) -> None:
        if self.refusal:
            raise self.refusal
        self.orders.append(order)

    async def sleep(self, staging: str) -> bool:
        self.slept.append(staging)
        return not self.slow_to_sleep

    async def wipe(self, staging: str) -> None:
        self.wiped.append(staging)

    async def remove(self, staging: str) -> None:
        self.removed.append(staging)
        if not self.slow_to_remove:
            self.gone(staging)

    async def watch(self) -> AsyncIterator[StagingStatus | Synced]:
        yield Synced(frozenset(order.staging for order in self.orders))
        while True:
            status = await self._news.get()
            yield status
            self._unread -= 1

    async def logs(self, staging: str, workload: str | None = None, lines: int = 50) -> Mapping[str, Sequence[str]]:
        if workload and workload not in self.lines:
            raise UserError(f"There is no workload `{workload}`.", list(self.lines))
        return {name: said[-lines:] for name, said in self.lines.items() if workload in (None, name)}

    # --- what a test makes happen

    @property
    def unread(self) -> bool:
        return self._unread > 0

    def order(self, name: str) -> ReleaseOrder:
        """The newest order for the staging of this name."""
        return next(order for order in reversed(self.orders) if order.name == name)

    def starting(self, name: str, reason: str = "") -> None:
        self._report(name, PROGRESSING, ready=0, reason=reason)

    def lacks_image(self, name: str, image: str) -> None:
        """All that it lacks is this image."""
        order = self.order(name)
        lacking = replace(_workload(order.release, PROGRESSING, 0, "its image can't be pulled"), awaits=image)
        self._tell(StagingStatus(order.staging, order.release, (lacking,)))

    def ready(self, name: str) -> None:
        """All of the newest release is there, and serves."""
        order = self.order(name)
        self._serving[order.staging] = order.release
        self._report(name, READY, ready=1)

    def failed(self, name: str, reason: str, *tail: str) -> None:
        self._report(name, FAILED, ready=0, reason=reason, tail=tail)

    def down(self, name: str, reason: str = "web: exit code 1", *tail: str) -> None:
        """What serves has lost its only replica."""
        self._report(name, PROGRESSING, ready=0, reason=reason, tail=tail)

    def resuming(self, name: str) -> None:
        """The engine itself was down, and brings it back."""
        order = self.order(name)
        gone = (_workload(order.release, PROGRESSING, 0),)
        self._tell(StagingStatus(order.staging, order.release, gone, order.release, gone, resuming=True))

    def asleep(self, name: str) -> None:
        order = self.order(name)
        self._tell(StagingStatus(order.staging, order.release, asleep=True))

    def ending(self, name: str, why: str) -> None:
        """It is to sleep, and does not yet."""
        order = self.order(name)
        self._tell(StagingStatus(order.staging, order.release, hanging=why))

    def gone(self, staging: str) -> None:
        self._tell(StagingStatus(staging, None, present=False))

    def _report(self, name: str, state: WorkloadState, ready: int, reason: str = "", tail: Sequence[str] = ()) -> None:
        order = self.order(name)
        serving = self._serving.get(order.staging)
        newest = (_workload(order.release, state, ready, reason, tail),)
        older = (_workload(serving, READY, 1),) if serving else ()
        serving_ones = newest if serving == order.release else older
        self._tell(StagingStatus(order.staging, order.release, newest, serving, serving_ones))

    def _tell(self, status: StagingStatus) -> None:
        self._unread += 1
        self._news.put_nowait(status)


def _workload(
    release: str, state: WorkloadState, ready: int, reason: str = "", tail: Sequence[str] = ()
) -> WorkloadStatus:
    return WorkloadStatus("Deployment", "web", release, state, 1, ready, datetime.now(UTC), reason, tuple(tail))


class FakeChecker:
    """Every health check passes, but for those that fail or can't be made: by the staging's name and the check's, what
    is said of it. `asked`: these, as often as they were. `holds`: until when those of these names do not answer. `now`
    tells the time."""

    def __init__(self) -> None:
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.fails: dict[tuple[str, str], str] = {}
        self.unknown: set[tuple[str, str]] = set()
        self.asked: list[tuple[str, str]] = []
        self.secrets: dict[str, str] = {}
        self.holds: dict[str, asyncio.Event] = {}
        self._news = asyncio.Event()

    async def check(self, check: HealthCheck, facts: CheckFacts) -> CheckResult:
        key = (facts.name, check.name)
        self.asked.append(key)
        self._news.set()
        if facts.name in self.holds:
            await self.holds[facts.name].wait()
        self.secrets |= facts.secrets
        text = self.fails.get(key, f"`{check.path}` answers 200")
        return CheckResult(check.name, key not in self.fails, text, self.now(), unknown=key in self.unknown)

    async def until_asked(self, name: str, tries: int) -> None:
        async with asyncio.timeout(30):
            while [asked for asked, _ in self.asked].count(name) < tries:
                self._news.clear()
                await self._news.wait()


class FakeProber:
    """Answers `result`, once `open` is set."""

    def __init__(self) -> None:
        self.result = ProbeResult(True, "200 OK")
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def probe(self, url: str, how: UrlProbe, namespace: str) -> ProbeResult:
        self.asked.append(url)
        await self.open.wait()
        return self.result
