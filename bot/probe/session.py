"""What health checks are asked by, and how far a request has come."""

import ssl
from enum import Enum
from functools import partial
from types import SimpleNamespace
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractResolver

from bot.forward import never_twice


class Stage(Enum):
    RESOLVING = 1
    CONNECTING = 2
    ASKED = 3


class Coming(Protocol):
    stage: Stage


def asking_session(resolver: AbstractResolver, trust: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    """Requests share no cookies. No connection is used twice, as one that the other side closes meanwhile would look
    like a failure, and none waits for another one's end, as its time limit would go on. Hosts are looked up each time.

    `trust`: else whom this machine trusts. Requests carry a `Coming` as their `trace_request_ctx`.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            force_close=True, limit=0, use_dns_cache=False, resolver=resolver, ssl=trust or True
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(never_twice,),
        trace_configs=[_traced()],
    )


def _traced() -> aiohttp.TraceConfig:
    found = aiohttp.TraceConfig()
    found.on_dns_resolvehost_start.append(partial(_come, Stage.RESOLVING))
    found.on_dns_resolvehost_end.append(partial(_come, Stage.CONNECTING))
    found.on_connection_create_end.append(partial(_come, Stage.ASKED))
    return found


async def _come(stage: Stage, session: aiohttp.ClientSession, context: SimpleNamespace, params: object) -> None:
    context.trace_request_ctx.stage = stage
