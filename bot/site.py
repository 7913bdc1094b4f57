"""The bot's HTTP server: Slack's events, webhooks, health, metrics; and every host that a staging could have.

On the local engine all of these lead here, on Kubernetes those at which no staging answers (a wildcard Ingress).
"""

import errno
import os
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from aiohttp.typedefs import Handler
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.domain import naming
from bot.domain.errors import ConfigError
from bot.domain.project import Project

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def site(
    bolt: AsyncApp,
    healthz: Answer,
    readyz: Answer,
    metrics: Answer,
    stagings: Answer,
    projects: Iterable[Project],
    serves: Callable[[str], bool] = lambda host: False,
    more: Iterable[web.RouteDef] = (),
) -> web.Application:
    """`stagings` answers for every host that a staging could have, and for all that only look like one. `projects` may
    change meanwhile, so `serves` says whether a staging from before is at this host. `more`: further doors.

    A wildcard leads all of them here, and none of them must reach the bot's own doors: `no_name.shop.example.com`, too.
    """

    @web.middleware
    async def by_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = naming.without_port(request.host).lower().rstrip(".")
        patterns = (pattern for project in projects for pattern in project.hosts.values())
        if any(_between(host, *_edges(pattern)) for pattern in patterns) or serves(host):
            return await stagings(request)
        return await handler(request)

    async def slack(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    app = web.Application(middlewares=[by_host])
    app.router.add_post("/slack/events", slack)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    app.add_routes(more)
    return app


def _edges(pattern: str) -> tuple[str, str]:
    """What stands before and after the staging's name."""
    before, _, after = naming.without_port(pattern).lower().partition(naming.STAGING)
    return before, after


def _between(host: str, before: str, after: str) -> bool:
    return host.startswith(before) and host.endswith(after) and len(host) > len(before) + len(after)


async def listen(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Raises ConfigError when the address or the port cannot be had."""
    # Bodies stay as they were sent: they are signed, or passed on. What can't be unpacked would be aiohttp's traceback.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=2, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        which = "OCTOPOD_HTTP_HOST" if error.errno == errno.EADDRNOTAVAIL else "OCTOPOD_HTTP_PORT"
        why = os.strerror(error.errno or 0)
        raise ConfigError([f"{which}: {host}, port {port} cannot be used ({why}). Choose another one."]) from error
    return runner
