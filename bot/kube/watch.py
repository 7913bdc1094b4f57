"""List, then watch, for ever: whatever happens to the connection, the consumer sees the truth again soon.

| the server | what follows |
|---|---|
| ends the stream as agreed | watched again from the last version |
| ends it at once, or again and again | the same after growing, jittered pauses |
| says nothing for long | the same: the connection may be half open |
| fails, or sends what cannot be read | after a pause listed again |
| has forgotten the version (410) | listed again at once; when repeated, after a pause |
| refuses (403) | told to the caller |
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

import aiohttp

from bot.domain.errors import TemporaryError
from bot.kube.client import Kube
from bot.kube.errors import ApiRefused, ApiTrouble, refusal
from bot.kube.kinds import Kind, Object, Selection


@dataclass(frozen=True, slots=True)
class Pace:
    """In seconds. `first`, `longest`: pauses after failures. `silence`: the API server sends bookmarks every minute.

    `shortest`, `lasts`: how long one request may stay open. `steady`: one that lived so long was no failure.
    """

    first: float = 0.2
    longest: float = 30.0
    silence: float = 90.0
    shortest: int = 240
    lasts: int = 300
    steady: float = 5.0


@dataclass(frozen=True, slots=True)
class Listed:
    """All that there is now: what was known and is not in it is gone."""

    items: tuple[Object, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """`gone`: deleted, and this was its last state."""

    thing: Object
    gone: bool = False


@dataclass(slots=True)
class _Cursor:
    version: str = ""
    failures: int = 0


async def list_watch(
    kube: Kube,
    which: Selection,
    pace: Pace = Pace(),
    interrupted: Callable[[TemporaryError], None] = lambda error: None,
) -> AsyncGenerator[Listed | Changed]:
    """`interrupted` hears of every failure. Raises ApiRefused; ends only so or by cancellation."""
    at = _Cursor()
    while True:
        started = asyncio.get_running_loop().time()
        try:
            if not at.version:
                items, at.version = await kube.list(which.kind, which=which.query())
                yield Listed(tuple(items))
            async with aclosing(_watched(kube, which, pace, at)) as changes:
                async for change in changes:
                    at.failures = 0
                    yield change
        except ApiRefused as error:
            if error.status != 410:
                raise
            at.version, at.failures = "", at.failures + 1
            if at.failures == 1:
                continue
        except TemporaryError as error:
            interrupted(error)
            at.version, at.failures = "", at.failures + 1
        else:
            steady = asyncio.get_running_loop().time() - started >= pace.steady
            at.failures = 0 if steady else at.failures + 1
        await asyncio.sleep(_pause(at.failures, pace))


async def _watched(kube: Kube, which: Selection, pace: Pace, at: _Cursor) -> AsyncGenerator[Changed]:
    """One request. A silence ends it quietly: what was missed comes with the next one."""
    seconds = random.randint(pace.shortest, pace.lasts)
    try:
        async with kube.stream(which.kind, which.query(), at.version, seconds, pace.silence) as lines:
            async for line in lines:
                change = _read(line, which.kind, at)
                if change:
                    yield change
    except ApiTrouble as error:
        if not isinstance(error.__cause__, aiohttp.SocketTimeoutError):
            raise


def _read(line: bytes, kind: Kind, at: _Cursor) -> Changed | None:
    """Raises ValueError for what is no event, and what an ERROR event means."""
    event = json.loads(line)
    try:
        type, thing = event["type"], event["object"]
        if type == "ERROR":
            raise refusal(f"{kind.plural}: watch", int(thing.get("code", 500)), json.dumps(thing).encode())
        at.version = str(thing["metadata"]["resourceVersion"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("a watch sent what is no event") from error
    if type == "BOOKMARK":
        at.failures = 0
        return None
    return Changed(thing, gone=type == "DELETED")


def _pause(failures: int, pace: Pace) -> float:
    if not failures:
        return 0.0
    return float(min(pace.longest, pace.first * 2 ** min(failures - 1, 16)) * random.uniform(0.5, 1.0))
