"""Every row of the watch's table: whatever the server does, the consumer sees the truth again, at a bounded rate."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web
from api_kit import Answer, Api, a_pod, an_api, event, refusing, saying, status, streaming

from bot.kube.client import Kube
from bot.kube.errors import ApiRefused
from bot.kube.kinds import POD, Selection
from bot.kube.watch import Listed, Pace, list_watch

PACE = Pace(first=0.01, longest=0.05, silence=0.2, steady=0.0)
STEADY_NEVER = Pace(first=0.02, longest=10.0, silence=0.2, steady=100.0)


async def hang(request: web.Request) -> None:
    await asyncio.Event().wait()


async def cut(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


QUIET = streaming(then=hang)


async def follow(kube: Kube, until: Callable[[set[str]], bool], pace: Pace = PACE) -> set[str]:
    """The names that are held when the condition first holds."""
    held: set[str] = set()
    async with asyncio.timeout(20), aclosing(list_watch(kube, Selection(POD, "a=b", "c=d"), pace)) as changes:
        async for change in changes:
            if isinstance(change, Listed):
                held = {pod["metadata"]["name"] for pod in change.items}
            elif change.gone:
                held.discard(change.thing["metadata"]["name"])
            else:
                held.add(change.thing["metadata"]["name"])
            if until(held):
                return held
    return held


FAULTS: list[tuple[str, Answer]] = [
    ("empty", streaming()),
    ("500, empty", saying(500, b"")),
    ("503, text", saying(503, b"overloaded")),
    ("502, a page that is no text", saying(502, b"\xff\xfe<html>", "text/html")),
    ("429", saying(429, b"{}", "application/json", **{"Retry-After": "1"})),
    ("410", refusing(410, "Expired", "too old resource version")),
    ("410 as an event", streaming(event("ERROR", status(410, "Expired", "too old")))),
    ("500 as an event", streaming(event("ERROR", status(500, "InternalError", "etcd")))),
    ("cut", streaming(b'{"type": "ADD', then=cut)),
    ("half a line", streaming(b'{"type": "ADDED"')),
    ("no event", streaming(b"[]\n")),
    ("silence", QUIET),
    ("a line without end", streaming(b"x" * (5 * 1024 * 1024))),
]


@pytest.mark.parametrize("fault", [pytest.param(answer, id=name) for name, answer in FAULTS])
async def test_the_truth_comes_through(tmp_path: Path, fault: Answer) -> None:
    async with an_api(tmp_path, QUIET) as (api, kube):
        api.pods = [a_pod("old"), a_pod("stays")]

        async def back_again(request: web.Request) -> web.StreamResponse:
            return await streaming(event("DELETED", a_pod("old", 5)), event("ADDED", a_pod("new", 6)), then=hang)(
                request
            )

        api.watches = [fault, fault, fault, back_again]
        assert await follow(kube, lambda held: "new" in held) == {"stays", "new"}


async def test_what_was_deleted_in_a_gap_is_not_in_the_next_listing(tmp_path: Path) -> None:
    async with an_api(tmp_path, QUIET) as (api, kube):
        api.pods = [a_pod("old")]

        async def meanwhile(request: web.Request) -> web.StreamResponse:
            api.pods, api.version = [a_pod("new", 8)], 9
            return await refusing(410, "Expired")(request)

        api.watches = [meanwhile]
        assert await follow(kube, lambda held: "new" in held) == {"new"}
        assert api.lists == 2


async def test_an_agreed_end_goes_on_from_the_last_version_without_a_listing(tmp_path: Path) -> None:
    async with an_api(tmp_path, QUIET) as (api, kube):
        bookmark = event("BOOKMARK", {"metadata": {"resourceVersion": "7"}})
        api.watches = [
            streaming(event("ADDED", a_pod("a", 3))),
            streaming(bookmark),
            streaming(event("ADDED", a_pod("b", 8))),
        ]
        assert await follow(kube, lambda held: "b" in held) == {"a", "b"}
        assert (api.lists, api.watched_from) == (1, ["1", "3", "7"])


@pytest.mark.parametrize(
    "fault", [streaming(), saying(500, b""), refusing(410, "Expired")], ids=["empty", "500", "410"]
)
async def test_pauses_grow(tmp_path: Path, fault: Answer) -> None:
    """Seven watches in a row fail: six pauses lie between them, each at least half of its doubling."""
    async with an_api(tmp_path, QUIET) as (api, kube):
        start = asyncio.get_running_loop().time()
        api.watches = [fault] * 7 + [streaming(event("ADDED", a_pod("a", 2)), then=hang)]
        await follow(kube, lambda held: "a" in held, STEADY_NEVER)
        passed = asyncio.get_running_loop().time() - start
        assert passed >= sum(0.02 * 2**n * 0.5 for n in range(6)) - 0.001
        assert len(api.watched_from) == 8


async def test_a_refusal_is_told(tmp_path: Path) -> None:
    async with an_api(tmp_path, refusing(403, "Forbidden", "pods is forbidden")) as (_, kube):
        with pytest.raises(ApiRefused, match="pods is forbidden"):
            await follow(kube, lambda held: False)


async def test_it_asks_for_bookmarks_an_end_and_only_what_is_ours(tmp_path: Path) -> None:
    async with an_api(tmp_path, streaming(event("ADDED", a_pod("a", 2)), then=hang)) as (api, kube):
        await follow(kube, lambda held: "a" in held)
        asked: Api = api
        query = next(one.query for one in asked.asked if "watch" in one.query)
        assert query["allowWatchBookmarks"] == "true" and query["labelSelector"] == "a=b"
        assert query["fieldSelector"] == "c=d"
        assert 240 <= int(query["timeoutSeconds"]) <= 300
