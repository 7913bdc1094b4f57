"""People at the stand-in for Slack, the real bot as a process, a real control plane."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from bot_process import a_bot
from engine_kit import INGRESS, deployment, service
from git_kit import Origin
from helm_kit import helm_binary
from kube_rig import ControlPlane
from registry_kit import Registry, registry
from standin_kit import Json, Workspace, workspace

ROOT = Path(__file__).parents[2]
SECONDS = 60.0


@dataclass
class Conversation:
    slack: Workspace
    origin: Origin
    asked: list[tuple[str, str]]
    shop: Registry

    def built(self, branch: str = "feature-x") -> None:
        """CI has pushed the image of the newest commit."""
        self.shop.push("acme/shop", self.origin.head(branch))

    async def say(self, text: str) -> None:
        done = await self.slack.post("command", user="alice", channel="stagings", text=f"/octopod {text}")
        assert done["ok"], done

    async def until(self, *texts: str, without: str = "\0") -> str:
        """Some message in the channel, or in a thread of it, holds all of these."""

        def found(state: Json) -> Any:
            channel = next(one for one in state["channels"] if one["name"] == "stagings")
            said = [str(m["blocks"] or m["text"]) for m in channel["messages"] if not m["deleted"]]
            return next((one for one in said if all(text in one for text in texts) and without not in one), None)

        return str(await self.slack.until(found, SECONDS))


@asynccontextmanager
async def an_answer(asked: list[tuple[str, str]]) -> AsyncIterator[str]:
    """What stands where an ingress controller would; kwok's pods answer nothing."""

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.host, request.path))
        return web.Response(text="the shop")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        await server.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@asynccontextmanager
async def talking(
    tmp_path: Path, plane: ControlPlane, source: str = "{manifests: deploy}", more: str = ""
) -> AsyncIterator[Conversation]:
    """`more`: of the project in octopod.yaml, indented."""
    origin, asked = Origin(tmp_path / "origin"), list[tuple[str, str]]()
    manifests = {"deploy/web.yaml": deployment(), "deploy/service.yaml": service(), "deploy/ingress.yaml": INGRESS}
    origin.commit("feature-x", manifests, "A shop")
    async with an_answer(asked) as address, registry() as shop, workspace(tmp_path / "slack") as slack:
        (tmp_path / "octopod.yaml").write_text(
            f"""\
engine: kubernetes
projects:
  talk:
    repo: {origin.path}
    source: {source}
    image: {shop.host}/acme/shop:${{commit}}
    hosts: {{web: "${{staging}}.talk.test"}}
    scheme: http
    channel: stagings
    alerts: stagings-alerts
    url_probe: {{path: /healthz, address: "{address}"}}
    follow: {{baseline: false}}
{more}"""
        )
        own = {"KUBECONFIG": str(plane.kubeconfig), "OCTOPOD_HELM": helm_binary()}
        async with a_bot(tmp_path, _free_port(), slack, **own):
            yield Conversation(slack, origin, asked, shop)
