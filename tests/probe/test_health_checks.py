"""Health checks against real servers: what passes, and what is said about what does not."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from aiohttp import web
from aiohttp.test_utils import TestServer
from raw_server import raw_server

from bot.domain.checks import CheckResult, HealthCheck
from bot.ports import PROBE_AGENT, CheckFacts
from bot.probe.checks import HealthChecker, checking

FACTS = CheckFacts(
    {"web": "http://orange-button.localhost:8080", "api": "http://orange-button-api.localhost:8080"},
    "orange-button",
    "shop--orange-button",
    {"API_KEY": "k3y-of-the-shop"},
)
LOGIN = HealthCheck("login", "/login", seconds=2)


class Site:
    """Answers, and remembers what it was asked."""

    def __init__(self, status: int = 200, body: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, headers or {}
        self.asked: list[web.Request] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        return web.Response(status=self.status, text=self.body, headers=self.headers)


@asynccontextmanager
async def checker(site: Site) -> AsyncIterator[HealthChecker]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.answer)
    async with TestServer(app) as server, checking() as session:
        yield HealthChecker(session, f"127.0.0.1:{server.port}")


async def asked(check: HealthCheck, site: Site, facts: CheckFacts = FACTS) -> CheckResult:
    async with checker(site) as asking:
        return await asking.check(check, facts)


async def test_it_passes() -> None:
    site = Site(body="Sign in here")
    result = await asked(replace(LOGIN, contains="Sign in"), site)
    assert (result.ok, result.answered, result.unknown, result.text) == (True, True, False, "`/login` answers 200")
    [request] = site.asked
    assert request.host == "orange-button.localhost:8080" and request.headers["User-Agent"] == PROBE_AGENT


async def test_it_fails() -> None:
    result = await asked(LOGIN, Site(500))
    assert (result.ok, result.answered, result.text) == (False, True, "`/login` answers 500")


async def test_a_secret_goes_in_a_header_and_is_never_told() -> None:
    site = Site(302, headers={"Location": "/setup?key=k3y-of-the-shop"})
    check = replace(LOGIN, host="api", headers={"Authorization": "Bearer ${secret.API_KEY}"})
    result = await asked(check, site)
    assert site.asked[0].headers["Authorization"] == "Bearer k3y-of-the-shop"
    assert site.asked[0].host == "orange-button-api.localhost:8080"
    assert result.text == "`/login` of api answers 302 (to •••)"


async def test_tcp() -> None:
    async def greeting(reader: object, writer: object) -> None:
        pass

    async with raw_server(greeting) as address, checking() as session:
        result = await HealthChecker(session).check(HealthCheck("db", tcp=address), FACTS)
    assert (result.ok, result.text) == (True, f"`{address}` accepts connections")
