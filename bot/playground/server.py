"""The stand-in, put together: one aiohttp application."""

from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.forward import forwarding_session
from bot.playground.acting import Acting
from bot.playground.api import Api
from bot.playground.builtin import Builtin
from bot.playground.completion import Completion
from bot.playground.delivery import Courier, Way
from bot.playground.disk import Disk
from bot.playground.faults import Faults
from bot.playground.files import Files
from bot.playground.gate import Gate, Handler
from bot.playground.hooks import Hooks
from bot.playground.options import Options
from bot.playground.people import People
from bot.playground.record import Record
from bot.playground.repository import Repository
from bot.playground.secrets import load_or_make
from bot.playground.shopping import Shops
from bot.playground.signed import SignedHttp
from bot.playground.sockets import Sockets
from bot.playground.triggers import Triggers
from bot.playground.webhook import Webhook
from bot.playground.workspace import Workspace
from bot.playground.world import World

__all__ = ["Options", "make_app"]

PAGE = Path(__file__).parent / "page"
LARGEST_BODY = 64 * 1024 * 1024


def make_app(options: Options) -> web.Application:
    """Opens (or makes) the state in `options.data`. Raises DiskError, OSError, ValueError when it cannot be used."""
    secrets = load_or_make(options.data)
    world = World(Disk(options.data / "slack.db"), options.clock, options.checkpoint)
    record, faults = Record(secrets, options.clock), Faults()
    triggers, sockets = Triggers(options.trigger_seconds, options.clock), Sockets(options, faults)
    signed = SignedHttp(options, options.events_url, secrets.signing_secret) if options.events_url else None
    way: Way = signed or sockets
    courier = Courier(way, record, options.retry_delays)
    hooks = Hooks(world, options, faults, record)
    repository = Repository(options.repository) if options.repository else None
    webhook = None
    if options.repository and options.bot_port:
        webhook = Webhook(options.bot_port, secrets.webhook_secret, options.repository, record)
    shops = Shops(options.bot_port) if options.bot_port else None
    people = People(world, options, courier, triggers, hooks, Builtin(repository, webhook, shops))
    workspace = Workspace(people, Acting(people), sockets, faults, record, secrets, Completion(repository))
    api = Api(world, options, secrets, triggers, sockets, faults, record)
    gate = Gate(options.bot_port)

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        gate.session = forwarding_session()
        yield
        await gate.session.close()
        world.shut()

    async def on_shutdown(app: web.Application) -> None:
        world.close()
        record.close()
        faults.close()
        await courier.close()
        await sockets.close()

    app = web.Application(middlewares=[_middleware(gate)], client_max_size=LARGEST_BODY)
    app.add_routes([web.get("/api/{method}", api.handle), web.post("/api/{method}", api.handle)])
    app.add_routes([web.get("/_socket", sockets.connect), web.post("/_response/{key}", hooks.handle)])
    app.add_routes(workspace.routes())
    app.add_routes(Files(world, options.data / "files").routes())
    app.add_routes(_page())
    app.cleanup_ctx.append(lifetime)
    app.on_shutdown.append(on_shutdown)
    return app


def _middleware(gate: Gate) -> Middleware:
    @web.middleware
    async def through(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await gate.pass_on(request, handler)

    return through


def _page() -> list[web.AbstractRouteDef]:
    """The page; permalinks lead to it too."""

    async def index(request: web.Request) -> web.StreamResponse:
        headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY"}
        return web.FileResponse(PAGE / "index.html", headers=headers)

    routes: list[web.AbstractRouteDef] = [web.get("/", index), web.get("/archives/{tail:.*}", index)]
    return [*routes, web.static("/", PAGE)] if PAGE.is_dir() else routes
