"""docs/install.md, walked word by word: from an empty control plane to the first staging, and back to an empty one.

What needs Docker, or nodes that run images, is named in NOT_HERE; any other command of the page must be run here. Where
a kubelet would start the bot's container, its program runs as a process, with what the cluster has for that container.
"""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from crash_kit import free_port
from engine_kit import INGRESS, deployment, service
from git_kit import Origin
from guide_kit import GUIDE, Walk, commands, section
from kube_rig import Rig, running
from registry_kit import Registry, registry
from standin_kit import Json, Workspace, messages_in, workspace

pytestmark = [pytest.mark.kube, pytest.mark.timeout(300)]

NOT_HERE = {
    "docker build -t registry.example.com/acme/octopod:0.1.0 .": "a Docker daemon",
    "docker push registry.example.com/acme/octopod:0.1.0": "a registry to push to",
    "docker buildx imagetools inspect python:3.11-slim-bookworm": "a registry",
    "docker build --build-arg PYTHON=python:3.11-slim-bookworm@sha256:DIGEST"
    " -t registry.example.com/acme/octopod:0.1.0 .": "a Docker daemon",
    "kind create cluster": "a Docker daemon",
    "docker build -t octopod:0.1.0 .": "a Docker daemon",
    "kind load docker-image octopod:0.1.0": "a Docker daemon",
    "kubectl -n shop--BRANCH port-forward service/web 8080:80": "nodes that run images",
}
INTO, KIND, AWAY = "Into a cluster", "On your machine, with kind", "Uninstalling"
BRANCH, SECONDS = "feature-x", 60.0
SEEN = f"kubectl get all,quota,netpol,rolebinding -n shop--{BRANCH}"


@pytest.fixture
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One that nobody shares: in the end everything is uninstalled."""
    with running(tmp_path_factory.mktemp("control-plane")) as there:
        there.offer_volumes("of-the-bot", 2, "10Gi")
        yield there


@asynccontextmanager
async def _surroundings(folder: Path) -> AsyncIterator[tuple[Workspace, Origin, Registry]]:
    origin = Origin(folder / "origin")
    manifests = {"deploy/staging/web.yaml": deployment(), "deploy/staging/service.yaml": service()}
    origin.commit(BRANCH, {**manifests, "deploy/staging/ingress.yaml": INGRESS}, "A shop")
    async with registry() as shop, workspace(folder / "slack") as slack:
        shop.push("acme/shop", origin.head(BRANCH))
        yield slack, origin, shop


async def test_every_command_of_the_guide(rig: Rig, tmp_path: Path) -> None:
    async with _surroundings(tmp_path) as (slack, origin, shop):
        walk = Walk(rig, tmp_path)
        _write(walk, slack, origin, shop)
        await _install(walk, INTO)
        async with _running(walk) as bot:
            await _first_staging(walk, slack)
            await _by_the_way(walk)
            await _uninstall(walk, bot)

        _write(walk, slack, origin, shop, kind=True)
        await _install(walk, KIND)
        await _uninstall(walk)
    left = [command for command in commands(GUIDE) if command not in {*walk.done, *NOT_HERE, "/octopod list"}]
    assert left == [], "commands of the page that nobody has tried"
    assert NOT_HERE.keys() <= set(commands(GUIDE)), "and none is excused that the page does not have"


def _write(walk: Walk, slack: Workspace, origin: Origin, shop: Registry, kind: bool = False) -> None:
    standin = f"SLACK_APP_TOKEN={slack.secrets.app_token}\nSLACK_API_URL={slack.base}/api/"
    env = {
        "SLACK_BOT_TOKEN=xoxb-…": f"SLACK_BOT_TOKEN={slack.secrets.bot_token}",
        "SLACK_APP_TOKEN=xapp-…": standin,
        "GIT_TOKEN=…": "GIT_TOKEN=a-token",
    }
    projects = {
        "https://github.com/acme/shop.git": str(origin.path),
        "registry.example.com/acme/shop": f"{shop.host}/acme/shop",
        "    channel: stagings\n": "    channel: stagings\n    url_probe: {from: off}\n    scheme: http\n",
    }
    images = "images: [{name: octopod, newName: registry.example.com/acme/octopod, newTag: 0.1.0}]\n"
    changes = {"install/octopod.env": env, "install/octopod.yaml": projects}
    walk.write({**changes, "install/kustomization.yaml": {images: ""}} if kind else changes)


async def _install(walk: Walk, title: str) -> None:
    for command in commands(section(title)):
        if command in NOT_HERE or "octopod doctor" in command or not command.startswith("kubectl"):
            continue
        if command.startswith("kubectl -n octopod rollout restart"):
            break  # what follows is for later
        await walk.run(command)
    walk.in_the_pod(free_port())
    [doctor] = [command for command in commands(section(title)) if command.endswith("octopod doctor")]
    lines = [line for line in (await walk.run(doctor)).splitlines() if line.startswith(("✓", "✗"))]
    bad = [line for line in lines if line.startswith("✗") and not line.startswith(("✗ hosts ", "✗ page at "))]
    assert bad == [] and len(lines) > 20, lines
    assert any(", as system:serviceaccount:octopod:octopod" in line for line in lines)


@asynccontextmanager
async def _running(walk: Walk) -> AsyncIterator[Process]:
    log = walk.folder / "bot.log"
    with log.open("wb") as output:
        program = walk.rig.in_containers / "octopod"
        bot = await asyncio.create_subprocess_exec(program, "serve", stdout=output, stderr=output)
    try:
        yield bot
    finally:
        await _end(bot)
    assert bot.returncode == 0, log.read_bytes()


async def _end(bot: Process) -> None:
    if bot.returncode is None:
        bot.terminate()
        await asyncio.wait_for(bot.wait(), 20)


async def _first_staging(walk: Walk, slack: Workspace) -> None:
    typed = "/octopod deploy BRANCH"
    assert typed in commands(section(INTO))
    command: dict[str, Any] = {"user": "alice", "channel": "stagings", "text": typed.replace("BRANCH", BRANCH)}
    async with asyncio.timeout(SECONDS):
        while not (await slack.post("command", **command))["ok"]:
            await slack.state((await slack.state())["seq"], 0.2)
    walk.done.append(typed)
    await slack.until(_is_live, SECONDS)
    seen = await walk.run(SEEN)
    print(f"$ {SEEN}\n{seen}")
    for line in ("deployment.apps/web", "service/web", "resourcequota/octopod", "networkpolicy", "rolebinding"):
        assert line in seen


def _is_live(state: Json) -> bool:
    return any("Live at" in m["text"] and BRANCH in m["text"] for m in messages_in(state, "stagings"))


async def _by_the_way(walk: Walk) -> None:
    """After a change, and when the pod does not start."""
    text = commands(section(INTO))
    [behind] = [command for command in text if command.startswith("--dry-run")]
    made = [command for command in text if " create secret " in command or " create configmap " in command]
    for command in made:
        assert "configured" in await walk.run(f"{command} {behind}", behind)
    for command in text[text.index(behind) + 1 :]:
        await walk.run(command)


async def _uninstall(walk: Walk, bot: Process | None = None) -> None:
    """The bot works on until its pod is gone, as a kubelet would have it."""
    for command in commands(section(AWAY)):
        if command.startswith("kubectl"):
            await walk.run(command)
        if bot and not await walk.run("kubectl -n octopod get pods -o name"):
            await _end(bot)
    kinds = "namespaces,clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings"
    left = await asyncio.to_thread(walk.rig.kubectl, "get", kinds, "-o", "name")
    assert [line for line in left.splitlines() if "octopod" in line or "shop--" in line] == []
