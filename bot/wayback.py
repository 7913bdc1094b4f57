"""The use cases of the way back: sleep, wake, reset, undo, rollback, and a visit to what sleeps."""

from collections.abc import Sequence

from bot.domain import events
from bot.domain.errors import UserError
from bot.domain.model import Phase, Release, Staging
from bot.domain.policy import require_profiles
from bot.meaning import Asked
from bot.service import Service
from bot.store import releases
from bot.store.store import Store


class WayBack:
    """Stands on the service: each of these is one wish, which is saved as all wishes are."""

    def __init__(self, service: Service, store: Store) -> None:
        self._service, self._store = service, store

    async def sleep(self, asked: Asked, staging: str, drawn_for: str | None = None) -> Staging:
        return await self._service.wish(asked, staging, events.Sleep(asked.person.id), drawn_for)

    async def wake(self, asked: Asked, staging: str) -> Staging:
        """Also of one whose delete can still be taken back."""
        return await self._service.wish(asked, staging, events.Wake(asked.person.id))

    async def undo(self, asked: Asked, staging: str) -> Staging:
        """Take back a delete."""
        return await self._service.wish(asked, staging, events.Wake(asked.person.id, undo=True))

    async def reset(self, asked: Asked, staging: str, drawn_for: str | None = None) -> Staging:
        return await self._service.wish(asked, staging, events.Reset(asked.person.id), drawn_for)

    async def rollback(
        self, asked: Asked, staging: Staging, number: int | None, drawn_for: str | None = None
    ) -> Staging:
        """To the release of this number, else to the last good one before the one that runs or failed."""
        former = _chosen(staging, await self.were_live(staging.id), number)
        profiles = [*staging.attempt.overrides.profiles, *former.overrides.profiles]
        require_profiles(asked.person, self._service.project(staging.project), profiles)
        event = events.Rollback(asked.person.id, self._service.new_id(), former, asked.at)
        return await self._service.wish(asked, staging.id, event, drawn_for)

    async def were_live(self, staging: str) -> Sequence[Release]:
        """The releases that ever were live, the newest first."""
        async with self._store.look() as connection:
            return await releases.were_live(connection, staging)

    async def visited(self, staging: Staging) -> None:
        """Somebody opened its URL. Told once for each sleep."""
        if staging.phase is Phase.ASLEEP and not staging.visited_at:
            await self._service.happened(staging.id, events.Visited())


def _chosen(staging: Staging, live: Sequence[Release], number: int | None) -> Release:
    if number is not None:
        return _of_number(staging, live, number)
    found = next((one for one in live if one.number not in staging.unproven and _is_better(one, staging)), None)
    if found is None:
        raise UserError(_none_good(staging, [one for one in live if _is_better(one, staging)]))
    return found


def _none_good(staging: Staging, unproven: Sequence[Release]) -> str:
    if not unproven:
        return (
            f"{staging.name} has no earlier release that was live with another commit or configuration, so there is "
            f"nothing to roll back to. Push a fix, and `/octopod deploy {staging.branch}`."
        )
    numbers = ", ".join(str(one.number) for one in unproven)
    return (
        f"None of the earlier releases of {staging.name} was live and well for long enough to be called good "
        f"(`good_after` in octopod.yaml). Live were: {numbers}. To one of them all the same: "
        f"`/octopod rollback {staging.name} {unproven[0].number}`."
    )


def _is_better(former: Release, staging: Staging) -> bool:
    """It came before the one that runs or failed, and is neither the same nor one that is broken itself."""
    now, ill = staging.attempt, staging.live if staging.broken_since else None
    return former.number < (now.copy_of or now.number) and not former.same_as(now) and not (ill and former.same_as(ill))


def _of_number(staging: Staging, live: Sequence[Release], number: int) -> Release:
    found = next((one for one in live if one.number == number), None)
    if found is None:
        numbers = ", ".join(str(one.number) for one in reversed(live))
        were = f"Live were: {numbers}." if numbers else "None of its releases was."
        raise UserError(f"Release {number} of {staging.name} never was live, so it is nothing to return to. {were}")
    return found
