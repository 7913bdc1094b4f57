"""Rest outside of working hours: the clock puts a staging to sleep when they end, and wakes it when they begin.

What is kept is left alone, and so is what never was live: waking it would start it anew. Who asks for one outside of
the hours (wakes, deploys, resets it) has it until the next end of hours. What a person put to sleep, the clock does not
wake.
"""

from dataclasses import replace
from datetime import datetime

from bot.domain.events import Decision, Deploy, Event, Reset, Rollback, Sleep, Target, Wake
from bot.domain.expiry import ONE_MORE, in_use
from bot.domain.model import CLOCK, Desired, Staging
from bot.domain.policy import Policy
from bot.domain.rest import sleep, wake


def asked(event: Event) -> bool:
    """Whether somebody wants it up, at this hour."""
    match event:
        case Deploy(push=None) | Rollback() | Reset():
            return True
        case Wake(actor=actor):
            return actor != CLOCK
        case _:
            return False


def turns_at(staging: Staging, policy: Policy, now: datetime, wanted: bool = False) -> datetime | None:
    """When the clock puts it to sleep, or wakes it; as long as that is not done, it stays due. `wanted`: by somebody,
    just now."""
    if staging.deleted_at or staging.desired is Desired.ABSENT:
        return None
    hours = None if staging.kept else policy.hours
    if staging.desired is Desired.ASLEEP:
        if staging.slept_by != CLOCK:
            return None
        return hours.next_start(now) if hours and not hours.within(now) else _due(staging, now)
    if hours is None:
        return None
    if wanted or hours.within(now):
        return hours.next_end(now)
    return staging.turns_at or now


def _due(staging: Staging, now: datetime) -> datetime:
    """Since when it is."""
    return staging.turns_at if staging.turns_at and staging.turns_at <= now else now


def next_time(staging: Staging) -> datetime | None:
    """When the clock has something to do. What is under way comes to its end first."""
    if staging.desired is Desired.ASLEEP:
        return staging.turns_at
    busy = staging.attempt.stage.under_way or staging.waking or staging.live is None
    return None if busy or staging.desired is not Desired.PRESENT else staging.turns_at


def turned(staging: Staging, policy: Policy, now: datetime) -> Decision | None:
    """Put to sleep, or woken, if it is time. What somebody uses stays up an hour more."""
    due = next_time(staging)
    if due is None or now < due:
        return None
    if staging.desired is Desired.ASLEEP:
        return replace(wake(staging, Wake(CLOCK), now), why="its hours begin")
    if in_use(staging, policy, now):
        return Decision(replace(staging, turns_at=now + ONE_MORE), targets=frozenset({Target.CARD}))
    return replace(sleep(staging, Sleep(CLOCK), now), why="its hours are over")
