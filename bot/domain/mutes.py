"""Of what nobody is to be told for a while: of a health check that fails, or of anything that ails a staging."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.events import Decision, Mute, Target
from bot.domain.model import Desired, Health, Staging

LONGEST_MUTE = timedelta(days=7)
CARD = frozenset({Target.CARD})


def mute(staging: Staging, event: Mute, now: datetime) -> Decision:
    """What is asked for twice is done once. What was not told meanwhile is told when nothing is muted any more."""
    if staging.desired is Desired.ABSENT:
        raise UserError(f"{staging.name} is being deleted, so nobody is told of it anyway.")
    if event.until is None:
        kept = {check: until for check, until in staging.mutes.items() if event.check and check != event.check}
        return _muted(staging, kept, event, "unmute", event.check)
    if event.until <= now:
        raise UserError(f"That time is over already. `/octopod mute {staging.name} for 1h` mutes it from now on.")
    if event.until > now + LONGEST_MUTE:
        raise UserError(f"{staging.name} can be muted for {LONGEST_MUTE.days} days at most; name a shorter time.")
    what = f"{event.check} " if event.check else ""
    until = event.until.isoformat(timespec="seconds")
    return _muted(staging, {**staging.mutes, event.check: event.until}, event, "mute", f"{what}until {until}")


def _muted(staging: Staging, mutes: Mapping[str, datetime], event: Mute, what: str, why: str) -> Decision:
    if mutes == staging.mutes:
        return Decision(staging)
    ended = what == "unmute"
    return Decision(replace(staging, mutes=mutes), (), _news(staging, ended), (), event.actor, what, why)


def muted(staging: Staging, now: datetime) -> bool:
    """Nobody is to be told of what ails it now."""
    silent = {check for check, until in staging.mutes.items() if now < until}
    if "" in silent:
        return True
    failing = {stand.check for stand in staging.failing}
    return staging.engine_health is Health.HEALTHY and bool(failing) and failing <= silent


def unmuted(decision: Decision, now: datetime) -> Decision:
    """Time has passed: whatever mute is over."""
    staging = decision.staging
    left = {check: until for check, until in staging.mutes.items() if now < until}
    if left == staging.mutes:
        return decision
    after = replace(staging, mutes=left)
    return replace(decision, staging=after, targets=decision.targets | _news(staging, ended=True))


def next_time(staging: Staging) -> datetime | None:
    """When `unmuted` will have something to do."""
    return min(staging.mutes.values(), default=None)


def _news(staging: Staging, ended: bool) -> frozenset[Target]:
    untold = ended and staging.broken_since is not None and staging.alerted_at is None
    return CARD | {Target.FINDING} if untold else CARD
