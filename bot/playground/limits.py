"""Slack's rate limits, when asked for. https://docs.slack.dev/apis/web-api/rate-limits

Slack names minimums ("20+ per minute") and promises "short bursts"; a stand-in has to choose numbers, and chooses the
named minimum: N calls in any 60 seconds. Tier 1 ("1+, a small amount of burst") allows 5. Messages: 1 per second and
channel, with a burst of 5; 300 per minute over all channels (Slack: "several hundred").
"""

import math
from collections import defaultdict, deque

WINDOW = 60.0
TIERS = {1: 5, 2: 20, 3: 50, 4: 100}
BURST, PER_SECOND, ALL_CHANNELS = 5, 1.0, 300
SPECIAL = 300
METHOD_TIERS = {
    "apps.connections.open": 1,
    "conversations.list": 2,
    "users.list": 2,
    "usergroups.list": 2,
    "usergroups.users.list": 2,
    "chat.update": 3,
    "chat.delete": 3,
    "conversations.info": 3,
    "conversations.history": 3,
    "conversations.replies": 3,
    "conversations.open": 3,
    "users.lookupByEmail": 3,
    "reactions.add": 3,
    "chat.postEphemeral": 4,
    "conversations.members": 4,
    "users.info": 4,
    "views.open": 4,
    "views.push": 4,
    "views.update": 4,
    "views.publish": 4,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
}


class Limits:
    """Refused calls do not count, so who waits as long as told gets through."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._buckets: dict[str, tuple[float, float]] = {}

    def refuse(self, method: str, channel: str, now: float) -> int:
        """Seconds to wait before this call may be repeated, or 0: it is allowed, and counted."""
        window = self._calls[method]
        while window and window[0] <= now - WINDOW:
            window.popleft()
        wait = window[0] + WINDOW - now if len(window) >= self._most(method) else 0.0
        if method == "chat.postMessage" and not wait:
            wait = self._post(channel, now)
        if wait > 0:
            return max(1, math.ceil(wait))
        window.append(now)
        return 0

    def _most(self, method: str) -> int:
        if method == "chat.postMessage":
            return ALL_CHANNELS
        return TIERS[METHOD_TIERS[method]] if method in METHOD_TIERS else SPECIAL

    def _post(self, channel: str, now: float) -> float:
        """A bucket of BURST drops per channel, refilled with PER_SECOND."""
        level, since = self._buckets.get(channel, (float(BURST), now))
        level = min(float(BURST), level + (now - since) * PER_SECOND)
        if level < 1:
            self._buckets[channel] = level, now
            return (1 - level) / PER_SECOND
        self._buckets[channel] = level - 1, now
        return 0.0
