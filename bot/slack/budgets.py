"""Slack's limits, per method and channel: as fast as Slack takes it, and after its first 429 at the documented pace.

chat.postMessage: about one a second and channel; chat.update: 50 a minute.
https://docs.slack.dev/apis/web-api/rate-limits
"""

from collections.abc import Callable

POST, UPDATE, RESPOND, PUBLISH = "chat.postMessage", "chat.update", "response_url", "views.publish"
PACES = {POST: 1.05, UPDATE: 1.25}
PACED_FOR = 300.0


class Budgets:
    """`clock`: seconds that only grow. Slots are named after method and, where Slack counts so, channel."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._closed_until: dict[str, float] = {}
        self._paced_until: dict[str, float] = {}

    def wait(self, slot: str) -> float:
        """Seconds until another call of this slot is welcome; 0 for now."""
        return max(0.0, self._closed_until.get(slot, 0.0) - self._clock())

    def used(self, slot: str) -> None:
        """A call was made. While paced, the next one waits its time."""
        now = self._clock()
        if now < self._paced_until.get(slot, 0.0):
            self._close(slot, now + PACES.get(slot.split(" ")[0], 1.0))

    def refused(self, slot: str, retry_after: float) -> None:
        """Slack said 429: wait as long as it says, then keep to the documented pace for a while."""
        now = self._clock()
        self._close(slot, now + retry_after)
        self._paced_until[slot] = now + retry_after + PACED_FOR

    def _close(self, slot: str, until: float) -> None:
        self._closed_until[slot] = max(until, self._closed_until.get(slot, 0.0))
