"""The local engine: stagings as processes of this machine, for trying the bot out and for fast tests. Unsandboxed."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.board import Board
from bot.domain.errors import PermanentError, TemporaryError, UserError
from bot.domain.status import StagingStatus, Synced
from bot.forward import forwarding_session
from bot.keys import Keys
from bot.local import logs, marks, processes, record
from bot.local.context import Tools
from bot.local.folders import EngineFolder, check_id, move_tree
from bot.local.gate import Gate
from bot.local.loopback import FreePorts
from bot.local.outputs import read_outputs
from bot.local.pace import Pace
from bot.local.reader import KINDS, read_release
from bot.local.record import StagingRecord
from bot.local.release import ReleaseRun
from bot.local.remains import Remains, find_remains
from bot.local.spec import Release
from bot.local.staging import Staging
from bot.local.tasks import cancel, log_bug, together
from bot.ports import EngineFacts, ReleaseOrder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """The hosts that a staging answers for, or that a release would which is being taken in."""

    staging: str
    name: str
    hosts: frozenset[str]


class LocalEngine:
    """`data`: where everything is kept, for one engine at a time. `port`: of the proxy before it.

    `path`: the search path of its processes. `point`: called at named places, where a crash test may stop the bot.
    `secrets`: the bot's own of now, hidden in whatever its processes say. `keys`: what it is to run is encrypted with
    them, as long as that is kept.
    """

    def __init__(
        self,
        data: Path,
        port: int,
        now: Callable[[], datetime],
        pace: Pace | None = None,
        path: str = os.environ.get("PATH", os.defpath),
        point: Callable[[str], None] = lambda name: None,
        secrets: Callable[[], frozenset[str]] = frozenset,
        *,
        keys: Keys,
    ) -> None:
        self._keys = keys
        self._port = port
        self._now = now
        self._pace = pace or Pace()
        self._path = path
        self._point, self._secrets = point, secrets
        self._place = EngineFolder(data / "local")
        self._board = Board()
        self._stagings: dict[str, Staging] = {}
        self._claims: list[Claim] = []
        self._tools: Tools | None = None
        self._open = AsyncExitStack()

    @property
    def facts(self) -> EngineFacts:
        return EngineFacts(name="local", kinds=KINDS, port=self._port, sandboxed=False)

    # Its life

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Take over what an earlier bot has left running, end what nobody wants, start what is missing.

        Raises ConfigError if another bot works on the same folder, or the folder can't be written.
        """
        try:
            self._open.enter_context(self._place.locked())
            self._tools = await self._make_tools()
            await asyncio.to_thread(self._place.empty_trash)
            await self._take_over(await asyncio.to_thread(find_remains, self._place, self._tools.owner))
        except BaseException:
            await self.close()
            raise
        self._board.synced()
        rotation = asyncio.create_task(self._rotate_logs())
        rotation.add_done_callback(log_bug)
        self._open.push_async_callback(cancel, [rotation])

    async def close(self) -> None:
        """End all processes: without the proxy they are of no use. What is wanted stays on disk for the next time."""
        tools, self._tools = self._tools, None
        await together(*(staging.close() for staging in self._stagings.values()))
        if tools is not None:
            found = await asyncio.to_thread(marks.find_marked, tools.owner)
            await processes.end_all([each.identity for each in found], self._pace.grace_most)
        self._stagings.clear()
        await self._open.aclose()

    async def _make_tools(self) -> Tools:
        session = await self._open.enter_async_context(forwarding_session())
        gate = Gate(self._pace.starts_at_once, self._pace.start_turn)
        owner = marks.owner_of(self._place.root)
        free, now = FreePorts(), self._now
        return Tools(
            owner, self._path, self._pace, gate, free, session, now, self._point, self._secrets, keys=self._keys
        )

    async def _take_over(self, remains: Remains) -> None:
        for folder in self._place.stagings():
            found = await asyncio.to_thread(record.load, folder)
            if found is not None:
                self._stagings[found.staging] = self._staging(found)
            elif folder.spec.exists():
                log.error("%s can't be read: this staging is left alone", folder.spec)
            else:
                # The bot was stopped before it had accepted the staging.
                await asyncio.to_thread(self._place.discard, folder.root)
        stagings = list(self._stagings.items())
        adopted = await asyncio.gather(*(each.open(remains.of(name)) for name, each in stagings))
        kept = {(name, *key) for (name, _), keys in zip(stagings, adopted, strict=True) for key in keys}
        await processes.end_all(remains.without(kept), self._pace.grace_most)

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(self._pace.log_check)
            for staging in list(self._stagings.values()):
                await asyncio.to_thread(logs.rotate_large, staging.folder.logs, self._pace.log_bytes)

    # What the worker asks of it

    async def apply(self, order: ReleaseOrder) -> None:
        check_id("staging", order.staging)
        check_id("release", order.release)
        spec = read_release(order.objects)
        claim = self._claim(order, spec)
        try:
            await self._take_in(order, spec)
        except OSError as error:
            raise TemporaryError(f"The files of this release can't be put in place: {error}") from error
        finally:
            self._claims.remove(claim)

    async def sleep(self, staging: str) -> bool:
        self._running()
        known = self._stagings.get(staging)
        try:
            return known is None or await known.sleep()
        except OSError as error:
            raise TemporaryError(f"The sleep can't be put on record: {error}") from error

    async def wipe(self, staging: str) -> None:
        if not await self.sleep(staging):
            raise TemporaryError("Its processes are still being ended.", retry_after=0.2)
        known = self._stagings.get(staging)
        if known is not None:
            await known.wipe()
            self._point("local.wiped")

    async def remove(self, staging: str) -> None:
        self._running()
        known = self._stagings.get(staging)
        if known is None:
            self._board.publish(StagingStatus(staging, None, present=False))
            return
        try:
            await known.want_nothing()
        except OSError as error:
            raise TemporaryError(f"The removal can't be put on record: {error}") from error

    def watch(self) -> AsyncIterator[StagingStatus | Synced]:
        return self._board.watch()

    async def logs(self, staging: str, workload: str | None = None, lines: int = 50) -> Mapping[str, Sequence[str]]:
        known = self._stagings.get(staging)
        if known is None:
            raise UserError("The local engine knows no such staging.")
        releases = await known.releases()
        redactor = self._running().redactor(*releases.values())
        return await asyncio.to_thread(read_outputs, known.folder, releases, workload, lines, redactor)

    # What the proxy asks of it

    def serving(self, host: str) -> ReleaseRun | None:
        """The release that answers for a host now."""
        runs = (staging.serving for staging in self._stagings.values())
        return next((run for run in runs if run is not None and host in run.spec.hosts), None)

    @property
    def tools(self) -> Tools:
        return self._running()

    # Taking a release in

    async def _take_in(self, order: ReleaseOrder, spec: Release) -> None:
        self._running()
        staging = self._stagings.get(order.staging) or self._begin(order)
        async with staging.lock:
            if not staging.record.present or self._stagings.get(order.staging) is not staging:
                raise TemporaryError("The staging is still being removed.", retry_after=1)
            if staging.record.wanted == order.release and staging.begun and not staging.record.asleep:
                return
            await staging.retired(order.release)
            try:
                await asyncio.to_thread(self._keep, order)
                await staging.want(order.release, spec)
            finally:
                if not staging.begun:
                    del self._stagings[order.staging]
        self._point("local.accepted")

    def _begin(self, order: ReleaseOrder) -> Staging:
        """On the list before anything is awaited: a second order for it waits for the first."""
        staging = self._staging(StagingRecord(order.staging, order.name, order.project, order.release))
        self._stagings[order.staging] = staging
        return staging

    def _keep(self, order: ReleaseOrder) -> None:
        folder = self._place.staging(order.staging).release(order.release)
        if folder.order.exists():
            return
        if order.tree.is_dir():
            move_tree(order.tree, folder.tree)
        elif not folder.tree.is_dir():
            raise TemporaryError("The files of the commit are not there.")
        record.save_objects(folder, order.objects, self._keys)

    def _staging(self, standing: StagingRecord) -> Staging:
        return Staging(self._running(), self._place, standing, self._board.publish, self._forget)

    def _forget(self, staging: str) -> None:
        self._stagings.pop(staging, None)

    def _claim(self, order: ReleaseOrder, spec: Release) -> Claim:
        """Two stagings can't answer for one host. Claimed before the first await, so that none slips in between."""
        held = [*self._claims, *(Claim(name, each.record.name, each.hosts) for name, each in self._stagings.items())]
        others = [each for each in held if each.staging != order.staging]
        mistakes = [
            f"Ingress host {host}: the staging {other.name} answers for it already"
            for other in others
            for host in sorted(spec.hosts & other.hosts)
        ]
        if mistakes:
            raise PermanentError(
                "Another staging answers for the same address.",
                details=list(dict.fromkeys(mistakes)),
                next_step="Use ${host.NAME} in the manifests, so that every staging has a host of its own.",
            )
        self._claims.append(claim := Claim(order.staging, order.name, spec.hosts))
        return claim

    def _running(self) -> Tools:
        if self._tools is None:
            raise TemporaryError("The local engine is not running.")
        return self._tools
