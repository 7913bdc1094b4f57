"""For the tests of the stand-in: one of its own per test, the people in it, and a real bolt app as its peer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.secrets import load_or_make
from bot.playground.server import Options, make_app

Json = dict[str, Any]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Workspace:
    """One running stand-in: what people do (`post`), what is seen (`state`), what the bot calls (`client`)."""

    def __init__(self, base: str, http: aiohttp.ClientSession, data: Path) -> None:
        self.base = base
        self.http = http
        self.secrets = load_or_make(data)
        self.client = AsyncWebClient(token=self.secrets.bot_token, base_url=f"{base}/api/", session=http)

    async def post(self, door: str, **body: Any) -> Json:
        async with self.http.post(f"{self.base}/_workspace/{door}", json=body) as answer:
            made: Json = await answer.json()
            return made

    async def state(self, since: int = -1, wait: float = 0) -> Json:
        query = {"since": str(since), "wait": str(wait)}
        async with self.http.get(f"{self.base}/_workspace/state", params=query) as answer:
            made: Json = await answer.json()
            return made

    async def until(self, condition: Callable[[Json], Any], seconds: float = 5.0) -> Any:
        """What `condition` finds in the state, as soon as it finds something."""
        async with asyncio.timeout(seconds):
            seen = await self.state()
            while not (found := condition(seen)):
                seen = await self.state(seen["seq"], 1)
            return found

    async def messages(self, channel: str) -> list[Json]:
        return messages_in(await self.state(), channel)

    async def call(self, method: str, /, **body: Any) -> Json:
        """A call of the Web API, answered whether it was ok or not."""
        headers = {"Authorization": f"Bearer {self.secrets.bot_token}"}
        async with self.http.post(f"{self.base}/api/{method}", json=body, headers=headers) as answer:
            made: Json = await answer.json()
            return made

    async def error(self, method: str, /, **body: Any) -> str:
        return str((await self.call(method, **body)).get("error", ""))

    async def posted(self, text: str = "hello", channel: str = "stagings", **more: Any) -> str:
        """The ts of a new message of the bot."""
        return str((await self.client.chat_postMessage(channel=channel, text=text, **more))["ts"])


def messages_in(state: Json, channel: str) -> list[Json]:
    found: list[Json] = next(c["messages"] for c in state["channels"] if channel in (c["id"], c["name"]))
    return found


@asynccontextmanager
async def workspace(data: Path, **options: Any) -> AsyncIterator[Workspace]:
    server = TestServer(make_app(Options(data=data, **options)))
    await server.start_server()
    try:
        async with aiohttp.ClientSession() as http:
            yield Workspace(f"http://127.0.0.1:{server.port}", http, data)
    finally:
        await server.close()


def bolt_app(there: Workspace) -> AsyncApp:
    return AsyncApp(client=there.client, signing_secret=there.secrets.signing_secret)


@asynccontextmanager
async def in_socket_mode(
    there: Workspace, app: AsyncApp, ping_interval: float = 10
) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = AsyncSocketModeHandler(app, there.secrets.app_token, ping_interval=ping_interval)
    # bolt leaves these two untyped
    connect: Callable[[], Awaitable[None]] = handler.connect_async
    close: Callable[[], Awaitable[None]] = handler.close_async
    await connect()
    try:
        yield handler
    finally:
        await close()


@asynccontextmanager
async def over_http(answer: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    """A server of the bot's; yields the URL that payloads are posted to."""
    app = web.Application()
    app.add_routes([web.post("/slack/events", answer)])
    server = TestServer(app)
    await server.start_server()
    try:
        yield f"http://127.0.0.1:{server.port}/slack/events"
    finally:
        await server.close()


async def answered_by(app: AsyncApp, request: web.Request) -> web.Response:
    return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))


async def refusal(call: Any) -> str:
    """The error that Slack's SDK raises for a call."""
    try:
        await call
    except SlackApiError as error:
        return str(error.response["error"])
    return ""


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(action_id.title()), "action_id": action_id, "value": "1", **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("A modal"), "submit": plain("Send"), "blocks": list(blocks), **more}


def text_input(action_id: str, block_id: str, **more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": action_id, **more}
    return {"type": "input", "block_id": block_id, "label": plain("Name"), "element": element}
