"""One staging: which of its releases run, which one serves, until it is removed.

Everything that happens only wakes the loop; the loop looks at what is wanted and at what is there, and takes one step
from the one to the other. What it decides is on disk before it is done.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.status import StagingStatus, WorkloadState, WorkloadStatus
from bot.local import marks, processes, record, words
from bot.local.context import Tools
from bot.local.folders import EngineFolder
from bot.local.reader import read_release
from bot.local.record import StagingRecord
from bot.local.release import ReleaseRun
from bot.local.spec import Release
from bot.local.standing import not_begun
from bot.local.table import Found
from bot.local.tasks import cancel, log_bug, together

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
REMOVAL_SECONDS = 30.0

FoundByRelease = Mapping[str, Mapping[str, Found]]


class Staging:
    """`publish` gets every new status, `gone` is called when nothing is left of it."""

    def __init__(
        self,
        tools: Tools,
        place: EngineFolder,
        standing: StagingRecord,
        publish: Callable[[StagingStatus], None],
        gone: Callable[[str], None],
    ) -> None:
        self.record = standing
        self.folder = place.staging(standing.staging)
        self.lock = asyncio.Lock()
        self._tools = tools
        self._place = place
        self._publish = publish
        self._gone = gone
        self._runs: dict[str, ReleaseRun] = {}
        self._specs: dict[str, Release] = {}
        self._retiring: dict[str, asyncio.Task[None]] = {}
        self._draining: set[ReleaseRun] = set()
        self._swept: tuple[str, str | None] | None = None
        self._resuming = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # What the engine asks of it

    @property
    def begun(self) -> bool:
        return self._task is not None

    def begin(self) -> None:
        self._task = asyncio.create_task(self._reconcile())
        self._wake.set()

    async def open(self, found: FoundByRelease) -> frozenset[tuple[str, str]]:
        """Begin with what an earlier bot has left running. Returns the (release, key) of what is still wanted of it."""
        for release in (self.record.serving, self.record.wanted):
            wanted = self.record.present and not self.record.asleep
            if wanted and release is not None and release not in self._runs:
                # What fails now is tried again by the loop, and told there.
                with suppress(Exception):
                    await self._start(release, found.get(release, {}))
        adopted = frozenset((run.release, key) for run in self._runs.values() for key in run.adoptable)
        self._resuming = self.serving is not None and not any(name == self.record.serving for name, _ in adopted)
        if self._resuming:
            asyncio.get_running_loop().call_later(self._tools.pace.resume, self._resumed)
        self._publish(self._status())
        self.begin()
        return adopted

    async def close(self) -> None:
        """End all processes and leave on disk what is wanted."""
        if self._task is not None and not self.record.present:
            # A removal has begun to take things apart: better to let it finish.
            await asyncio.wait([self._task], timeout=REMOVAL_SECONDS)
        await cancel([self._task] if self._task else [])
        await self._stop_all()

    async def want(self, release: str, spec: Release) -> None:
        """From now on this release is the newest. The caller holds the lock and has its folder ready."""
        self._specs[release] = spec
        await self._save(replace(self.record, wanted=release, failed=(), asleep=False))
        self._publish(self._status())
        if not self.begun:
            self.begin()
        self._wake.set()

    async def want_nothing(self) -> None:
        async with self.lock:
            if self.record.present:
                await self._save(replace(self.record, present=False))
        if not self.begun:
            self.begin()
        self._wake.set()

    async def sleep(self) -> bool:
        """Whether nothing of it runs any more. What ran, its files and what its Jobs have done are kept."""
        async with self.lock:
            if self.record.present and not self.record.asleep:
                ran = self.record.serving or self.record.wanted
                await self._save(replace(self.record, wanted=ran, serving=None, failed=(), asleep=True))
                self._tools.point("local.asleep")
        self._wake.set()
        return self.asleep

    async def wipe(self) -> None:
        """Its data, and what its Jobs have done, so that they run again. It must be asleep."""
        async with self.lock:
            for path in (self.folder.volumes, self.folder.home, self.folder.scratch):
                await asyncio.to_thread(self._place.discard, path)
            for release in await asyncio.to_thread(self.folder.releases):
                for done in self.folder.release(release).outcomes:
                    await asyncio.to_thread(self._place.discard, done)

    async def retired(self, release: str) -> None:
        """Returns when a release that is being stopped has gone, so that it can come again."""
        if release in self._retiring:
            await asyncio.wait([self._retiring[release]])

    @property
    def asleep(self) -> bool:
        """It was put to sleep, and nothing of it runs any more."""
        return self.record.present and self.record.asleep and not self._runs and not self._retiring

    @property
    def serving(self) -> ReleaseRun | None:
        return self._runs.get(self.record.serving or "") if self.record.present else None

    @property
    def hosts(self) -> frozenset[str]:
        """What it answers for, or will."""
        if not self.record.present:
            return frozenset()
        wanted = None if self.record.failed else self.record.wanted
        kept = (self._specs.get(release or "") for release in (wanted, self.record.serving))
        return frozenset(host for spec in kept if spec for host in spec.hosts)

    async def releases(self) -> Mapping[str, Release]:
        """The newest one first, then the one that serves, if it is another."""
        found: dict[str, Release] = {}
        for release in (self.record.wanted, self.record.serving):
            with suppress(PermanentError):
                if release is not None:
                    found[release] = self._specs.get(release) or await self._load(release)
        return found

    # The loop

    async def _reconcile(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                if not self.record.present:
                    return await self._remove()
                async with self.lock:
                    await self._step()
            except (TemporaryError, OSError) as error:
                log.warning("staging %s: %s; trying again", self.record.name, error)
                self._wake_later()
            except Exception:
                log.exception("staging %s: the local engine broke; trying again", self.record.name)
                self._wake_later()

    def _resumed(self) -> None:
        self._resuming = False
        self._wake.set()

    def _wake_later(self) -> None:
        asyncio.get_running_loop().call_later(RETRY_SECONDS, self._wake.set)

    async def _step(self) -> None:
        if not self.record.present:
            return
        if self.record.asleep:
            return self._rest()
        wanted, serving = self.record.wanted, self.record.serving
        for old in set(self._runs) - {wanted, serving}:
            self._retire(old, was_serving=False)
        for release in (serving, wanted):
            if release is not None and release not in self._runs:
                await self._start(release, {})
        if wanted != serving and wanted in self._runs:
            await self._judge(self._runs[wanted])
        await self._sweep()
        if self.serving is not None and self.serving.ready:
            self._resuming = False
        self._publish(self._status())

    def _rest(self) -> None:
        for release in list(self._runs):
            self._retire(release, was_serving=False)
        self._resuming = False
        self._publish(self._status())

    async def _judge(self, run: ReleaseRun) -> None:
        """The newest release is not the one that serves yet: is it time, or has it failed?"""
        if run.failed:
            await self._save(replace(self.record, failed=run.epitaph()))
            self._retire(run.release, was_serving=False)
        elif run.ready:
            before = self.record.serving
            await self._save(replace(self.record, serving=run.release))
            run.serve()
            self._tools.point("local.switched")
            if before is not None and before in self._runs:
                self._retire(before, was_serving=True)

    async def _start(self, release: str, found: Mapping[str, Found]) -> None:
        if release == self.record.wanted and self.record.failed:
            return
        try:
            spec = self._specs[release] = self._specs.get(release) or await self._load(release)
        except PermanentError as error:
            await self._save(self._without(release, error))
            return
        run = ReleaseRun(self._tools, self.record.staging, release, spec, self.folder, self._wake.set)
        self._runs[release] = run
        try:
            await run.start(found, serving=release == self.record.serving)
        except Exception as error:
            del self._runs[release]
            await run.stop()
            if isinstance(error, (TemporaryError, OSError)) or release == self.record.serving:
                raise
            log.exception("release %s of staging %s: the local engine broke", release, self.record.name)
            await self._save(self._without(release, PermanentError(words.fault(error))))

    def _without(self, release: str, error: PermanentError) -> StagingRecord:
        """It could run when it was taken in: the bot has changed since, or somebody has touched its files."""
        log.error("release %s of staging %s can't run any more: %s", release, self.record.name, error.text)
        if release != self.record.wanted:
            return replace(self.record, serving=None)
        now, failed = self._tools.now(), WorkloadState.FAILED
        status = WorkloadStatus("Release", release, release, failed, 1, 0, now, error.text, error.details)
        return replace(self.record, failed=(status,))

    async def _load(self, release: str) -> Release:
        objects = await asyncio.to_thread(record.load_objects, self.folder.release(release), self._tools.keys)
        if objects is None:
            gone = "Its files are no longer there, or the bot's keys do not open them."
            raise PermanentError(gone, next_step="Deploy again.")
        return read_release(objects)

    # Ending things

    def _retire(self, release: str, was_serving: bool) -> None:
        """Stop a release in the background: a newer one waits for nothing."""
        run = self._runs.pop(release)
        task = self._retiring[release] = asyncio.create_task(self._stop(run, was_serving))
        task.add_done_callback(log_bug)
        task.add_done_callback(lambda _: self._retired(release))

    def _retired(self, release: str) -> None:
        self._retiring.pop(release, None)
        if self.record.asleep:
            self._wake.set()

    async def _stop(self, run: ReleaseRun, was_serving: bool) -> None:
        if was_serving:
            self._draining.add(run)
            await run.drain()
            self._draining.discard(run)
        await run.stop()
        await self._end_marked(run.release)
        if run.release not in (self.record.wanted, self.record.serving):
            await self._discard(run.release)

    async def _stop_all(self) -> None:
        for run in self._draining:
            run.hurry()
        await together(*(run.stop() for run in self._runs.values()), *self._retiring.values())
        self._runs.clear()

    async def _sweep(self) -> None:
        """Wipe what is left of releases that are neither wanted nor serving, nor being stopped just now."""
        now = (self.record.wanted, self.record.serving)
        if now != self._swept:
            kept = {*now, *self._runs, *self._retiring}
            for release in await asyncio.to_thread(self.folder.releases):
                if release not in kept:
                    await self._discard(release)
            self._swept = now

    async def _discard(self, release: str) -> None:
        self._specs.pop(release, None)
        await asyncio.to_thread(self._place.discard, self.folder.release(release).root)
        await asyncio.to_thread(self._place.discard, self.folder.logs / release)

    async def _end_marked(self, release: str | None = None) -> None:
        """What has left its group, too."""
        found = await asyncio.to_thread(marks.find_marked, self._tools.owner)
        own = [each for each in found if each.staging == self.record.staging and release in (None, each.release)]
        await processes.end_all([each.identity for each in own], self._tools.pace.grace_most)

    async def _remove(self) -> None:
        """End everything, then wipe: a process that still runs could write its files anew."""
        await self._stop_all()
        await self._end_marked()
        self._tools.point("local.removing")
        await asyncio.to_thread(self._place.discard, self.folder.root)
        self._gone(self.record.staging)
        self._publish(StagingStatus(self.record.staging, None, present=False))

    # What it tells

    async def _save(self, standing: StagingRecord) -> None:
        await asyncio.to_thread(record.save, self.folder, standing)
        self.record = standing

    def _status(self) -> StagingStatus:
        serving = self.record.serving
        return StagingStatus(
            staging=self.record.staging,
            release=self.record.wanted,
            workloads=self.record.failed or self._workloads(self.record.wanted),
            serving=serving,
            serving_workloads=() if serving is None else self._workloads(serving),
            resuming=self._resuming,
            asleep=self.asleep,
        )

    def _workloads(self, release: str) -> tuple[WorkloadStatus, ...]:
        run, spec = self._runs.get(release), self._specs.get(release)
        if run is not None and run.begun:
            return run.statuses()
        now = self._tools.now()
        return tuple(not_begun(each, release, now) for each in spec.workloads) if spec else ()
