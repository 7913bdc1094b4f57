"""The URL probe against real servers: what counts as an answer, and what is said about what does not."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from raw_server import raw_server

from bot.domain.errors import OctopodError, PermanentError, TemporaryError
from bot.domain.project import ProbeFrom, UrlProbe
from bot.ports import Heard, ProbeResult
from bot.probe.url import UrlProber
from handlers.tombstone import HEADER

URL = "http://orange-button.localhost:8080"


class Site:
    """Answers `status`, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status, self.headers = 200, dict[str, str]()
        self.asked: list[web.Request] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        return web.Response(status=self.status, headers=self.headers)


@asynccontextmanager
async def probing(site: Site) -> AsyncIterator[UrlProber]:
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield UrlProber(session, address=f"127.0.0.1:{server.port}")


async def answered(status: int, headers: Mapping[str, str] | None = None, how: UrlProbe | None = None) -> ProbeResult:
    site = Site()
    site.status, site.headers = status, dict(headers or {})
    async with probing(site) as prober:
        return await prober.probe(URL, how or UrlProbe(), "shop--x")


@pytest.mark.parametrize("status", [200, 204, 301, 302, 304, 401, 403])
async def test_an_answer(status: int) -> None:
    result = await answered(status, {"Location": "http://elsewhere.invalid/"})
    assert result.ok and result.text.startswith(str(status))


@pytest.mark.parametrize("status", [400, 410, 418, 500, 502, 503, 599])
async def test_no_answer_yet(status: int) -> None:
    result = await answered(status)
    assert not result.ok and not result.final and result.text.startswith(str(status))


async def test_not_found_is_final_and_says_what_to_set() -> None:
    result = await answered(404, how=UrlProbe(path="/health"))
    assert not result.ok and result.final
    assert "404 Not Found for /health" in result.text and "url_probe.path" in result.text


async def test_a_project_can_accept_more() -> None:
    assert (await answered(404, how=UrlProbe(accept=(404,)))).ok
    assert not (await answered(500, how=UrlProbe(accept=(404,)))).ok


@pytest.mark.parametrize("status", [200, 404, 410, 503])
async def test_our_own_tombstone_is_no_answer_and_never_final(status: int) -> None:
    result = await answered(status, {HEADER: "rolling out"})
    assert not result.ok and not result.final and "Octopod itself" in result.text


async def test_the_address_is_dialled_with_the_urls_own_host() -> None:
    site = Site()
    async with probing(site) as prober:
        assert (await prober.probe(URL, UrlProbe(path="/login?next=/"), "shop--x")).ok
    [asked] = site.asked
    assert asked.host == "orange-button.localhost:8080" and asked.path == "/login"
    assert asked.query["next"] == "/"


async def test_a_projects_address_is_dialled_when_there_is_no_proxy() -> None:
    site = Site()
    app = web.Application()
    app.router.add_get("/", site.answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        how = UrlProbe(address=f"127.0.0.1:{server.port}")
        assert (await UrlProber(session).probe(URL, how, "shop--x")).ok
    assert site.asked[0].host == "orange-button.localhost:8080"


async def test_silence_ends_at_the_time_limit() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(silent) as address, aiohttp.ClientSession() as session:
        result = await UrlProber(session, address).probe(URL, UrlProbe(seconds=0.1), "shop--x")
    assert result == ProbeResult(False, "nothing came back within 0.1 s")


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with aiohttp.ClientSession() as session:
        result = await UrlProber(session, f"127.0.0.1:{port}").probe(URL, UrlProbe(), "shop--x")
    assert not result.ok and not result.final and "nothing listens there" in result.text


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 banana\r\n\r\n"])
async def test_what_speaks_no_http_is_told_and_raises_nothing(said: bytes) -> None:
    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)

    async with raw_server(odd) as address, aiohttp.ClientSession() as session:
        result = await UrlProber(session, address).probe(URL, UrlProbe(seconds=2), "shop--x")
    assert not result.ok and not result.final and result.text


INSIDE = UrlProbe(path="/healthz", origin=ProbeFrom.CLUSTER, accept=(418,), seconds=2)


@pytest.mark.parametrize(
    ("status", "ok"), [(200, True), (302, True), (401, True), (418, True), (404, False), (500, False)]
)
async def test_from_inside_the_cluster(status: int, ok: bool) -> None:
    asked: list[tuple[object, ...]] = []

    async def inside(*what: Any, **more: Any) -> Heard:
        asked.append(what)
        return Heard(status)

    async with aiohttp.ClientSession() as session:
        result = await UrlProber(session, inside=inside).probe(URL, INSIDE, "shop--x")
    assert result.ok is ok and result.text.startswith(str(status))
    assert asked == [("shop--x", URL, "/healthz", 2)]


@pytest.mark.parametrize("kind", [TemporaryError, PermanentError])
async def test_no_answer_from_inside_the_cluster(kind: type[OctopodError]) -> None:
    async def inside(*what: Any, **more: Any) -> Heard:
        raise kind("nothing answers for the Service `web`, port 80")

    async with aiohttp.ClientSession() as session:
        result = await UrlProber(session, inside=inside).probe(URL, INSIDE, "shop--x")
    assert result == ProbeResult(False, "nothing answers for the Service `web`, port 80")
