"""Who is visited: noted at once and saved a moment later, so that no request waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from bot.domain.expiry import COARSE
from bot.domain.hearsay import Hearsay, Visit
from bot.idling import Idling

log = structlog.get_logger()
MOST_KNOWN = 10_000


class Visits:
    """What is lost when the bot is killed, the next visit makes up for."""

    def __init__(self, idling: Idling, now: Callable[[], datetime]) -> None:
        self._idling, self._now = idling, now
        self._known: dict[str, datetime] = {}
        self._new: set[str] = set()
        self._poked = asyncio.Event()
        self._saving = False

    def saw(self, host: str) -> None:
        """Called for every request."""
        now = self._now()
        known = self._known.get(host)
        if known and abs(now - known) < COARSE:
            return
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[host] = now
        self._new.add(host)
        self._poked.set()

    async def heard(self, source: str, delivery: str, projects: Sequence[str], said: Sequence[Hearsay]) -> bool:
        """What an access log tells. To hear it twice does no harm."""
        for one in said:
            if isinstance(one, Visit):
                self.saw(one.host)
        return True

    @property
    def quiet(self) -> bool:
        return not self._new and not self._saving

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._poked.wait()
            self._poked.clear()
            new, self._new, self._saving = self._new, set(), True
            for host in new:
                try:
                    await self._idling.used(host)
                except Exception:
                    log.exception("a visit could not be noted", host=host)
            self._saving = False
