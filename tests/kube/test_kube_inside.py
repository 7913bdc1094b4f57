"""A staging asked from inside the cluster, as the bot's account: through the API server, at something that answers.

kwok's pods answer nothing, so one is given the address of a responder on this machine. The API server passes nothing
on to loopback, nor to an address that is no pod's.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from engine_kit import INGRESS, World, a_world, deployment
from kube_rig import ControlPlane

from bot.domain.errors import PermanentError, TemporaryError

pytestmark = pytest.mark.kube
pytest_plugins = ["kube_fixtures"]

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: {port}}}]}}
"""


PAGE = '<html><head></head><body><form action="/login">Sign in</form></body></html>'


@dataclass
class Answerer:
    port: int = 0
    status: int = 200
    location: str = "https://elsewhere.invalid/"
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        headers = {"Location": self.location}
        return web.Response(status=self.status, headers=headers, text=PAGE, content_type="text/html")


def own_address() -> str:
    """Nothing is sent: it is only looked up which address of this machine would be."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(("192.0.2.1", 9))
        return str(one.getsockname()[0])


@asynccontextmanager
async def an_answerer(ip: str) -> AsyncIterator[Answerer]:
    made, app = Answerer(), web.Application()
    app.router.add_get("/{path:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, ip, 0).start()
        made.port = runner.addresses[0][1]
        yield made
    finally:
        await runner.cleanup()


@pytest.fixture
async def world(plane: ControlPlane, account: Path, tmp_path: Path, name: str) -> AsyncIterator[World]:
    async with a_world(plane, tmp_path, name, account) as there:
        yield there


async def test_the_service_behind_its_ingress_is_asked(world: World) -> None:
    url, ip = f"https://{world.name}.shop.test", own_address()

    async def asked() -> int:
        return (await world.engine.ask(world.namespace, url, "/login?next=/", 5)).status

    async with an_answerer(ip) as answerer:
        await world.deploy("r1", deployment(), SERVICE.format(port=answerer.port), INGRESS)
        await world.live("r1")
        [pod] = await world.names("pods")
        found = json.dumps({"status": {"podIP": ip, "podIPs": [{"ip": ip}]}})
        await world.kubectl(
            "-n", world.namespace, "patch", "pod", pod, "--subresource=status", "--type=merge", "-p", found
        )
        await _until_known(asked)
        for answerer.status in (200, 302, 403, 404, 500, 503):
            assert await asked() == answerer.status
        told = answerer.asked[-1]
        assert (told.path_qs, told.headers["X-Forwarded-Host"]) == ("/login?next=/", f"{world.name}.shop.test")
        assert "Authorization" not in told.headers
        # As a health check asks: with headers, and looking at where it leads and what it says.
        answerer.status, answerer.location = 302, "/setup?from=/"
        heard = await world.engine.ask(world.namespace, url, "/login", 5, {"X-Key": "k3y", "Cookie": "a=b"}, 10_000)
        assert (heard.location, heard.whole) == ("/setup?from=/", True)
        assert '<form action="/login">Sign in' in heard.body.decode(heard.charset)
        assert (answerer.asked[-1].headers["X-Key"], answerer.asked[-1].cookies["a"]) == ("k3y", "b")
    with pytest.raises(PermanentError, match=r"^nothing answers for the Service `web`, port 80$"):
        await asked()


async def _until_known(asked: Callable[[], Awaitable[int]]) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await asked()
                return
            except (PermanentError, TemporaryError):
                await asyncio.sleep(0.1)


async def test_what_cannot_be_asked_is_said(world: World) -> None:
    await world.deploy("r1", deployment())
    await world.live("r1")
    url = f"https://{world.name}.shop.test"
    with pytest.raises(PermanentError, match=r"^no Ingress of it leads .+\.shop\.test/ to a Service, which `url_probe"):
        await world.engine.ask(world.namespace, url, "/", 5)
    with pytest.raises(PermanentError, match=r"^there is no Service `web`, or"):
        await world.deploy("r2", deployment(), INGRESS)
        await world.engine.ask(world.namespace, url, "/", 5)
