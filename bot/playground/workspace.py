"""`/_workspace`: for scripts, tests and the page. Everything a person can do, and what can be seen."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.playground.acting import Acting
from bot.playground.api import base_url
from bot.playground.completion import Completion
from bot.playground.controls import Refused
from bot.playground.faults import DROP, Fault, Faults
from bot.playground.model import BOT_USER, PEOPLE, Channel, Json, Message, User
from bot.playground.people import People
from bot.playground.record import Record
from bot.playground.secrets import Secrets
from bot.playground.sockets import Sockets
from bot.playground.state import State

LONGEST_WAIT = 60.0
Door = Callable[["Asked"], Awaitable[Json]]


class Asked:
    """The body of a request, read with care: what is missing or of the wrong kind is said by name."""

    def __init__(self, body: Json, base: str) -> None:
        self.body = body
        self.base = base

    def text(self, name: str) -> str:
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise Refused(f"{name!r} is missing: a text")
        return value

    def maybe(self, name: str) -> str | None:
        return self.text(name) if self.body.get(name) else None

    def flag(self, name: str, default: bool) -> bool:
        value = self.body.get(name, default)
        if not isinstance(value, bool):
            raise Refused(f"{name!r} must be true or false")
        return value

    def values(self) -> Json:
        value = self.body.get("values", {})
        if not isinstance(value, dict):
            raise Refused("'values' must be an object: action_id to value")
        return value


class Workspace:
    def __init__(
        self,
        people: People,
        acting: Acting,
        sockets: Sockets,
        faults: Faults,
        record: Record,
        secrets: Secrets,
        completion: Completion,
    ) -> None:
        self._people = people
        self._acting = acting
        self._world = people.world
        self._sockets = sockets
        self._faults = faults
        self._record = record
        self._completion = completion
        self._state = State(people.world, secrets.bot_token)

    def routes(self) -> list[web.RouteDef]:
        doors = {
            "command": self.command,
            "message": self.message,
            "click": self.click,
            "suggest": self.suggest,
            "submit": self.submit,
            "close": self.close,
            "home": self.home,
            "dismiss": self.dismiss,
            "fault": self.fault,
            "channel": self.channel,
        }
        posts = [web.post(f"/_workspace/{name}", self._door(door)) for name, door in doors.items()]
        return [
            *posts,
            web.get("/_workspace/state", self.state),
            web.get("/_workspace/traffic", self.traffic),
            web.get("/_workspace/completion", self.completion),
        ]

    # -- what people do

    async def command(self, asked: Asked) -> Json:
        user, channel = self._place(asked)
        raw, thread = asked.flag("raw", False), asked.maybe("thread_ts")
        return await self._people.command(user, channel, asked.text("text"), thread, asked.base, raw)

    async def message(self, asked: Asked) -> Json:
        user, channel = self._place(asked)
        raw, thread = asked.flag("raw", False), asked.maybe("thread_ts")
        return await self._people.message(user, channel, asked.text("text"), thread, raw)

    async def click(self, asked: Asked) -> Json:
        user = self._people.user(asked.text("user"))
        return await self._acting.click(
            user,
            self._thing(user, asked),
            asked.text("action_id"),
            asked.maybe("block_id"),
            asked.body.get("value"),
            asked.values(),
            asked.base,
            confirmed=asked.flag("confirm", True),
        )

    async def suggest(self, asked: Asked) -> Json:
        user = self._people.user(asked.text("user"))
        typed = str(asked.body.get("value", ""))
        thing, block_id = self._thing(user, asked), asked.maybe("block_id")
        return await self._acting.suggest(user, thing, asked.text("action_id"), block_id, typed)

    async def submit(self, asked: Asked) -> Json:
        user = self._people.user(asked.text("user"))
        return await self._acting.submit(user, asked.text("view_id"), asked.values())

    async def close(self, asked: Asked) -> Json:
        user = self._people.user(asked.text("user"))
        return await self._acting.close(user, asked.text("view_id"), cleared=asked.flag("clear", False))

    async def home(self, asked: Asked) -> Json:
        return await self._people.home(self._people.user(asked.text("user")))

    async def dismiss(self, asked: Asked) -> Json:
        self._people.dismiss(*self._place(asked), asked.text("ts"))
        return {"ok": True, "ack_ms": 0.0}

    # -- what tests do to the world

    async def fault(self, asked: Asked) -> Json:
        """`socket` is cut at once; every further time, a new connection is refused."""
        try:
            fault = self._faults.set(asked.body)
        except (ValueError, TypeError) as error:
            raise Refused(str(error)) from error
        if fault.method == "socket" and fault.times:
            return {"ok": True, "ack_ms": 0.0, "connections": await self._cut(fault, asked.body)}
        return {"ok": True, "ack_ms": 0.0}

    async def channel(self, asked: Asked) -> Json:
        """Invite or remove the bot, archive, or make a channel (`create`)."""
        name = asked.text("channel").removeprefix("#")
        channel = self._world.channel(name)
        if channel is None and asked.flag("create", False):
            number = len(self._world.channels) + 1
            members, now = [*PEOPLE, BOT_USER], int(self._world.now())
            channel = Channel(f"C{number:02}{name.upper().replace('-', '')}", name.lower(), members, now)
        if channel is None:
            raise Refused(f"there is no channel {name!r}")
        others = [member for member in channel.members if member != BOT_USER]
        inside = asked.flag("bot_member", BOT_USER in channel.members)
        channel.members = [*others, BOT_USER] if inside else others
        channel.archived = asked.flag("archived", channel.archived)
        self._world.save(channel)
        self._world.commit()
        return {"ok": True, "ack_ms": 0.0, "channel": channel.id}

    # -- what can be seen

    async def state(self, request: web.Request) -> web.Response:
        since, wait = _number(request, "since", -1), _number(request, "wait", 0)
        if self._world.seq == since:
            await self._world.wait(int(since), min(wait, LONGEST_WAIT))
        return web.Response(text=self._state.text(), content_type="application/json")

    async def traffic(self, request: web.Request) -> web.Response:
        """What the bot sent and was sent. `last` below `since`: the record began anew."""
        since, wait = int(_number(request, "since", 0)), _number(request, "wait", 0)
        if self._record.last == since:
            await self._record.wait(since, min(wait, LONGEST_WAIT))
        return web.json_response({"ok": True, "last": self._record.last, "entries": self._record.since(since)})

    async def completion(self, request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(self._completion.json))

    # -- helpers

    def _place(self, asked: Asked) -> tuple[User, Channel]:
        user = self._people.user(asked.text("user"))
        return user, self._people.channel(asked.text("channel"), user)

    def _thing(self, user: User, asked: Asked) -> Message | Json:
        if view_id := asked.maybe("view_id"):
            return self._acting.view(user, view_id)
        return self._acting.message(user, asked.text("channel"), asked.text("ts"))

    async def _cut(self, fault: Fault, body: Json) -> int:
        self._faults.take("socket", wildcard=False)
        reason = body.get("error")
        if fault.status == DROP or not isinstance(reason, str):
            return self._sockets.drop()
        return await self._sockets.refresh(reason, fault.delay_ms / 1000)

    def _door(self, door: Door) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                body = json.loads(await request.text() or "{}")
                if not isinstance(body, dict):
                    raise Refused("the body must be a JSON object")
                return web.json_response(await door(Asked(body, base_url(request))))
            except ValueError:
                return _refused("the body is not JSON")
            except Refused as refused:
                return _refused(str(refused))

        return handle


def _refused(text: str) -> web.Response:
    return web.json_response({"ok": False, "ack_ms": 0.0, "error": text, "errors": [text]}, status=400)


def _number(request: web.Request, name: str, default: float) -> float:
    try:
        return float(request.query.get(name, default))
    except ValueError:
        raise web.HTTPBadRequest(text=f"{name} must be a number") from None
