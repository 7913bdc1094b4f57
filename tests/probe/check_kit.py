"""Servers that health checks are asked of, and the asking."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.checks import CheckResult, HealthCheck
from bot.ports import CheckFacts
from bot.probe.checks import HealthChecker

KEY = "k3y of/the-shop"
FACTS = CheckFacts(
    {"web": "http://orange-button.localhost:8080", "api": "http://orange-button-api.localhost:8080"},
    "orange-button",
    "shop--orange-button",
    {"API_KEY": KEY, "LINES": "one\ntwo", "ENDED": "k3y\n"},
)
LOGIN = HealthCheck("login", "/login", seconds=2)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """Answers, and remembers what it was asked."""

    def __init__(self, status: int = 200, body: str | bytes = "", headers: Mapping[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, headers or {}
        self.asked: list[web.Request] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        body = self.body.encode() if isinstance(self.body, str) else self.body
        return web.Response(status=self.status, body=body, headers=self.headers)


@asynccontextmanager
async def checker(answer: Site | Answer) -> AsyncIterator[HealthChecker]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer.answer if isinstance(answer, Site) else answer)
    async with TestServer(app) as server, HealthChecker(f"127.0.0.1:{server.port}", now=lambda: NOON) as asking:
        yield asking


async def asked(check: HealthCheck, answer: Site | Answer, facts: CheckFacts = FACTS) -> CheckResult:
    async with checker(answer) as asking:
        return await asking.check(check, facts)


async def told(check: HealthCheck, answer: Site | Answer) -> str:
    """Of a check that fails, as somebody has answered."""
    result = await asked(check, answer)
    assert not result.ok and result.answered and not result.unknown
    return result.text


async def unreachable(check: HealthCheck, address: str | None = None, facts: CheckFacts = FACTS) -> str:
    async with HealthChecker(address) as asking:
        result = await asking.check(check, facts)
    assert not result.ok and not result.answered and not result.unknown
    return result.text


@asynccontextmanager
async def nobody() -> AsyncIterator[str]:
    """An address where nothing listens. It is taken, so that nobody else comes to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"
