"""A local engine with real processes for the tests: small programs, objects to run them, and eyes on what happens."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.domain.status import StagingStatus, Synced, WorkloadState, WorkloadStatus
from bot.keys import keys_in
from bot.local.engine import LocalEngine
from bot.local.pace import Pace
from bot.local.proxy import Proxy
from bot.ports import ReleaseOrder

QUICK = Pace(
    start_pause=0.05,
    start_pause_most=0.2,
    restart_pause=0.1,
    restart_pause_most=0.4,
    quiet=0.5,
    settle=0.4,
    probe_first=0.03,
    probe_most=0.1,
    grace_most=2.0,
    drain=2.0,
)

WEB = """
import http.server, json, os, sys, time
if os.environ.get("FAIL"):
    print("config is broken", flush=True)
    sys.exit(int(os.environ["FAIL"]))
sick = os.path.join(os.environ["HOME"], "sick." + os.environ.get("NAME", ""))
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path.startswith("/exit/"):
            print("asked to end", flush=True)
            os._exit(int(self.path.rpartition("/")[2]))
        if self.path == "/slow":
            open(os.environ["HOME"] + "/slow", "w").close()
            while not os.path.exists(os.environ["HOME"] + "/go"):
                time.sleep(0.02)
        if self.path == "/sick":
            open(sick, "w").close()
        if self.path == "/well":
            os.remove(sick)
        text = {"/env": lambda: json.dumps(dict(os.environ)), "/pid": lambda: str(os.getpid())}
        body = text.get(self.path, lambda: os.environ.get("NAME", "?") + " " + self.path)().encode()
        self.send_response(503 if self.path == "/healthz" and os.path.exists(sick) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
print("listening on", os.environ["PORT"], flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def deployment(name: str = "web", replicas: int = 1, pod: Mapping[str, Any] | None = None, **container: Any) -> Any:
    """A Deployment of one container; `container` changes it, None takes a key away."""
    whole = {
        "name": name,
        "command": ["python", "web.py"],
        "ports": [{"containerPort": 8080, "name": "http"}],
        "env": [{"name": "NAME", "value": name}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1, "failureThreshold": 3},
        **container,
    }
    spec = {"containers": [{key: value for key, value in whole.items() if value is not None}], **(pod or {})}
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    return _object("apps/v1", "Deployment", name, spec={"replicas": replicas, "template": template})


def job(name: str, *command: str, backoff: int = 0, pod: Mapping[str, Any] | None = None, **container: Any) -> Any:
    spec = {
        "restartPolicy": "Never",
        "containers": [{"name": name, "command": list(command), **container}],
        **(pod or {}),
    }
    return _object("batch/v1", "Job", name, spec={"backoffLimit": backoff, "template": {"spec": spec}})


def service(name: str = "web", port: int = 80, target: int | str = "http") -> Any:
    return _object(
        "v1", "Service", name, spec={"selector": {"app": name}, "ports": [{"port": port, "targetPort": target}]}
    )


def ingress(host: str, name: str = "web", path: str = "/", port: int = 80) -> Any:
    backend = {"service": {"name": name, "port": {"number": port}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend}]
    return _object(
        "networking.k8s.io/v1", "Ingress", f"{name}-{host}", spec={"rules": [{"host": host, "http": {"paths": paths}}]}
    )


def claim(name: str) -> Any:
    return _object("v1", "PersistentVolumeClaim", name, spec={})


def config_map(name: str, **data: Any) -> Any:
    return _object("v1", "ConfigMap", name, data=data)


def site(host: str, name: str = "web", **container: Any) -> list[Any]:
    """The usual three: something that answers at a host."""
    return [deployment(name, **container), service(name), ingress(host, name)]


def _object(version: str, kind: str, name: str, **rest: Any) -> Any:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "a-staging"}, **rest}


def engine_in(
    folder: Path, pace: Pace = QUICK, point: Callable[[str], None] = lambda name: None, secrets: Iterable[str] = ()
) -> LocalEngine:
    own = frozenset(secrets)
    keys = keys_in(folder)
    return LocalEngine(folder, 8080, lambda: datetime.now(UTC), pace, point=point, secrets=lambda: own, keys=keys)


def write_tree(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in {"web.py": WEB, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


class World:
    """One engine with its proxy. `seen`: every status in order; `newest`: the last one of each staging."""

    def __init__(self, engine: LocalEngine, folder: Path, url: str, http: aiohttp.ClientSession) -> None:
        self.engine = engine
        self.folder = folder
        self.seen: list[StagingStatus] = []
        self.newest: dict[str, StagingStatus] = {}
        self.synced: Synced | None = None
        self._url = url
        self._http = http
        self._news = asyncio.Condition()

    async def follow(self) -> None:
        async for event in self.engine.watch():
            async with self._news:
                if isinstance(event, Synced):
                    self.synced = event
                else:
                    self.seen.append(event)
                    self.newest[event.staging] = event
                self._news.notify_all()

    def order(
        self, release: str, objects: Iterable[Any], staging: str = "s1", files: Mapping[str, str] | None = None
    ) -> ReleaseOrder:
        tree = write_tree(self.folder / "trees" / f"{staging}-{release}", files or {})
        return ReleaseOrder(staging, f"name-of-{staging}", "shop", release, "c" * 40, list(objects), tree)

    async def apply(self, release: str, objects: Iterable[Any], staging: str = "s1", **files: str) -> None:
        await self.engine.apply(
            self.order(release, objects, staging, {f"{name}.py": text for name, text in files.items()})
        )

    async def until(
        self, condition: Callable[[StagingStatus], bool], staging: str = "s1", seconds: float = 20
    ) -> StagingStatus:
        """The first status, from the newest on, for which it is true."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: staging in self.newest and condition(self.newest[staging]))
                return self.newest[staging]
        except TimeoutError:
            raise AssertionError(f"never came true; the last was {self.newest.get(staging)}") from None

    async def until_serving(self, release: str, staging: str = "s1") -> StagingStatus:
        return await self.until(
            lambda status: status.serving == release and all_ready(status.serving_workloads), staging
        )

    async def until_failed(self, release: str, staging: str = "s1") -> WorkloadStatus:
        status = await self.until(lambda status: status.release == release and failed(status) is not None, staging)
        found = failed(status)
        assert found is not None
        return found

    async def until_gone(self, staging: str = "s1") -> None:
        await self.until(lambda status: not status.present, staging)

    async def get(self, host: str, path: str = "/") -> tuple[int, str]:
        async with self._http.get(f"{self._url}{path}", headers={"Host": host}) as response:
            return response.status, await response.text()


def all_ready(workloads: Iterable[WorkloadStatus]) -> bool:
    return all(workload.state is WorkloadState.READY for workload in workloads)


def failed(status: StagingStatus) -> WorkloadStatus | None:
    return next((workload for workload in status.workloads if workload.state is WorkloadState.FAILED), None)


async def nobody(request: web.Request) -> web.StreamResponse:
    return web.Response(status=404, text="no staging here")


@asynccontextmanager
async def world(
    folder: Path, pace: Pace = QUICK, point: Callable[[str], None] = lambda name: None, secrets: Iterable[str] = ()
) -> AsyncIterator[World]:
    async with (
        engine_in(folder, pace, point, secrets) as engine,
        aiohttp.ClientSession() as http,
        serving(Proxy(engine, nobody)) as url,
    ):
        there = World(engine, folder, url, http)
        follower = asyncio.create_task(there.follow())
        try:
            yield there
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)


@asynccontextmanager
async def serving(proxy: Proxy) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        server = web.TCPSite(runner, "127.0.0.1", 0)
        await server.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def processes_of(folder: Path) -> list[int]:
    """Every process that works inside a folder, however it came there."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                inside = (entry / "cwd").readlink().is_relative_to(folder)
            except OSError:
                continue
            if inside and is_running(int(entry.name)):
                found.append(int(entry.name))
    return found
