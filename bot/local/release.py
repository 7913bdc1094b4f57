"""One release at work: its workloads, the ports of its services, its processes. It is started once and stopped once."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from bot.domain.status import WorkloadState, WorkloadStatus
from bot.local import words
from bot.local.context import ReleaseContext, Tools, key_of
from bot.local.deployment import DeploymentRun
from bot.local.environment import Surroundings
from bot.local.folders import StagingFolder
from bot.local.job import JobRun
from bot.local.services import ServicePorts
from bot.local.spec import Release, Route, Service, Workload, target_number
from bot.local.standing import Standing, WorkloadRun
from bot.local.table import Found, ProcessTable
from bot.local.tasks import cancel, log_bug

log = logging.getLogger(__name__)


class ReleaseRun:
    """`changed` is called on any change worth a look."""

    def __init__(
        self,
        tools: Tools,
        staging: str,
        release: str,
        spec: Release,
        folder: StagingFolder,
        changed: Callable[[], None],
    ) -> None:
        self.release = release
        self.spec = spec
        self._tools = tools
        self._folder = folder
        own = folder.release(release)
        table = ProcessTable(tools.owner, staging, release, own, tools.free, tools.point)
        around = Surroundings(own.tree, folder.home, folder.scratch, folder.volumes, {}, tools.path)
        self._changed = changed
        self._news = asyncio.Event()
        self._context = ReleaseContext(
            tools, own, folder.logs / release, table, around, self._look, tools.redactor(spec)
        )
        self._runs: list[WorkloadRun] = []
        self._since: dict[tuple[str, str], tuple[WorkloadState, datetime]] = {}
        self._services = ServicePorts(spec, own, tools.free, self.backends)
        self.adoptable: frozenset[str] = frozenset()
        self._task: asyncio.Task[None] | None = None
        self._fault = ""
        self._requests = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self, found: Mapping[str, Found], serving: bool) -> None:
        """Run everything; take over what is `found` of it and `adoptable`."""
        self._make_folders()
        self._context.serving = serving
        same_ports = await self._services.open()
        self._context.around = replace(self._context.around, services=self._services.variables())
        self._runs = [self._workload(spec) for spec in self.spec.workloads]
        # Processes that were told other ports for the services would look for them in vain.
        self.adoptable = frozenset(found) & self._keys() if same_ports else frozenset()
        self._context.found = {key: found[key] for key in self.adoptable}
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)
        if self.adoptable:
            await self._wait_known()

    def serve(self) -> None:
        """From now on people use it."""
        self._context.serving = True

    async def stop(self) -> None:
        await cancel([self._task] if self._task else [])
        grace = max((workload.grace for workload in self.spec.workloads), default=0)
        await self._context.table.end_all(min(grace, self._tools.pace.grace_most))
        await self._services.close()
        for result in (self._context.folder.root / "results").glob("*.json"):
            # What we ended ourselves has no outcome.
            result.unlink(missing_ok=True)

    # What can be seen of it

    @property
    def ready(self) -> bool:
        return self.begun and all(run.standing().state is WorkloadState.READY for run in self._runs)

    @property
    def begun(self) -> bool:
        return bool(self._runs)

    @property
    def failed(self) -> bool:
        return not self._context.serving and any(told.state is WorkloadState.FAILED for told in self.statuses())

    def statuses(self) -> tuple[WorkloadStatus, ...]:
        return tuple(self._told(run.spec, run.standing()) for run in self._runs)

    def epitaph(self) -> tuple[WorkloadStatus, ...]:
        """The statuses of a release that has failed and is stopped for it."""
        if self._fault:
            return self.statuses()
        first = next(run.spec.name for run in self._runs if run.standing().state is WorkloadState.FAILED)
        return tuple(self._told(run.spec, _stopped(run.standing(), first)) for run in self._runs)

    def backends(self, service: Service, port_number: int) -> list[int]:
        """The ports of the replicas that are ready to answer for a service's port."""
        port = next(each for each in service.ports if each.number == port_number)
        found = []
        for run in self._runs:
            if isinstance(run, DeploymentRun) and service.selects(run.spec):
                numbers = (target_number(container, port.target) for container in run.spec.containers)
                number = next((each for each in numbers if each is not None), None)
                ports = (pod.port(number) for pod in run.pods if pod.ready and number is not None)
                found += [each for each in ports if each is not None]
        return found

    def route(self, host: str, path: str) -> Route | None:
        return next((route for route in self.spec.routes if route.host == host and route.matches(path)), None)

    def route_backends(self, route: Route) -> list[int]:
        service = next(each for each in self.spec.services if each.name == route.service)
        return self.backends(service, route.port)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Around each request that is passed on to it, so that it is not stopped in the middle of one."""
        self._requests += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._requests -= 1
            if not self._requests:
                self._idle.set()

    async def drain(self) -> None:
        """Until no request is under way, or for as long as anyone can wait."""
        try:
            async with asyncio.timeout(self._tools.pace.drain):
                await self._idle.wait()
        except TimeoutError:
            log.info("release %s is stopped with %s requests under way", self.release, self._requests)

    def hurry(self) -> None:
        """Nobody waits for requests any more."""
        self._idle.set()

    # How it works

    async def _run(self) -> None:
        """Each turn begins when all of the one before it is ready; if that fails, never."""
        async with asyncio.TaskGroup() as group:
            for rank in sorted({run.spec.rank for run in self._runs}):
                now = [run for run in self._runs if run.spec.rank == rank]
                for run in now:
                    group.create_task(run.run())
                while not all(run.standing().state is WorkloadState.READY for run in now):
                    await self._news.wait()
                    self._news.clear()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """It never ends by itself but by a fault of ours."""
        log_bug(task)
        if not task.cancelled() and (error := task.exception()):
            self._fault = words.fault(error)
            self._changed()

    def _look(self) -> None:
        self._news.set()
        self._changed()

    def _workload(self, spec: Workload) -> WorkloadRun:
        if spec.is_job:
            return JobRun(self._context, spec)
        return DeploymentRun(self._context, spec, lambda: self._strikes(spec))

    def _strikes(self, spec: Workload) -> bool:
        """An exit tells nothing while something that the workload may be waiting for is on its way."""
        others = [run for run in self._runs if run.spec is not spec and run.spec.rank <= spec.rank]
        return not any(run.on_its_way for run in others)

    def _told(self, spec: Workload, standing: Standing) -> WorkloadStatus:
        if self._fault and not self._context.serving:
            standing = Standing(WorkloadState.FAILED, standing.wanted, 0, self._fault)
        key = (spec.kind, spec.name)
        state, since = self._since.get(key, (None, None))
        if since is None or state is not standing.state:
            since = self._tools.now()
            self._since[key] = (standing.state, since)
        return standing.told(spec, self.release, since)

    async def _wait_known(self) -> None:
        try:
            async with asyncio.timeout(self._tools.pace.adopt_wait):
                found = [run for run in self._runs if self.adoptable & self._keys_of(run.spec)]
                await asyncio.gather(*(run.known() for run in found))
        except TimeoutError:
            log.info("release %s: not all adopted processes have answered yet", self.release)

    def _make_folders(self) -> None:
        claims = {
            claim
            for workload in self.spec.workloads
            for container in (*workload.init, *workload.containers)
            for claim in container.claims
        }
        folders = [self._folder.volumes / claim for claim in claims]
        for folder in (self._folder.home, self._folder.scratch, self._context.logs, *folders):
            folder.mkdir(parents=True, exist_ok=True)

    def _keys(self) -> frozenset[str]:
        return frozenset().union(*map(self._keys_of, self.spec.workloads))

    def _keys_of(self, workload: Workload) -> frozenset[str]:
        return frozenset(
            key_of(workload, replica, container)
            for replica in range(workload.replicas)
            for container in (*workload.init, *workload.containers)
        )


def _stopped(standing: Standing, failed: str) -> Standing:
    if standing.state is WorkloadState.FAILED:
        return Standing(standing.state, standing.wanted, 0, standing.reason, standing.tail)
    return Standing(WorkloadState.PROGRESSING, standing.wanted, 0, words.stopped_with(failed))
