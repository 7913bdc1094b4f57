"""What both stand-ins for git hosts' APIs have: they refuse whatever the documentation does not name, want credentials
and our headers, give lists by pages and ETags, count against a limit, and can be made to fail.
"""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from aiohttp import web
from aiohttp.test_utils import TestServer

Json = dict[str, Any]
COMMIT = re.compile("[0-9a-f]{40}")


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True, slots=True)
class Call:
    """`place`: what stands for {…} in the path."""

    place: Mapping[str, str]
    query: Mapping[str, str]
    body: Json


@dataclass(frozen=True, slots=True)
class Route:
    """`query`, `body`: what the documentation names; `needed`: which of these must be there."""

    method: str
    path: str
    does: Callable[[Call], Any]
    query: frozenset[str] = frozenset()
    body: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()
    status: int = 200
    key: str = ""
    by_app: bool = False


class Standin:
    """`asked`: what it was asked, in order, with the status of its answer. `wrong`: what no client should do.

    `lose`: so many changes are made whose answer never arrives; `lose_first`: the first of each kind, which are `lost`
    then. `answers`: instead of an answer, once each.
    """

    headers: ClassVar[Mapping[str, str]] = {}
    scheme = "Bearer"

    def __init__(self) -> None:
        self.tokens = {"a-token"}
        self.asked: list[tuple[str, str, int]] = []
        self.wrong: list[str] = []
        self.lose, self.lose_first = 0, False
        self.lost: set[tuple[str, str]] = set()
        self.answers: list[web.Response] = []
        self.limit, self.left = 5000, 5000
        self.page = 100
        self.forbidden: set[str] = set()
        self.overloaded: set[str] = set()
        self.url = ""
        self._next = 0

    def routes(self) -> list[Route]:
        raise NotImplementedError

    def new_id(self) -> int:
        self._next += 1
        return self._next

    def changes(self) -> list[str]:
        """What was changed, without where."""
        return [f"{method} {path.rpartition('/')[2]}" for method, path, status in self.asked if method != "GET"]

    # --- the machinery -----------------------------------------------------------------------------------------------

    async def _answer(self, route: Route, request: web.Request) -> web.StreamResponse:
        try:
            answer = await self._answered(route, request)
        except Refused as error:
            answer = web.json_response({"message": error.message}, status=error.status)
        self.asked.append((request.method, request.path.removeprefix(self.base), answer.status))
        self.left -= answer.status != 304
        answer.headers["X-RateLimit-Limit"] = str(self.limit)
        answer.headers.setdefault("X-RateLimit-Remaining", str(max(self.left, 0)))
        if request.method != "GET" and answer.status < 300 and self._loses(route):
            assert request.transport
            request.transport.abort()
        return answer

    def _loses(self, route: Route) -> bool:
        if self.lose_first and (route.method, route.path) not in self.lost:
            self.lost.add((route.method, route.path))
            return True
        self.lose -= 1
        return self.lose >= 0

    async def _answered(self, route: Route, request: web.Request) -> web.Response:
        for name, value in self.headers.items():
            if request.headers.get(name) != value:
                self._complain(f"{name} is {request.headers.get(name)!r}")
        self._require_credentials(route, request.headers.get("Authorization", ""))
        if self.answers:
            return self.answers.pop(0)
        if any(part in request.path for part in self.forbidden):
            raise Refused(403, "Resource not accessible by integration")
        if any(part in request.path for part in self.overloaded):
            raise Refused(503, "Service Unavailable")
        call = Call(dict(request.match_info), dict(request.query), await self._body(route, request))
        self._require_known(route, call)
        found = route.does(call)
        return (
            self._page(route, request, found)
            if request.method == "GET"
            else web.json_response(found, status=route.status)
        )

    def _require_credentials(self, route: Route, header: str) -> None:
        scheme, _, token = header.partition(" ")
        if scheme != self.scheme or not (self.is_app(token) if route.by_app else token in self.tokens):
            raise Refused(401, "Bad credentials")

    def is_app(self, token: str) -> bool:
        return False

    async def _body(self, route: Route, request: web.Request) -> Json:
        raw = await request.read()
        if not raw:
            return {}
        if request.method == "GET" or request.content_type != "application/json":
            self._complain(f"a body of {request.content_type}")
        body = json.loads(raw)
        return body if isinstance(body, dict) else {}

    def _require_known(self, route: Route, call: Call) -> None:
        paging = {"per_page", "page"} if route.method == "GET" else set()
        unknown = [*(call.query.keys() - route.query - paging), *(call.body.keys() - route.body)]
        missing = route.needed - call.query.keys() - call.body.keys()
        if unknown or missing:
            self._complain(f"{route.path}: unknown {unknown}, missing {sorted(missing)}")
        if int(call.query.get("per_page", "1")) > 100:
            self._complain("more than 100 per page")

    def _complain(self, what: str) -> None:
        self.wrong.append(what)
        raise Refused(422, what)

    def _page(self, route: Route, request: web.Request, found: Any) -> web.Response:
        headers = {}
        if isinstance(found, list):
            size, page = min(int(request.query.get("per_page", "30")), self.page), int(request.query.get("page", "1"))
            if len(found) > page * size:
                following = request.url.update_query(page=page + 1)
                headers["Link"] = f'<{following}>; rel="next", <{following}>; rel="last"'
            found = found[(page - 1) * size : page * size]
            found = {"total_count": len(found), route.key: found} if route.key else found
        body = json.dumps(found)
        headers["ETag"] = f'W/"{hashlib.sha256(body.encode()).hexdigest()}"'
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="application/json", headers=headers)

    base = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """The address of the API. At the end, whether anybody did what nobody should."""
        app = web.Application()
        for route in self.routes():

            async def answer(request: web.Request, route: Route = route) -> web.StreamResponse:
                return await self._answer(route, request)

            app.router.add_route(route.method, self.base + route.path, answer)
        app.router.add_route("*", "/{path:.*}", self._unknown)
        async with TestServer(app) as server:
            self.url = f"http://127.0.0.1:{server.port}{self.base}"
            yield self.url
        assert not self.wrong, self.wrong

    async def _unknown(self, request: web.Request) -> web.Response:
        self.wrong.append(f"{request.method} {request.path}")
        return web.json_response({"message": "Not Found"}, status=404)


def required(names: str) -> frozenset[str]:
    return frozenset(names.split())


def a_commit(text: str) -> str:
    if not COMMIT.fullmatch(text):
        raise Refused(422, f"No commit found for SHA: {text}")
    return text
