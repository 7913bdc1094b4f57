"""The engine on the real control plane: releases from real manifests in, snapshots of stagings out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from kube_rig import ControlPlane

from bot.domain import naming
from bot.domain.errors import TemporaryError
from bot.domain.project import Manifests, Source
from bot.domain.status import StagingStatus, Synced, WorkloadState, WorkloadStatus
from bot.kube.connect import Access
from bot.kube.engine import KubernetesEngine
from bot.kube.pods import Grace
from bot.kube.watch import Pace
from bot.ports import Engine, ReleaseOrder, RenderFacts
from bot.render.plain import PlainRenderer

READY, PROGRESSING, FAILED = WorkloadState.READY, WorkloadState.PROGRESSING, WorkloadState.FAILED
SECONDS = 60.0
COMMIT = "a" * 40


def now() -> datetime:
    return datetime.now(UTC)


def deployment(name: str = "web", fate: str = "", replicas: int = 1, more: str = "", pod: str = "") -> str:
    """`fate`: what kwok does with its pods. `more`: of the container, `pod`: of the pod's spec, in flow style."""
    labels = f"{{app: {name}" + (f", test.octopod.dev/fate: {fate}}}" if fate else "}")
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {labels}}}
    spec:
      containers: [{{name: {name}, image: "${{image}}", ports: [{{containerPort: 8080}}]{more}}}]
      {pod}
"""


def service(name: str = "web") -> str:
    return f"""\
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: 8080}}]}}
"""


def job(name: str = "migrate", fate: str = "", hook: str = "") -> str:
    notes = f", annotations: {{octopod.dev/hook: {hook}}}" if hook else ""
    labels = f"{{test.octopod.dev/fate: {fate}}}" if fate else "{}"
    return f"""\
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}{notes}}}
spec:
  backoffLimit: 0
  template:
    metadata: {{labels: {labels}}}
    spec: {{restartPolicy: Never, containers: [{{name: {name}, image: "${{image}}"}}]}}
"""


def a_set(kind: str, name: str = "db", more: str = "", fate: str = "") -> str:
    """A StatefulSet or DaemonSet. `more`: of the container."""
    labels = f"{{app: {name}" + (f", test.octopod.dev/fate: {fate}}}" if fate else "}")
    return f"""\
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {labels}}}
    spec: {{containers: [{{name: {name}, image: "${{image}}"{more}}}]}}
"""


def config(name: str = "settings") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: b}}\n"


INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
    - host: ${host.web}
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""


class Watched:
    """One engine of whatever kind, and everything that it has told. `name` is this test's own staging."""

    def __init__(self, engine: Engine, folder: Path, name: str) -> None:
        self.port, self.name = engine, name
        self.newest: dict[str, StagingStatus] = {}
        self.told: list[StagingStatus] = []
        self.synced = 0
        self.kinds: frozenset[tuple[str, str]] = frozenset()
        self.source: Source = Manifests(PurePosixPath("deploy"))
        self.values: dict[str, Any] = {}
        self.baseline = ""
        self.orders: dict[str, ReleaseOrder] = {}
        self._folder = folder
        self._news = asyncio.Condition()
        self._applying = asyncio.Lock()
        self._resting = False

    @property
    def namespace(self) -> str:
        return naming.namespace("shop", self.name)

    @property
    def own(self) -> list[StagingStatus]:
        """Others have their stagings on the same control plane."""
        return [seen for seen in self.told if seen.staging == self.name]

    async def deploy(self, release: str, *manifests: str) -> ReleaseOrder:
        order = self.order(release, *manifests)
        await self.apply(order)
        return order

    async def sleep(self) -> bool:
        self._resting = True
        return await self.port.sleep(self.name)

    async def wipe(self) -> None:
        self._resting = True
        await self.port.wipe(self.name)

    async def apply(self, order: ReleaseOrder) -> None:
        """As the worker does: one at a time, and again if that may help."""
        self._resting = False
        async with self._applying, asyncio.timeout(SECONDS):
            while True:
                try:
                    return await self.port.apply(order)
                except TemporaryError as error:
                    await asyncio.sleep(min(error.retry_after or 0.1, 1.0))

    def order(self, release: str, *manifests: str) -> ReleaseOrder:
        tree = self._folder / f"{self.name}-{release}"
        (tree / "deploy").mkdir(parents=True)
        for number, text in enumerate(manifests):
            (tree / "deploy" / f"{number}.yaml").write_text(text)
        facts = RenderFacts(
            staging=self.name,
            release=release,
            name=self.name,
            project="shop",
            branch=self.name,
            commit=COMMIT,
            namespace=self.namespace,
            source=self.source,
            seed=self.name,
            hosts={"web": f"{self.name}.shop.test"},
            scheme="https",
            image="ghcr.io/acme/shop:${commit}",
            env={"PAYMENTS": "sandbox"},
            values=self.values,
            kinds=self.kinds,
        )
        objects = PlainRenderer().render(tree, facts, self.port.facts)
        order = ReleaseOrder(self.name, self.name, "shop", release, COMMIT, objects, tree, baseline=self.baseline)
        self.orders[release] = order
        return order

    async def until(self, condition: Callable[[StagingStatus], Any], name: str = "") -> StagingStatus:
        """The first snapshot of this staging for which it holds, from now on; the newest one counts."""
        staging = name or self.name
        try:
            async with asyncio.timeout(SECONDS), self._news:
                while not (staging in self.newest and condition(self.newest[staging])):
                    await self._news.wait()
                return self.newest[staging]
        except TimeoutError:
            raise AssertionError(f"not within {SECONDS} s; the newest is {self.newest.get(staging)}") from None

    async def live(self, release: str) -> StagingStatus:
        return await self.until(lambda seen: seen.serving == release and all(w.state is READY for w in seen.workloads))

    async def failed(self, release: str) -> WorkloadStatus:
        def has_failed(seen: StagingStatus) -> bool:
            return seen.release == release and any(w.state is FAILED and w.release == release for w in seen.workloads)

        seen = await self.until(has_failed)
        return next(w for w in seen.workloads if w.state is FAILED)

    async def gone(self) -> None:
        await self.until(lambda seen: not seen.present)

    async def read(self) -> None:
        async for seen in self.port.watch():
            async with self._news:
                if isinstance(seen, Synced):
                    self.synced += 1
                else:
                    self.newest[seen.staging] = seen
                    self.told.append(seen)
                self._news.notify_all()
            if isinstance(seen, StagingStatus) and seen.ask_again and seen.staging == self.name:
                await self._asked_again(seen.release)

    async def _asked_again(self, release: str | None) -> None:
        if self._resting:
            await self.port.sleep(self.name)
        elif release in self.orders:
            await self.apply(self.orders[release])


class World(Watched):
    """On the control plane."""

    def __init__(self, plane: ControlPlane, engine: KubernetesEngine, folder: Path, name: str) -> None:
        super().__init__(engine, folder, name)
        self.plane, self.engine = plane, engine

    async def kubectl(self, *words: str, given: str | None = None) -> str:
        return await asyncio.to_thread(self.plane.kubectl, *words, given=given)

    async def names(self, kind: str) -> list[str]:
        said = await self.kubectl("-n", self.namespace, "get", kind, "-o", "name")
        return [line.partition("/")[2] for line in said.splitlines()]


@asynccontextmanager
async def reading(world: Watched) -> AsyncIterator[None]:
    task = asyncio.create_task(world.read())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def a_world(
    plane: ControlPlane, folder: Path, name: str, kubeconfig: Path | None = None, **options: Any
) -> AsyncIterator[World]:
    """`kubeconfig`: of the account that the engine runs as, if it is not the admin's."""
    options = {"grace": Grace(crash=0.5, room=0.5, removal=0.5), "pace": Pace(longest=1.0), **options}
    async with KubernetesEngine(Access(str(kubeconfig or plane.kubeconfig)), now, **options) as engine:
        world = World(plane, engine, folder, name)
        async with reading(world):
            yield world
