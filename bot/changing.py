"""The use cases around a staging's configuration: change it, by words or by a form, and compare it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.configuring import Configuring
from bot.domain import commands, events
from bot.domain.changes import Change, Mistake, WrongChange
from bot.domain.comparing import Comparison
from bot.domain.configuration import Secret
from bot.domain.errors import UserError
from bot.domain.forms import ChangedMeanwhile, Filled, change_by, conflicts, rebased
from bot.domain.masking import masked
from bot.domain.model import Staging
from bot.domain.project import Project
from bot.domain.reverting import reverted, taken_back
from bot.keys import Keys
from bot.meaning import Asked, Meaning
from bot.store import releases
from bot.store.store import Store
from bot.store.turns import Urgency


@dataclass(frozen=True, slots=True)
class Common:
    """What all use cases do the same way: `project` and `known` find by name and id, or raise UserError; `once` takes a
    wish, or raises that it was taken before; `decided` saves what follows from an event of the staging, `created` makes
    one; `room` raises UserError if there is none for one more of this user and project."""

    project: Callable[[str | None], Project]
    known: Callable[[AsyncConnection, str], Awaitable[Staging]]
    once: Callable[[AsyncConnection, Asked, str], Awaitable[None]]
    decided: Callable[[AsyncConnection, Staging, events.Event], Awaitable[Staging]]
    created: Callable[[AsyncConnection, events.Deploy], Awaitable[Staging]]
    room: Callable[[AsyncConnection, str, str], Awaitable[None]]


class Changing:
    def __init__(
        self,
        store: Store,
        keys: Keys,
        now: Callable[[], datetime],
        meaning: Meaning,
        configuring: Configuring,
        common: Common,
    ) -> None:
        self._store, self._keys, self._now = store, keys, now
        self._meaning, self._configuring, self._common = meaning, configuring, common

    async def change(self, asked: Asked, staging: str, change: Change) -> tuple[Staging, Staging]:
        """The commit that is there becomes a new release. The staging before and after."""
        async with self._store.write(Urgency.DOOR) as connection:
            found = await self._common.known(connection, staging)
            return found, await self._changed(connection, asked, found, change)

    async def revert(
        self, asked: Asked, staging: str, drawn_for: str, number: int, level: str, key: str
    ) -> tuple[Staging, Staging]:
        """As `change`: one key has again what it had in the release of this number; 0: what it has by default.
        Raises UserError, also when the button was drawn for an older release than that which is there."""
        async with self._store.write(Urgency.DOOR) as connection:
            found = await self._common.known(connection, staging)
            former = next((r for r in await releases.of_staging(connection, staging) if r.number == number), None)
            if drawn_for != found.attempt.id:
                raise UserError(
                    f"That button is out of date: {found.name} has release {found.attempt.number} now. "
                    f"`/octopod why {found.name}` says how it is doing."
                )
            project, now = self._common.project(found.project), found.attempt.overrides
            change = reverted(project, now, former, level, key) if former else taken_back(now, level, key)
            return found, await self._changed(connection, asked, found, change)

    async def open(self, asked: Asked, staging: str) -> tuple[Project, Staging]:
        """The staging, for somebody who wants to change its configuration. Raises UserError for who may not."""
        async with self._store.look() as connection:
            found = await self._common.known(connection, staging)
        project = self._common.project(found.project)
        self._configuring.require_present(found)
        self._configuring.require(asked.person, project, found, Change())
        return project, found

    async def fill_in(
        self, asked: Asked, staging: str, drawn_for: str, filled: Filled, mistakes: Sequence[Mistake] = ()
    ) -> tuple[Staging, Staging]:
        """As `change`, by a form that was drawn for the release `drawn_for`. What others have changed since stays.

        `mistakes`: in what could not be read; then nothing is changed, and all that is wrong is told together.
        Raises WrongChange, and ChangedMeanwhile where both changed the same key.
        """
        async with self._store.write(Urgency.DOOR) as connection:
            found = await self._common.known(connection, staging)
            project = self._common.project(found.project)
            since = await releases.overrides_since(connection, staging, drawn_for)
            history = [(actor, masked(own, project)) for actor, own in since]
            change = replace(change_by(filled, history[0][1]), secrets=self._sealed(filled.secrets))
            rest = rebased(change, found.attempt.overrides)
            if mistakes:
                raise WrongChange([*mistakes, *self._wrong(asked, found, rest)])
            if clashes := conflicts(history, change):
                raise ChangedMeanwhile(clashes, rest)
            return found, await self._changed(connection, asked, found, rest)

    def _wrong(self, asked: Asked, found: Staging, change: Change) -> Sequence[Mistake]:
        try:
            self._configuring.require(asked.person, self._common.project(found.project), found, change)
        except WrongChange as error:
            return error.mistakes
        return ()

    async def compare(self, asked: Asked, command: commands.Diff) -> Comparison:
        """Raises UserError for what means nothing."""
        async with self._store.read() as connection:
            return await self._meaning.compared(connection, asked, command)

    async def _changed(self, connection: AsyncConnection, asked: Asked, found: Staging, change: Change) -> Staging:
        project = self._common.project(found.project)
        event = self._configuring.configured(project, found, asked.person.id, self._now(), change)
        await self._common.once(connection, asked, "config")
        if event.overrides == found.attempt.overrides:
            return found
        return await self._common.decided(connection, found, event)

    def _sealed(self, secrets: Mapping[str, str]) -> Mapping[str, Secret]:
        return {
            key: Secret(sealed=self._keys.encrypt(value.encode()).decode(), mark=self._keys.mark(value))
            for key, value in secrets.items()
        }
