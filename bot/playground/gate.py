"""Who may come in: `localhost` and `127.0.0.1` meet the stand-in, `*.localhost` the stagings, nobody else anything.

A page of a staging (`x.localhost`) is somebody else's code in the same browser; it must not drive the workspace. Nor
may a site that makes its own name point at this machine.
"""

from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web
from yarl import URL

from bot.forward import forward

OWN = frozenset(("localhost", "127.0.0.1"))
LOOPBACK = "127.0.0.1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DOWN = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The bot is not running</title>
<style>:root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;\
padding:0 1rem}</style>
<h1>The bot is not running</h1>
<p>Stagings are reached through it, so this one cannot be shown right now. Start the bot and reload this page.</p>
"""


class Gate:
    """`session`: made by `bot.forward.forwarding_session` when the server starts."""

    def __init__(self, bot_port: int | None) -> None:
        self._bot_port = bot_port
        self.session: aiohttp.ClientSession | None = None

    async def pass_on(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        host = host_of(request.host)
        if host.endswith(".localhost"):
            return await self._to_staging(request)
        if host not in OWN:
            raise web.HTTPMisdirectedRequest(text="This server answers to localhost only.")
        if not same_origin(request):
            raise web.HTTPForbidden(text="Only this server's own page may ask for that.")
        response = await handler(request)
        if not response.prepared:
            response.headers.setdefault("Cache-Control", "no-cache")
            response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    async def _to_staging(self, request: web.Request) -> web.StreamResponse:
        if self._bot_port is not None and self.session is not None:
            try:
                return await forward(request, self.session, LOOPBACK, self._bot_port)
            except (aiohttp.ClientError, TimeoutError):
                pass
        return web.Response(status=502, text=DOWN, content_type="text/html", headers={"Retry-After": "5"})


def host_of(authority: str) -> str:
    """A Host header without its port, in lower case."""
    name, colon, port = authority.rpartition(":")
    return (name if colon and port.isdigit() else authority).lower().rstrip(".")


def same_origin(request: web.Request) -> bool:
    """Whether our own page asks, or no page at all (a script, the bot). Browsers tell; others need not."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return _is_own(origin, request)
    site = request.headers.get("Sec-Fetch-Site", "none")
    # following a link to the page is fine; embedding it, or reading from it, is not
    return site in ("none", "same-origin") or request.headers.get("Sec-Fetch-Mode") == "navigate"


def _is_own(origin: str, request: web.Request) -> bool:
    try:
        url = URL(origin)
        port = URL(f"http://{request.host}").port
    except ValueError:
        return False
    return url.scheme == "http" and url.host in OWN and url.port == port
