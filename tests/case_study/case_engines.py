"""Where the stagings of a story run, and all that differs by it. The stories themselves know only `Engine`.

A staging's application answers where something runs it: processes of this machine, or nodes that can run images. The
kubelets of the rig of `tests/kube` play pods only; what a story tells of the application is left out there.
"""

import asyncio
import json
import re
import shlex
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from git_kit import ENVIRON
from kube_rig import ControlPlane
from process_kit import marked
from registry_kit import Registry, registry

DATABASE, ELSEWHERE = "shop.db", "elsewhere.db"
STAGINGS = 6  # claims that one story needs at most


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    text: str
    headers: Mapping[str, str]


class Engine(Protocol):
    """`name`: as octopod.yaml has it. `runs`: whether applications run, so that their pages and data can be seen.

    `domain`: of the stagings' hosts. `yaml`: more keys of the project. `env`: of the bot.
    """

    @property
    def name(self) -> str: ...
    @property
    def runs(self) -> bool: ...
    @property
    def domain(self) -> str: ...
    @property
    def yaml(self) -> str: ...
    @property
    def env(self) -> Mapping[str, str]: ...

    def of(self, project: str) -> "Engine":
        """The same, for another project, whose hosts have its name."""

    async def built(self, repository: Path, commit: str) -> None:
        """CI is through with this commit."""

    async def environment(self, staging: str) -> Mapping[str, str]:
        """What the staging's application was configured with."""

    async def ask(self, staging: str, path: str, form: Mapping[str, str] | None = None) -> Page:
        """What the staging's application answers; with a form, to a POST."""

    async def data(self, staging: str) -> list[str]:
        """The places at which the staging keeps data."""

    async def left_of(self, staging: str) -> list[str]:
        """All that there is of a staging. Nothing, once it is gone."""

    async def fall_ill(self, staging: str) -> None:
        """Its `api` loses what it can't be without."""

    async def get_well(self, staging: str) -> None: ...

    def asked(self, staging: str) -> int:
        """How often its login page has been asked for."""

    def fails_by(self, path: str, word: str) -> None:
        """Where applications are played, a page answers 500 from now on, if this is the commit or a value of the
        configuration. Where they run, they do what they do."""

    def spoils(self, staging: str, path: str, *, mended: bool = False) -> None:
        """The same by what this staging alone has stored."""


# --- processes of this machine ---------------------------------------------------------------------------------------


@dataclass
class Local:
    """`data_folder`: the bot's, `port`: where its proxy listens."""

    data_folder: Path
    port: int
    http: aiohttp.ClientSession
    name: str = "local"
    runs: bool = True
    domain: str = "localhost"
    project: str = ""
    yaml: str = "    url_probe: {path: /healthz}\n"
    env: Mapping[str, str] = field(default_factory=dict)

    def of(self, project: str) -> "Local":
        return replace(self, project=project, domain=f"{project}.{Local.domain}")

    async def environment(self, staging: str) -> Mapping[str, str]:
        told: Mapping[str, str] = json.loads((await self.ask(staging, "/about.json")).text)["configuration"]
        return told

    async def built(self, repository: Path, commit: str) -> None:
        """It runs commands, not images."""

    async def ask(self, staging: str, path: str, form: Mapping[str, str] | None = None) -> Page:
        host = f"{staging}.{self.domain}:{self.port}"
        return await _ask(self.http, f"http://127.0.0.1:{self.port}{path}", form, host)

    async def data(self, staging: str) -> list[str]:
        return [str(path) for path in self._folder(staging).glob("volumes/*")]

    async def left_of(self, staging: str) -> list[str]:
        folders = [str(folder) for folder in self._folders(staging)]
        processes = [
            one.mark for one in marked(self.data_folder) if one.mark.split("/")[1] not in self._others(staging)
        ]
        return [*folders, *processes]

    async def fall_ill(self, staging: str) -> None:
        [volume] = self._folder(staging).glob("volumes/*")
        (volume / DATABASE).rename(volume / ELSEWHERE)

    async def get_well(self, staging: str) -> None:
        [volume] = self._folder(staging).glob("volumes/*")
        (volume / ELSEWHERE).rename(volume / DATABASE)

    def asked(self, staging: str) -> int:
        logs = self._folder(staging).glob("logs/*/*web*.log")
        return sum(log.read_text(errors="replace").count("GET /login ") for log in logs)

    def fails_by(self, path: str, word: str) -> None:
        """It runs."""

    def spoils(self, staging: str, path: str, *, mended: bool = False) -> None:
        """It runs."""

    def _folder(self, staging: str) -> Path:
        [folder] = self._folders(staging)
        return folder

    def _folders(self, staging: str) -> list[Path]:
        """Whatever is on its way out counts, too."""
        return [folder for folder in self._all() if self._may_be(folder, staging)]

    def _others(self, staging: str) -> set[str]:
        return {folder.name for folder in self._all() if not self._may_be(folder, staging)}

    def _may_be(self, folder: Path, staging: str) -> bool:
        try:
            spec = json.loads((folder / "spec.json").read_text())
        except (OSError, ValueError):
            return True
        return spec["name"] == staging and self.project in ("", spec["project"])

    def _all(self) -> Iterator[Path]:
        return (path for path in (self.data_folder / "local").iterdir() if path.is_dir())


# --- a cluster -------------------------------------------------------------------------------------------------------


@dataclass
class Cluster:
    """`account`: a kubeconfig of the bot's account. `loader`: makes an image of a folder; None: pods are played."""

    plane: ControlPlane
    account: Path
    project: str
    loader: str | None
    shop: Registry
    http: aiohttp.ClientSession
    name: str = "kubernetes"
    domain: str = "shop.test"
    yaml: str = ""
    wrong: dict[str, set[str]] = field(default_factory=dict)
    spoilt: set[tuple[str, str]] = field(default_factory=set)
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of(self, project: str) -> "Cluster":
        return replace(self, project=project, domain=f"{project}.{Cluster.domain}")

    async def environment(self, staging: str) -> Mapping[str, str]:
        there = ("-n", self._namespace(staging), "get", "configmap", "octopod-env", "-o", "json")
        told: Mapping[str, str] = json.loads(await self._kubectl(*there))["data"]
        return told

    @property
    def runs(self) -> bool:
        return self.loader is not None

    @property
    def env(self) -> Mapping[str, str]:
        return {"KUBECONFIG": str(self.account)}

    async def built(self, repository: Path, commit: str) -> None:
        if self.loader:
            await asyncio.to_thread(self._load, self.loader, repository, commit)
        self.shop.push("acme/shop", commit)

    def _load(self, loader: str, repository: Path, commit: str) -> None:
        with tempfile.TemporaryDirectory() as tree:
            files = subprocess.run(
                ["git", "-C", str(repository), "archive", commit], env=ENVIRON, check=True, capture_output=True
            )
            subprocess.run(["tar", "-x", "-C", tree], input=files.stdout, check=True)
            subprocess.run([*shlex.split(loader), tree, f"{self.shop.host}/acme/shop:{commit}"], check=True)

    async def ask(self, staging: str, path: str, form: Mapping[str, str] | None = None) -> Page:
        async with self._forwarded(staging) as address:
            return await _ask(self.http, f"http://{address}{path}", form)

    @asynccontextmanager
    async def _forwarded(self, staging: str) -> AsyncIterator[str]:
        """Needs neither ingress controller nor DNS."""
        kubectl = [str(self.plane.programs / "kubectl"), "--kubeconfig", str(self.plane.kubeconfig)]
        there = ["-n", self._namespace(staging), "port-forward", "service/web", ":80"]
        forward = await asyncio.create_subprocess_exec(*kubectl, *there, stdout=asyncio.subprocess.PIPE)
        try:
            assert forward.stdout
            said = (await asyncio.wait_for(forward.stdout.readline(), 20)).decode()
            found = re.search(r"127\.0\.0\.1:\d+", said)
            assert found, f"kubectl port-forward says {said!r}"
            yield found[0]
        finally:
            forward.terminate()
            await forward.wait()

    async def data(self, staging: str) -> list[str]:
        claims = json.loads(await self._kubectl("-n", self._namespace(staging), "get", "pvc", "-o", "json"))["items"]
        return [claim["spec"]["volumeName"] for claim in claims]

    async def left_of(self, staging: str) -> list[str]:
        everything = (await self._kubectl("get", "namespaces", "-o", "name")).split()
        return [one for one in everything if one == f"namespace/{self._namespace(staging)}"]

    async def fall_ill(self, staging: str) -> None:
        if self.runs:
            await self._in_api(staging, "mv", f"/data/{DATABASE}", f"/data/{ELSEWHERE}")
            return
        now = {"running": None, "waiting": {"reason": "CrashLoopBackOff"}}
        ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
        container = {"name": "api", "image": "api", "imageID": "", "restartCount": 4, "ready": False}
        status = {
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{**container, "state": now, "lastState": ended}],
        }
        pod = await self._kubectl("-n", self._namespace(staging), "get", "pods", "-l", "app=api", "-o", "name")
        patch = ("--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))
        await self._kubectl("-n", self._namespace(staging), "patch", pod.strip(), *patch)

    async def get_well(self, staging: str) -> None:
        if self.runs:
            await self._in_api(staging, "mv", f"/data/{ELSEWHERE}", f"/data/{DATABASE}")
            return
        await self._kubectl("-n", self._namespace(staging), "delete", "pods", "-l", "app=api")

    def asked(self, staging: str) -> int:
        return self.heard[staging, "/login"]

    def fails_by(self, path: str, word: str) -> None:
        self.wrong.setdefault(path, set()).add(word)

    def spoils(self, staging: str, path: str, *, mended: bool = False) -> None:
        (self.spoilt.discard if mended else self.spoilt.add)((staging, path))

    async def played(self, staging: str, path: str) -> Page:
        """What an application would answer that nobody runs."""
        if (staging, path) in self.spoilt:
            return Page(500, "This is not what was stored.", {})
        if path in self.wrong:
            web = json.loads(
                await self._kubectl("-n", self._namespace(staging), "get", "deployment", "web", "-o", "json")
            )
            own = {one["name"]: one["value"] for one in web["spec"]["template"]["spec"]["containers"][0]["env"]}
            if self.wrong[path] & {own["OCTOPOD_COMMIT"], *(await self.environment(staging)).values()}:
                return Page(500, "This is our fault.", {})
        return Page(200, "the shop", {})

    async def _in_api(self, staging: str, *command: str) -> None:
        """By a pod of its own: the one that crashes can't be entered."""
        name, claim = "hand", {"persistentVolumeClaim": {"claimName": "shop-data"}}
        pod = json.loads(await self._kubectl("-n", self._namespace(staging), "get", "deployment", "api", "-o", "json"))[
            "spec"
        ]["template"]["spec"]
        container = {"name": name, "image": pod["containers"][0]["image"], "command": list(command)}
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        spec = {"restartPolicy": "Never", "containers": [container], "volumes": [{"name": "data", **claim}]}
        made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        there = ("-n", self._namespace(staging))
        await self._kubectl(*there, "create", "-f", "-", given=json.dumps(made))
        await self._kubectl(*there, "wait", f"pod/{name}", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=50s")
        await self._kubectl(*there, "delete", "pod", name)

    def _namespace(self, staging: str) -> str:
        return f"{self.project}--{staging}"

    async def _kubectl(self, *words: str, given: str | None = None) -> str:
        return await asyncio.to_thread(self.plane.kubectl, *words, given=given)


@asynccontextmanager
async def on_a_cluster(
    plane: ControlPlane, account: Path, project: str, loader: str | None, http: aiohttp.ClientSession
) -> AsyncIterator[Cluster]:
    """Whatever a story leaves there goes with it."""
    async with registry() as shop:
        engine = Cluster(plane, account, project, loader, shop, http)
        async with _ingress(engine) as address:
            probe = f'{{path: /healthz, address: "{address}"}}'
            engine.yaml = f"    image: {shop.host}/acme/shop:${{commit}}\n    url_probe: {probe}\n"
            with _volumes(plane, project) if plane.played else nullcontext():
                yield engine
            await asyncio.to_thread(plane.kubectl, "delete", "namespaces", "-l", f"octopod.dev/project={project}")


@contextmanager
def _volumes(plane: ControlPlane, project: str) -> Iterator[None]:
    plane.offer_volumes(project, STAGINGS)
    try:
        yield
    finally:
        plane.kubectl("delete", "--wait=false", "pv", *(f"{project}-{n}" for n in range(STAGINGS)))


@asynccontextmanager
async def _ingress(engine: Cluster) -> AsyncIterator[str]:
    """Stands where an ingress controller would, for the URL probe: it leads to the staging, if that runs."""

    async def answer(request: web.Request) -> web.Response:
        staging, place = request.host.split(".")[:2]
        its = engine if engine.domain.startswith(f"{place}.") else engine.of(place)
        its.heard[staging, request.path] += 1
        page = await (its.ask if engine.runs else its.played)(staging, request.path)
        return web.Response(status=page.status, text=page.text)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        yield f"127.0.0.1:{server.port}"


async def _ask(http: aiohttp.ClientSession, url: str, form: Mapping[str, str] | None, host: str | None = None) -> Page:
    headers = {"Host": host} if host else {}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    body = urlencode(form).encode() if form is not None else None
    async with http.request("POST" if body else "GET", url, data=body, headers=headers, allow_redirects=False) as it:
        return Page(it.status, await it.text(), dict(it.headers))
