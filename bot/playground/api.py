"""The door of the Web API: arguments in, faults and limits, the token, the method, the answer out.

https://docs.slack.dev/apis/web-api
"""

import json
from time import perf_counter
from typing import Any

from aiohttp import web

from bot.playground import methods_chat, methods_conversations, methods_files, methods_people, methods_views
from bot.playground.calls import Args, Call, Method, SlackError
from bot.playground.faults import DROP, Fault, Faults
from bot.playground.limits import Limits
from bot.playground.model import Json, Message
from bot.playground.options import Options
from bot.playground.record import Entry, Record, in_words
from bot.playground.secrets import Secrets
from bot.playground.sockets import Sockets
from bot.playground.triggers import Triggers
from bot.playground.world import World

METHODS: dict[str, Method] = {
    **methods_chat.METHODS,
    **methods_conversations.METHODS,
    **methods_people.METHODS,
    **methods_views.METHODS,
    **methods_files.METHODS,
}
APP_TOKEN = frozenset(("apps.connections.open",))
# Those of manifests/slack-app.yaml: the bot was installed by it.
SCOPES = (
    "commands,app_mentions:read,chat:write,channels:read,groups:read,channels:history,groups:history,"
    "users:read,users:read.email,usergroups:read"
)


def base_url(request: web.Request) -> str:
    """How this stand-in is reached. The address, not the name: what it is used for must not depend on a resolver."""
    assert request.transport is not None
    return f"http://127.0.0.1:{request.transport.get_extra_info('sockname')[1]}"


class Api:
    def __init__(
        self,
        world: World,
        options: Options,
        secrets: Secrets,
        triggers: Triggers,
        sockets: Sockets,
        faults: Faults,
        record: Record,
    ) -> None:
        self._world = world
        self._options = options
        self._secrets = secrets
        self._triggers = triggers
        self._sockets = sockets
        self._faults = faults
        self._record = record
        self._limits = Limits() if options.rate_limits else None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        start, name = perf_counter(), request.match_info["method"]
        values = await read_values(request)
        token = values.pop("token", None)
        fault = self._faults.take(name)
        if fault and fault.when == "before":
            answer: Json = {"fault": fault.status}
            response = await fail(request, self._faults, fault)
        else:
            wait = self._wait(name, values)
            answer = {"ok": False, "error": "ratelimited"} if wait else self._answer(request, name, values, token)
            response = reply(answer, wait)
            if fault:
                response = await fail(request, self._faults, fault, answer)
        ms, error = (perf_counter() - start) * 1000, str(answer.get("error", ""))
        n = self._record.add(Entry("from_bot", "web_api", name, values, answer, ms, error, in_words(fault)))
        self._record.tie(n, self._told(values, answer))
        return response

    def _told(self, values: Json, answer: Json) -> Message | None:
        """The message that a call made or changed."""
        channel, ts = answer.get("channel", values.get("channel")), answer.get("ts", answer.get("message_ts"))
        there = self._world.channel(channel) if isinstance(channel, str) else None
        return self._world.messages.get(there.id, {}).get(ts) if there and isinstance(ts, str) else None

    def _wait(self, name: str, values: Json) -> int:
        if self._limits is None:
            return 0
        channel = self._world.channel(str(values.get("channel", "")))
        key = channel.id if channel else str(values.get("channel"))
        return self._limits.refuse(name, key, self._options.clock())

    def _answer(self, request: web.Request, name: str, values: Json, token: object) -> Json:
        """Without a pause between what is checked and what is saved: calls cannot get in each other's way."""
        try:
            method = METHODS.get(name)
            self._authorize(request, name, token)
            if method is None:
                raise SlackError("unknown_method")
            base, ticket = base_url(request), self._sockets.ticket
            made = {"ok": True, **method(Call(Args(values), self._world, self._triggers, ticket, base))}
            self._world.commit()
            return made
        except SlackError as error:
            return error.as_json()

    def _authorize(self, request: web.Request, name: str, given: object) -> None:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else given
        if not token:
            raise SlackError("not_authed")
        if token not in (self._secrets.bot_token, self._secrets.app_token):
            raise SlackError("invalid_auth")
        if (token == self._secrets.app_token) != (name in APP_TOKEN) and name in METHODS:
            raise SlackError("not_allowed_token_type")


async def read_values(request: web.Request) -> dict[str, Any]:
    """Query and body, whatever form it has. A body that cannot be read counts as empty."""
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = {}
        return values | body if isinstance(body, dict) else values
    if request.can_read_body:
        posted = await request.post()
        values |= {key: value for key, value in posted.items() if isinstance(value, str)}
    return values


def reply(answer: Json, wait: int = 0) -> web.Response:
    if wait:
        return web.json_response(answer, status=429, headers={"Retry-After": str(wait)})
    return web.json_response(answer, headers={"X-OAuth-Scopes": SCOPES})


async def fail(request: web.Request, faults: Faults, fault: Fault, answer: Json | None = None) -> web.Response:
    """What is answered instead of the truth, after the delay that was asked for."""
    await faults.pause(fault)
    if fault.status == DROP:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    if fault.status == 429:
        return reply({"ok": False, "error": "ratelimited"}, fault.retry_after)
    if fault.error:
        return web.json_response({"ok": False, "error": fault.error}, status=fault.status or 200)
    if fault.status == 200 and answer is not None:
        return reply(answer)
    return web.Response(
        status=fault.status or 500, text="<html>Slack is having trouble</html>", content_type="text/html"
    )
