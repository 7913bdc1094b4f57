"""The last things that the bot sent and received, for whoever wants to look. Never with a token in it.

In memory only, and bounded: the last MOST entries, each body and answer up to LARGEST characters.
"""

import asyncio
import contextlib
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from bot.playground.faults import DROP, Fault
from bot.playground.model import Json, Message
from bot.playground.secrets import Secrets

MOST = 500
LARGEST = 20_000
BURST_SECONDS = 0.05
TICKET = re.compile(r"ticket=[^&\"]*")
# Others than our own may be sent by mistake.
TOKENS = re.compile(r"\bx(?:ox[a-z]|app)-[\w-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """`direction`: from_bot (a call) or to_bot (a delivery). `error`: Slack's name for what went wrong, if it did.

    `fault`: what was answered instead of the truth, in words. `envelope`: what a delivery came in.
    """

    direction: str
    kind: str
    method: str
    body: Any
    answer: Any
    ms: float
    error: str = ""
    fault: str = ""
    envelope: Json | None = None


class Record:
    def __init__(self, secrets: Secrets, clock: Callable[[], float]) -> None:
        self._secrets = tuple(asdict(secrets).values())
        self._clock = clock
        self._entries: deque[Json] = deque(maxlen=MOST)
        self._changed = asyncio.Event()
        self._closed = False
        self.last = 0

    def add(self, entry: Entry) -> int:
        """Returns its number."""
        self.last += 1
        self._entries.append(
            {
                "n": self.last,
                "at": self._clock(),
                "direction": entry.direction,
                "kind": entry.kind,
                "method": entry.method,
                "body": self._clean(entry.body),
                "answer": self._clean(entry.answer),
                "ms": round(entry.ms, 1),
                "error": entry.error,
                "fault": entry.fault,
                "envelope": self._clean(entry.envelope),
                "message": None,
            }
        )
        self._wake()
        return self.last

    def tie(self, n: int, message: Message | None) -> None:
        """Entry `n` made or changed `message`: whoever looks at the one finds the other."""
        entry = next((entry for entry in reversed(self._entries) if entry["n"] == n), None)
        if entry is not None and message is not None:
            entry["message"] = {"channel": message.channel, "ts": message.ts}

    def since(self, n: int) -> list[Json]:
        """What came after entry `n`; everything, if there never was such an entry (of another run, then)."""
        return [entry for entry in self._entries if entry["n"] > n or n > self.last]

    async def wait(self, since: int, seconds: float) -> None:
        """Return as soon as there is news, or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.last == since and not self._closed:
                    await self._changed.wait()
        if self.last != since:  # what comes in one burst is told at once
            await asyncio.sleep(BURST_SECONDS)

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _clean(self, thing: Any) -> Any:
        """A copy without secrets, wherever they stand, and without the end of what is very long."""
        text = json.dumps(thing, ensure_ascii=False, default=str)
        for secret in self._secrets:
            text = text.replace(secret, "…")
        text = TICKET.sub("ticket=…", TOKENS.sub("…", text))
        if len(text) > LARGEST:
            return {"cut": text[:LARGEST], "note": f"cut here: it has {len(text)} characters"}
        return json.loads(text)


def in_words(fault: Fault | None) -> str:
    """What a fault did, for whoever wonders: `500 instead, nothing was done`."""
    if fault is None:
        return ""
    answered = "no answer" if fault.status == DROP else str(fault.status or 500)
    named = f" {fault.error}" if fault.error else ""
    late = f", {fault.delay_ms:.0f} ms late" if fault.delay_ms else ""
    done = "nothing was done" if fault.when == "before" else "after it was done"
    return f"fault: {answered}{named} instead{late}, {done}"
