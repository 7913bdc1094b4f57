"""The Kubernetes engine: a namespace per staging, applied server-side, watched by one watch per kind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog

from bot.board import Board
from bot.domain.errors import OctopodError, PermanentError, TemporaryError, UserError
from bot.domain.hooks import FIRST, Rank
from bot.domain.project import Fence
from bot.domain.redaction import Redactor
from bot.domain.status import StagingStatus, Synced, WorkloadStatus
from bot.kube import inside, resting, words
from bot.kube.applying import Applying
from bot.kube.bringing import Bringing
from bot.kube.client import Kube
from bot.kube.connect import Access, connect
from bot.kube.copying import copies, pull_configs, texts_of
from bot.kube.kinds import JOB, NAMESPACE, OF_BRANCHES, ROUTE, Object
from bot.kube.labels import ENDED, OURS, STAGING, annotations
from bot.kube.mirror import Mirror
from bot.kube.outputs import read_outputs, redactor_for
from bot.kube.pods import Grace, Tail
from bot.kube.rollout import Judged
from bot.kube.standing import Standing, stand
from bot.kube.tidy import tidy
from bot.kube.watch import Pace
from bot.kube.window import window
from bot.ports import EngineFacts, Heard, ReleaseOrder

log = structlog.get_logger()
NAME = "kubernetes"
KINDS = frozenset((kind.version, kind.name) for kind in (*OF_BRANCHES, ROUTE))
TAIL_LINES = 20
TAIL_SECONDS = 5.0
REMOVAL_PAUSE = 30.0
TIDY_PAUSE = timedelta(seconds=30)


class KubernetesEngine:
    """`now` tells the time. `copied`: by project, which Secrets of the bot's own namespace its stagings get.
    `fences`: by project, what its stagings may use. `secrets`: the bot's own of now, hidden in whatever containers say.

    It is to be entered before it is used, and holds its connection until it is left.
    """

    def __init__(
        self,
        access: Access,
        now: Callable[[], datetime],
        *,
        copied: Mapping[str, Sequence[str]] | None = None,
        fences: Mapping[str, Fence] | None = None,
        grace: Grace | None = None,
        pace: Pace | None = None,
        secrets: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._access, self._now, self._copied = access, now, copied or {}
        self._fences, self._grace, self._pace = fences or {}, grace or Grace(), pace or Pace()
        self._secrets = secrets
        self._board = Board()
        self._open = AsyncExitStack()
        self._kube: Kube | None = None
        self._mirror: Mirror | None = None
        self._bringing: Bringing | None = None
        self._account = ""
        self._dirty: set[str] = set()
        self._listed = False
        self._wake = asyncio.Event()
        self._since: dict[str, dict[tuple[str, str, str], tuple[str, datetime]]] = {}
        self._tails: dict[str, dict[Tail, tuple[str, ...]]] = {}
        self._redactors: dict[str, Redactor] = {}
        self._refused: dict[str, str] = {}
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._tidying: dict[str, asyncio.Task[bool]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def facts(self) -> EngineFacts:
        return EngineFacts(NAME, KINDS)

    @property
    def requests(self) -> int:
        """How many were made of the API server."""
        return self._kube.requests if self._kube else 0

    # Its life

    async def __aenter__(self) -> Self:
        """Raises ConfigError when there is no way to a cluster. Whether the cluster answers is not asked yet."""
        connection = await connect(self._access)
        self._open.push_async_callback(connection.close)
        self._kube = Kube(connection)
        self._mirror = Mirror(self._kube, self._changed, self._all_listed, self._pace)
        patience = self._grace.snapshot
        self._bringing = Bringing(self._kube, self._mirror.seen, self._now, self._secrets, patience)
        self._open.push_async_callback(self._bringing.close)
        tasks = [asyncio.create_task(self._mirror.run()), asyncio.create_task(self._tell())]
        self._open.push_async_callback(self._end, tasks)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def _end(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        for timer in self._timers.values():
            timer.cancel()
        all_of_them = [*tasks, *self._fetching.values(), *self._tidying.values()]
        for task in all_of_them:
            task.cancel()
        await asyncio.gather(*all_of_them, return_exceptions=True)

    # What the worker asks of it

    async def apply(self, order: ReleaseOrder) -> None:
        kube = self._running()
        self._account = self._account or await kube.whoami()
        secrets = await copies(kube, order, () if order.fork else self._copied.get(order.project, ()))
        fence = self._fences.get(order.project) or Fence()
        await Applying(kube, order, fence, self._account, secrets, self._reached(order)).run()

    def _reached(self, order: ReleaseOrder) -> Rank:
        """As far as it has been told: if more is true, that will be told too, and this release asked for again."""
        if self._mirror is None or not self._mirror.complete:
            return FIRST
        standing = stand(self._mirror.seen(order.staging), self._now(), self._grace)
        return standing.reached if standing.release == order.release else FIRST

    async def sleep(self, staging: str) -> bool:
        with self._not_given_up(staging, words.sleep_refused):
            return await resting.sleep(self._running(), staging, self._now())

    async def wipe(self, staging: str) -> None:
        """The next apply must not take a Job for one that has run."""
        if not await self.sleep(staging):
            raise TemporaryError("It still runs.", retry_after=1)
        with self._not_given_up(staging, words.sleep_refused):
            await resting.wipe(self._running(), staging)
        if self._mirror is None or not self._mirror.complete:
            return
        seen = self._mirror.seen(staging)
        noted = ENDED in annotations(seen.namespace) if seen.namespace else False
        if noted or any(thing["kind"] == JOB.name for thing in seen.workloads):
            raise TemporaryError("Its Jobs were seen a moment ago.", retry_after=0.2)

    @contextmanager
    def _not_given_up(self, staging: str, told: Callable[[str, float], str]) -> Iterator[None]:
        """What the cluster refuses is told, and tried again."""
        try:
            yield
        except PermanentError as error:
            self._refused[staging] = told(error.text, REMOVAL_PAUSE)
            self._changed(staging)
            raise TemporaryError(error.text, retry_after=REMOVAL_PAUSE) from error
        if self._refused.pop(staging, None):
            self._changed(staging)

    async def remove(self, staging: str) -> None:
        kube = self._running()
        with self._not_given_up(staging, words.removal_refused):
            found, _ = await kube.list(
                NAMESPACE, which=[("labelSelector", f"{OURS},{STAGING}={staging}")], metadata=True
            )
            for thing in found:
                if "deletionTimestamp" not in thing["metadata"]:
                    await kube.delete(NAMESPACE, thing["metadata"]["name"], uid=thing["metadata"]["uid"])
        if not found:
            self._gone(staging)

    def watch(self) -> AsyncIterator[StagingStatus | Synced]:
        return self._board.watch()

    async def logs(self, staging: str, workload: str | None = None, lines: int = 50) -> Mapping[str, Sequence[str]]:
        kube = self._running()
        if self._mirror is None or not self._mirror.complete:
            raise TemporaryError("The cluster has not been listed yet.", retry_after=2)
        seen = self._mirror.seen(staging)
        if seen.namespace is None:
            raise UserError("The cluster has nothing of this staging.")
        return await read_outputs(kube, seen, workload, lines, self._secrets())

    async def pulled_by(self, project: str) -> Mapping[str, str]:
        """What its stagings pull images by, as Docker's config.json has it. Raises TemporaryError."""
        try:
            return await pull_configs(self._running(), self._copied.get(project, ()))
        except PermanentError as error:
            raise TemporaryError(error.text) from error

    def window(
        self, staging: str, namespace: str, kinds: frozenset[tuple[str, str]]
    ) -> AbstractAsyncContextManager[str]:
        """The URL of what a chart may see of the cluster. Raises TemporaryError when it is entered."""
        return window(self._running(), staging, namespace, kinds)

    async def secret_beside(self, name: str) -> Mapping[str, str]:
        """What is in a Secret of the bot's own namespace. Raises PermanentError when there is none."""
        return await texts_of(self._running(), name)

    async def ask(
        self,
        namespace: str,
        url: str,
        path: str,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        most: int = 0,
    ) -> Heard:
        """What a staging's URL answers inside the cluster. Raises TemporaryError and PermanentError."""
        return await inside.ask(self._running(), namespace, url, path, seconds, headers, most)

    # What it tells

    def _changed(self, staging: str) -> None:
        self._dirty.add(staging)
        self._wake.set()

    def _all_listed(self) -> None:
        self._listed = True
        self._wake.set()

    async def _tell(self) -> None:
        """What has changed meanwhile is looked at together. Nothing is told before all kinds were listed once."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._mirror is None or not self._mirror.complete:
                continue
            dirty, self._dirty = self._dirty, set()
            for staging in dirty:
                try:
                    self._look(staging, self._mirror)
                except Exception:
                    log.exception("a staging can't be judged", staging=staging)
            if self._listed:
                self._listed = False
                self._board.synced()

    def _look(self, staging: str, mirror: Mirror) -> None:
        seen = mirror.seen(staging)
        standing = stand(seen, self._now(), self._grace)
        if self._bringing:
            self._bringing.look(seen)
        if not standing.present:
            if staging in self._board.stagings:
                self._gone(staging)
            return
        self._look_again(staging, standing.again)
        if self._lines_missing(staging, standing) and staging in self._board.stagings:
            return  # they come with it; one that was never told is told at once
        self._board.publish(self._shown(standing.status(self._since_of(staging), self._tail_of(staging))))
        namespace = seen.namespace
        if standing.going and namespace and staging not in self._tidying:
            task = self._tidying[staging] = asyncio.create_task(tidy(self._running(), namespace, standing.going))
            task.add_done_callback(lambda done: self._tidied(staging, namespace, done))

    def _shown(self, status: StagingStatus) -> StagingStatus:
        """A container may have had a last word of its own, which the reason repeats; a removal may be refused."""
        redactor = self._redactors.get(status.staging) or Redactor(self._secrets())

        def shown(workloads: Sequence[WorkloadStatus]) -> tuple[WorkloadStatus, ...]:
            return tuple(replace(one, reason=redactor.text(one.reason)) for one in workloads)

        own, serving = shown(status.workloads), shown(status.serving_workloads)
        hanging = status.hanging or self._refused.get(status.staging, "")
        return replace(status, workloads=own, serving_workloads=serving, hanging=hanging)

    def _look_again(self, staging: str, at: datetime | None) -> None:
        timer = self._timers.pop(staging, None)
        if timer:
            timer.cancel()
        if at:
            seconds = max(0.0, (at - self._now()).total_seconds())
            self._timers[staging] = asyncio.get_running_loop().call_later(seconds, self._changed, staging)

    def _gone(self, staging: str) -> None:
        self._look_again(staging, None)
        self._since.pop(staging, None)
        self._tails.pop(staging, None)
        self._redactors.pop(staging, None)
        self._refused.pop(staging, None)
        self._board.publish(StagingStatus(staging, None, present=False))

    def _since_of(self, staging: str) -> Callable[[Judged], datetime]:
        known = self._since.setdefault(staging, {})

        def since(one: Judged) -> datetime:
            key = (one.kind, one.name, one.release)
            if known.get(key, ("", None))[0] != one.state:
                known[key] = (one.state, self._now())
            return known[key][1]

        return since

    def _tail_of(self, staging: str) -> Callable[[Judged], tuple[str, ...]]:
        known = self._tails.get(staging, {})
        return lambda one: known.get(one.tail, ()) if one.tail else ()

    def _lines_missing(self, staging: str, standing: Standing) -> bool:
        """Fetched once for each crash."""
        known = self._tails.setdefault(staging, {})
        wanted = standing.tails
        for old in set(known) - set(wanted):
            del known[old]
        missing = [tail for tail in wanted if tail not in known]
        if missing and staging not in self._fetching:
            task = self._fetching[staging] = asyncio.create_task(self._fetch(staging, missing))
            task.add_done_callback(lambda _: self._fetched(staging))
        return bool(missing)

    def _fetched(self, staging: str) -> None:
        self._fetching.pop(staging, None)
        self._changed(staging)

    def _tidied(self, staging: str, namespace: Object, done: asyncio.Task[bool]) -> None:
        """What it changed, the mirror tells, perhaps while it was at work; what went wrong is tried again later."""
        self._tidying.pop(staging, None)
        if done.cancelled() or self._mirror is None:
            return
        if not done.result():
            self._look_again(staging, self._now() + TIDY_PAUSE)
        elif self._mirror.seen(staging).namespace is not namespace:
            self._changed(staging)

    async def _fetch(self, staging: str, tails: Sequence[Tail]) -> None:
        kube = self._running()
        for tail in tails:
            lines: Sequence[str] = ()
            try:
                async with asyncio.timeout(TAIL_SECONDS):
                    redactor, said = await asyncio.gather(
                        redactor_for(kube, tail.namespace, self._secrets()),
                        kube.logs(tail.namespace, tail.pod, tail.container, TAIL_LINES, tail.previous),
                    )
                self._redactors[staging], lines = redactor, redactor.lines(said)
            except (OctopodError, TimeoutError) as error:
                log.info("a log can't be read", pod=tail.pod, why=str(error))
            self._tails.setdefault(staging, {})[tail] = tuple(lines)

    def _running(self) -> Kube:
        if self._kube is None:
            raise TemporaryError("The Kubernetes engine is not running.")
        return self._kube
