"""The bot's HTTP server: Slack's events, health, metrics; on the local engine every staging's host too."""

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
) -> web.Application:
    """`stagings` answers for every host that a staging could have."""
    patterns = [pattern for project in projects for pattern in project.hosts.values()]

    @web.middleware
    async def by_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = naming.without_port(request.host).lower()
        if any(naming.could_be_host(pattern, host) for pattern in patterns):
            return await stagings(request)
        return await handler(request)

    async def slack(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    app = web.Application(middlewares=[by_host])
    app.router.add_post("/slack/events", slack)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app


async def listen(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Raises ConfigError when the port is taken."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(
            [f"OCTOPOD_HTTP_PORT: port {port} cannot be used ({os.strerror(error.errno or 0)}). Choose another one."]
        ) from error
    return runner
