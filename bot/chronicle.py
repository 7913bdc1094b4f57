"""The use case of telling what happened to a staging, also to one that is deleted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.model import Release, Staging
from bot.domain.story import Line
from bot.meaning import Asked, Meaning
from bot.ports import Posted
from bot.store import journal, releases, stagings
from bot.store.journal import JournalLine
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Past:
    """What is stored of a staging: its lines of that time, the oldest first; the newest one before (`last`); all of its
    releases."""

    staging: Staging
    card: Posted | None
    lines: Sequence[Line]
    last: Line | None
    releases: Sequence[Release]


class Chronicle:
    def __init__(self, store: Store, now: Callable[[], datetime], meaning: Meaning) -> None:
        self._store, self._now, self._meaning = store, now, meaning

    async def past(self, asked: Asked, which: str | None, project: str | None, lately: timedelta) -> Past:
        """Raises UserError when `which` means no staging that is there or was."""
        since = self._now() - lately
        async with self._store.read() as connection:
            meant = await self._meaning.staging_ever(connection, asked, which, project)
            found = await stagings.with_card(connection, meant.id)
            lines = [_line(one) for one in await journal.since(connection, meant.id, since)]
            before = await journal.newest(connection, meant.id, limit=1, before=since)
            own = await releases.of_staging(connection, meant.id)
        return Past(meant, found[1] if found else None, lines, _line(before[0]) if before else None, own)


def _line(stored: JournalLine) -> Line:
    return Line(stored.at, stored.actor, stored.what, stored.why)
