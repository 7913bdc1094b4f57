"""The last things that the bot sent and received, for whoever wants to look. Never with a token in it."""

import json
import re
from collections import deque
from collections.abc import Callable
from typing import Any

from bot.playground.model import Json
from bot.playground.secrets import Secrets

MOST = 500
TICKET = re.compile(r"ticket=[^&\"]*")


class Record:
    """`direction`: from_bot (a call) or to_bot (a delivery)."""

    def __init__(self, secrets: Secrets, clock: Callable[[], float]) -> None:
        self._secrets = (secrets.bot_token, secrets.app_token, secrets.signing_secret)
        self._clock = clock
        self._entries: deque[Json] = deque(maxlen=MOST)
        self._count = 0

    def add(self, direction: str, kind: str, method: str, body: Any, answer: Any, ms: float) -> None:
        self._count += 1
        entry = {
            "n": self._count,
            "at": self._clock(),
            "direction": direction,
            "kind": kind,
            "method": method,
            "body": self._clean(body),
            "answer": self._clean(answer),
            "ms": round(ms, 1),
        }
        self._entries.append(entry)

    def since(self, n: int) -> list[Json]:
        return [entry for entry in self._entries if entry["n"] > n]

    def _clean(self, thing: Any) -> Any:
        """A copy without secrets, wherever they stand."""
        text = json.dumps(thing, ensure_ascii=False, default=str)
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return json.loads(TICKET.sub("ticket=…", text))
