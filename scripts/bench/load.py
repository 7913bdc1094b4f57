"""Signed commands at a steady rate, whether or not answers come (open loop), and the time of each ack."""

import asyncio
import hashlib
import hmac
import itertools
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from scripts.bench.playground import LOOPBACK

COUNTER = itertools.count(1)
PATIENCE = 60.0


@dataclass(slots=True)
class Answers:
    """Where response URLs lead: private answers are counted."""

    count: int = 0
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        await request.read()
        self.count += 1
        self._more.set()
        return web.Response()

    async def reached(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.count < count:
                self._more.clear()
                await self._more.wait()


@dataclass(frozen=True, slots=True)
class Typist:
    """Types `/octopod …` in a workspace: signs like Slack, as one user in one channel."""

    secret: bytes
    team: str
    user: str
    channel: str
    response_url: str

    def request(self, text: str) -> tuple[bytes, dict[str, str]]:
        fields = {
            "command": "/octopod",
            "text": text,
            "team_id": self.team,
            "user_id": self.user,
            "channel_id": self.channel,
            "channel_name": "stagings",
            "trigger_id": f"bench.{time.time_ns()}.{next(COUNTER)}",
            "response_url": self.response_url,
        }
        body, stamp = urlencode(fields).encode(), str(int(time.time()))
        digest = hmac.new(self.secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        kind = "application/x-www-form-urlencoded"
        return body, {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }


async def acks(
    session: aiohttp.ClientSession, port: int, typist: Typist, text: str, rate: int, count: int
) -> list[float]:
    """Milliseconds from when each was due to be sent until its ack was read; so a stall counts for all behind it."""
    loop = asyncio.get_running_loop()
    url = f"http://{LOOPBACK}:{port}/slack/events"
    start = loop.time() + 0.1

    async def one(due: float) -> float:
        await asyncio.sleep(due - loop.time())
        body, headers = typist.request(text)
        async with session.post(url, data=body, headers=headers) as answer:
            await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"not acked: {answer.status}")
        return (loop.time() - due) * 1000

    return await asyncio.gather(*(one(start + index / rate) for index in range(count)))
