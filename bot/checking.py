"""The use cases around health checks: of whom they are asked, what was decided of them, and who is not to be told."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from bot.changing import Common
from bot.domain.checks import Stand
from bot.domain.events import ChecksDropped, CheckSeen
from bot.domain.health import serves
from bot.domain.model import Staging
from bot.domain.status import StagingStatus
from bot.store import history, stagings
from bot.store.store import Store


class Checking:
    def __init__(self, store: Store, now: Callable[[], datetime], common: Common) -> None:
        self._store, self._now, self._common = store, now, common
        self._up: set[str] = set()

    def reported(self, seen: Iterable[StagingStatus]) -> None:
        """What the engine tells. Until it has told of a staging since the bot's start, or while it brings it back after
        one of its own, nobody can say how that is."""
        for status in seen:
            (self._up.discard if status.resuming or not status.present else self._up.add)(status.staging)

    def is_up(self, staging: str) -> bool:
        """The engine has told of it since the bot's start, and is not just bringing it back."""
        return staging in self._up

    async def serving(self, known: Mapping[str, Staging], projects: Collection[str]) -> Mapping[str, Staging]:
        """By id, those of these projects whose live release serves while nothing of them is on its way, as far as the
        engine has told; and those that have checks still. `known`: as they were seen last; only what has changed is
        read."""
        async with self._store.read() as connection:
            found = await stagings.serving(connection, projects)
            revisions = {id: revision for id, revision in found.items() if id in self._up}
            return await stagings.at(connection, revisions, known)

    async def decided(self, staging: str, release: str, stand: Stand, known: Stand | None, mark: str) -> bool:
        """How a check stands is decided, otherwise than `known`. False: it serves no more, so nothing was saved.
        `mark`: of the check."""
        async with self._store.write() as connection:
            found = await stagings.by_id(connection, staging)
            if found is None or found.deleted_at or not serves(found, release):
                return False
            if known and known.ok is stand.ok:
                await history.seen(connection, release, stand.check, self._now())
            else:
                await history.decided(connection, staging, release, stand, self._now(), mark)
            await self._common.decided(connection, found, CheckSeen(release, stand))
        return True

    async def seen(self, stood: Sequence[tuple[str, str, datetime]]) -> None:
        """Releases and checks that stand as before, and when that was seen."""
        async with self._store.write() as connection:
            for release, check, at in stood:
                await history.seen(connection, release, check, at)

    async def dropped(self, staging: str, checks: frozenset[str]) -> None:
        """octopod.yaml has these no longer."""
        async with self._store.write() as connection:
            found = await stagings.by_id(connection, staging)
            if found:
                await self._common.decided(connection, found, ChecksDropped(checks))
