"""The one port: who may come in, and what is passed on to the stagings."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from standin_kit import Workspace, workspace


async def staging(request: web.Request) -> web.StreamResponse:
    if request.path == "/ws":
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"{request.host} heard {message.data}")
        return socket
    body = (await request.read()).decode()
    return web.Response(text=f"{request.method} {request.host} {request.path_qs} {body}", headers={"X-From": "staging"})


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[Workspace]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", staging)
    async with TestServer(app) as bot, workspace(tmp_path, bot_port=bot.port) as there:
        yield there


async def test_a_staging_is_reached_by_its_name(slack: Workspace) -> None:
    headers = {"Host": "orange.localhost:4000"}
    async with slack.http.post(f"{slack.base}/api/x?q=1", data="body", headers=headers) as answer:
        assert await answer.text() == "POST orange.localhost:4000 /api/x?q=1 body"
        assert answer.headers["X-From"] == "staging"


async def test_websockets_too(slack: Workspace) -> None:
    headers = {"Host": "orange.localhost"}
    async with slack.http.ws_connect(f"{slack.base}/ws", headers=headers) as socket:
        await socket.send_str("ping")
        message = await socket.receive()
        assert (message.type, message.data) == (WSMsgType.TEXT, "orange.localhost heard ping")


async def test_without_the_bot_a_polite_page(tmp_path: Path) -> None:
    async with TestServer(web.Application()) as gone:
        port = gone.port
    headers = {"Host": "orange.localhost"}
    async with workspace(tmp_path, bot_port=port) as slack, slack.http.get(slack.base, headers=headers) as answer:
        assert answer.status == 502 and "The bot is not running" in await answer.text()


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost"])
async def test_other_names_meet_nobody(slack: Workspace, host: str) -> None:
    async with slack.http.get(f"{slack.base}/_workspace/state", headers={"Host": host}) as answer:
        assert answer.status == 421 and slack.secrets.bot_token not in await answer.text()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "LOCALHOST"])
async def test_its_own_page_may_do_everything(slack: Workspace, name: str) -> None:
    port = slack.base.rpartition(":")[2]
    headers = {"Host": f"{name}:{port}", "Origin": f"http://{name.lower()}:{port}", "Sec-Fetch-Site": "same-origin"}
    async with slack.http.get(f"{slack.base}/_workspace/state", headers=headers) as answer:
        assert answer.status == 200


FOREIGN = (
    {"Origin": "http://orange.localhost:{port}", "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost:1"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("path", ["/_workspace/state", "/_workspace/traffic", "/_socket", "/api/auth.test"])
async def test_pages_of_others_may_do_nothing(slack: Workspace, path: str, headers: dict[str, str]) -> None:
    port = slack.base.rpartition(":")[2]
    sent = {name: value.format(port=port) for name, value in headers.items()}
    async with slack.http.get(slack.base + path, headers=sent) as answer:
        assert answer.status == 403
    async with slack.http.post(f"{slack.base}/_workspace/message", data="{}", headers=sent) as answer:
        assert answer.status == 403


async def test_a_link_to_the_page_may_be_followed(slack: Workspace) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with slack.http.get(f"{slack.base}/", headers=headers) as answer:
        assert answer.status == 200 and "text/html" in answer.headers["Content-Type"]
        assert answer.headers["X-Frame-Options"] == "DENY"
