"""Trigger ids: what lets an app open a modal, once, and within three seconds of what the person did."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Trigger:
    user: str
    made: float
    view: str | None
    used: bool = False


class Triggers:
    """Not kept over a restart: they would have expired. `view`: the modal that was acted in, if one was."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._made: dict[str, Trigger] = {}

    def make(self, user: str, view: str | None = None) -> str:
        key = f"{int(self._clock() * 1000)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"
        self._made[key] = Trigger(user, self._clock(), view)
        while len(self._made) > 1000:
            del self._made[next(iter(self._made))]
        return key

    def check(self, key: str) -> tuple[Trigger | None, str]:
        """The trigger, or Slack's name for what is wrong with it."""
        trigger = self._made.get(key)
        if trigger is None:
            return None, "invalid_trigger_id"
        if trigger.used:
            return None, "exchanged_trigger_id"
        if self._clock() - trigger.made > self._seconds:
            return None, "expired_trigger_id"
        return trigger, ""
