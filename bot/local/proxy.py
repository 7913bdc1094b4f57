"""From a host name to the process that answers for it: the local engine's stagings in the browser."""

from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web

from bot.forward import forward
from bot.local.engine import LocalEngine
from bot.local.loopback import HOST
from bot.local.release import ReleaseRun
from bot.local.spec import Route
from bot.ports import PROBE_AGENT

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Proxy:
    """Requests for hosts that no staging answers for go to `fallback`. `visited` is told the host of all others."""

    def __init__(
        self, engine: LocalEngine, fallback: Handler, visited: Callable[[str], None] = lambda host: None
    ) -> None:
        self._engine, self._fallback, self._visited = engine, fallback, visited
        self._turn = 0

    def serves(self, host: str) -> bool:
        """`host` as in the Host header; its port does not matter."""
        return self._engine.serving(_name(host)) is not None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        host = _name(request.host)
        run = self._engine.serving(host)
        if run is None:
            return await self._fallback(request)
        if request.headers.get("User-Agent") != PROBE_AGENT:
            self._visited(host)
        route = run.route(host, request.rel_url.raw_path)
        if route is None:
            return _answer(404, f"Nothing answers for {request.path} here.")
        with run.request():
            return await self._pass_on(request, run, route)

    async def _pass_on(self, request: web.Request, run: ReleaseRun, route: Route) -> web.StreamResponse:
        ports = run.route_backends(route)
        if not ports:
            return _answer(503, f"{route.service} has no process that is ready just now. Try again in a moment.")
        self._turn += 1
        for index in range(len(ports)):
            try:
                port = ports[(self._turn + index) % len(ports)]
                return await forward(request, self._engine.tools.session, HOST, port)
            except aiohttp.ClientConnectorError:
                # Nobody has heard the request, so another may.
                continue
            except aiohttp.ClientError:
                # It was heard. If it is what ended the process, it should not go on to end the others.
                break
        return _answer(502, f"{route.service} did not answer: its process has just ended, or hung up.")


def _name(host: str) -> str:
    return host.partition(":")[0].lower().rstrip(".")


def _answer(status: int, text: str) -> web.Response:
    headers = {"Cache-Control": "no-store", "Retry-After": "2"} if status >= 500 else {"Cache-Control": "no-store"}
    return web.Response(status=status, text=f"{text}\n", headers=headers)
