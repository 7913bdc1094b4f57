"""What happens in the workspace goes to the bot by one of two ways; this is what both have in common.

A way tries once and says how the bot acknowledged. Events that were not acknowledged are repeated, as Slack does:
https://docs.slack.dev/apis/events-api/#retries
"""

import asyncio
from dataclasses import dataclass, replace
from enum import StrEnum
from time import perf_counter
from typing import Any, Protocol

from bot.playground.model import Json
from bot.playground.record import Entry, Record


class Kind(StrEnum):
    """The envelope types of Socket Mode."""

    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"


@dataclass(frozen=True, slots=True)
class Ack:
    """How the bot acknowledged. `error`: Slack's name for the failure, empty if it did. `body`: what the ack carried.

    `reason`: for a repetition, why there is one. `final`: the bot asked not to be sent this again.
    `envelope`: what the payload was sent in. `entry`: its number in the record.
    """

    error: str = ""
    body: Any = None
    ms: float = 0.0
    reason: str = ""
    final: bool = False
    envelope: Json | None = None
    entry: int = 0


@dataclass(frozen=True, slots=True)
class Retry:
    """Which repetition this is (0: none), and why there is one."""

    number: int = 0
    reason: str = ""


class Way(Protocol):
    async def send(self, kind: Kind, payload: Json, retry: Retry) -> Ack:
        """One try. Never raises for what the bot does."""
        ...

    async def close(self) -> None: ...


class Courier:
    """Sends, records, and repeats events in the background until acknowledged or given up."""

    def __init__(self, way: Way, record: Record, retry_delays: tuple[float, ...]) -> None:
        self.way = way
        self.record = record
        self._delays = retry_delays
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, kind: Kind, payload: Json) -> Ack:
        """Returns after the first try."""
        ack = await self._try(kind, payload, Retry())
        if kind is Kind.EVENT and ack.error and not ack.final:
            task = asyncio.create_task(self._repeat(payload, ack))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return ack

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.way.close()

    async def _repeat(self, payload: Json, ack: Ack) -> None:
        for number, delay in enumerate(self._delays, start=1):
            await asyncio.sleep(delay)
            ack = await self._try(Kind.EVENT, payload, Retry(number, ack.reason))
            if not ack.error or ack.final:
                return

    async def _try(self, kind: Kind, payload: Json, retry: Retry) -> Ack:
        start = perf_counter()
        ack = await self.way.send(kind, payload, retry)
        ms = (perf_counter() - start) * 1000
        answer = {"ok": False, "error": ack.error} if ack.error else {"ok": True, "body": ack.body}
        if retry.number:
            answer["retry"] = retry.number
        name = payload.get("event", {}).get("type") or payload.get("type") or payload.get("command", "")
        n = self.record.add(Entry("to_bot", kind.value, name, payload, answer, ms, ack.error, envelope=ack.envelope))
        return replace(ack, ms=ms, entry=n)
