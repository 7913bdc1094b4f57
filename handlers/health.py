"""`GET /healthz` (is the process well) and `GET /metrics` (Prometheus)."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Facts = Callable[[], dict[str, object]]
Handler = Callable[[web.Request], Awaitable[web.Response]]


def healthz(facts: Facts) -> Handler:
    """Asks neither database nor Slack: restarting the bot mends neither."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, **facts()})

    return answer


def metrics(registry: CollectorRegistry, refresh: Callable[[], Awaitable[None]]) -> Handler:
    """`refresh` sets the gauges that are counted only when somebody looks."""

    async def answer(request: web.Request) -> web.Response:
        await refresh()
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return answer
