"""`GET /healthz` (is the process well), `GET /readyz` (does it hear Slack), `GET /metrics` (Prometheus)."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Reached = Callable[[], bool]
Handler = Callable[[web.Request], Awaitable[web.Response]]


def healthz(reached: Reached) -> Handler:
    """200 whether or not Slack is reached: restarting the bot would not mend that."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "slack": "reached" if reached() else "not reached"})

    return answer


def readyz(reached: Reached, mistakes: Callable[[], int] = lambda: 0) -> Handler:
    """503 until what people type arrives here. `mistakes`: of an octopod.yaml that does not count."""

    async def answer(request: web.Request) -> web.Response:
        said: dict[str, object] = {"ok": reached(), "configuration": "current"}
        if found := mistakes():
            said |= {"configuration": "old", "mistakes": found}
        return web.json_response(said, status=200 if reached() else 503)

    return answer


def metrics(registry: CollectorRegistry, refresh: Callable[[], Awaitable[None]]) -> Handler:
    """`refresh` sets the gauges that are counted only when somebody looks."""

    async def answer(request: web.Request) -> web.Response:
        await refresh()
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return answer
