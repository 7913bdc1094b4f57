"""What follows from what: `decide(staging, event, policy, now)`, pure and total.

The table is drawn in docs/design.md. No event on any stored state raises anything but UserError; an event that says
nothing new (a replayed snapshot, the result of a superseded release) decides nothing.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import breakage, expiry, mutes, night, witness
from bot.domain.branch import (
    branch_back,
    branch_ended,
    freeze,
    keep,
    pull_seen,
    why_it_goes,
    withheld,
)
from bot.domain.breakage import alerted, found
from bot.domain.building import build_seen
from bot.domain.deploying import deploy, rollback
from bot.domain.ending import delete, time_is_over
from bot.domain.errors import UserError
from bot.domain.events import (
    Applied,
    BranchBack,
    BranchEnded,
    BuildSeen,
    ChecksDropped,
    CheckSeen,
    Decision,
    Delete,
    Deploy,
    Event,
    Extend,
    FilesReady,
    Found,
    Freeze,
    ImageMissing,
    Keep,
    Mute,
    PullSeen,
    ReleaseFailed,
    Reset,
    Rollback,
    Sleep,
    Slept,
    StatusSeen,
    Target,
    Tick,
    UrlAnswered,
    Used,
    Visited,
    Wake,
    Wiped,
    Withheld,
)
from bot.domain.health import check_seen, checks_dropped
from bot.domain.model import CLOCK, Desired, Phase, Staging
from bot.domain.mutes import mute, unmuted
from bot.domain.policy import Policy
from bot.domain.rest import (
    reset,
    sleep,
    slept,
    too_slow,
    visited,
    wake,
    waking_ends,
    wiped,
)
from bot.domain.rollout import (
    applied,
    files_ready,
    image_missing,
    never_steady,
    release_failed,
    status_seen,
    still_waiting,
    url_answered,
    wait_ends,
)

CARD, PROGRESS, ENGINE = Target.CARD, Target.PROGRESS, Target.ENGINE
LONGEST_LIFE = timedelta(days=365)


def decide(staging: Staging | None, event: Event, policy: Policy, now: datetime) -> Decision:
    """The decision that follows. Raises UserError when the event is a wish that cannot be granted."""
    policy = witness.rules(event if isinstance(event, Deploy) else staging, policy)
    if isinstance(event, Deploy):
        decision = deploy(staging, event, policy, now)
    elif staging is None:
        raise UserError("There is no such staging any more.")
    elif staging.deleted_at:
        decision = _deleted(staging, event)
    else:
        decision = _happened(staging, event, policy, now)
    decision = witness.unseen(decision, staging, policy, now)
    at = night.turns_at(decision.staging, policy, now, night.asked(event))
    planned = replace(decision, staging=replace(decision.staging, turns_at=at))
    return _stamped(planned, staging, policy)


def _happened(staging: Staging, event: Event, policy: Policy, now: datetime) -> Decision:
    match event:
        case FilesReady():
            return files_ready(staging, event, now)
        case ImageMissing():
            return image_missing(staging, event, policy, now)
        case BuildSeen():
            return build_seen(staging, event, now)
        case Applied():
            return applied(staging, event, now)
        case StatusSeen(status):
            return status_seen(staging, status, policy, now)
        case UrlAnswered():
            return url_answered(staging, event, policy, now)
        case ReleaseFailed():
            return release_failed(staging, event, now)
        case Extend():
            return _extend(staging, event, policy, now)
        case Delete():
            return delete(staging, event, policy, now)
        case Rollback():
            return rollback(staging, event, policy, now)
        case Sleep():
            return sleep(staging, event, now)
        case Wake():
            return wake(staging, event, now)
        case Reset():
            return reset(staging, event, now)
        case Slept():
            return slept(staging, now)
        case Wiped():
            return wiped(staging, now)
        case Visited():
            return visited(staging, now)
        case PullSeen():
            return pull_seen(staging, event)
        case Withheld():
            return withheld(staging, event)
        case BranchEnded():
            return branch_ended(staging, event, policy, now)
        case BranchBack():
            return branch_back(staging, policy, now)
        case Freeze():
            return freeze(staging, event)
        case Keep():
            return keep(staging, event, policy, now)
        case CheckSeen():
            return check_seen(staging, event, policy, now)
        case ChecksDropped():
            return checks_dropped(staging, event, policy, now)
        case Found():
            return found(staging, event, now)
        case Mute():
            return mute(staging, event, now)
        case Used():
            return expiry.used(staging, now)
        case Tick():
            return _tick(staging, policy, now)
        case Deploy():  # answered by decide()
            return Decision(staging)


def _stamped(decision: Decision, before: Staging | None, policy: Policy) -> Decision:
    """Count the revision and set the clock for whatever was changed."""
    after = decision.staging
    if after == before:
        return decision
    revision = before.revision + 1 if before and before.id == after.id else 1
    return replace(decision, staging=replace(after, revision=revision, wake_at=next_wake(after, policy)))


def _deleted(staging: Staging, event: Event) -> Decision:
    if isinstance(event, Extend | Delete | Rollback | Sleep | Wake | Reset | Freeze | Keep | Mute):
        raise UserError(f"{staging.name} is deleted already. `/octopod deploy {staging.branch}` makes a new one.")
    return Decision(staging)


# --- people and the clock --------------------------------------------------------------------------------------------


def _extend(staging: Staging, event: Extend, policy: Policy, now: datetime) -> Decision:
    if staging.desired is Desired.ABSENT:
        raise UserError(f"{staging.name} is being deleted, so there is nothing to extend.")
    if staging.expires_at is None:
        raise UserError(f"{staging.name} never expires, so there is nothing to extend.")
    until = event.until or max(now, staging.expires_at) + _at_most(event.by or timedelta(days=1))
    if until <= staging.expires_at:  # the second click of a double click, or a stale button
        return Decision(staging)
    if until > now + LONGEST_LIFE:
        raise UserError(f"A staging can live {LONGEST_LIFE.days} days from now at most; name a shorter time.")
    return Decision(
        expiry.lives_until(staging, until, policy, now),
        targets=frozenset({CARD}),
        actor=event.actor,
        what="extend",
        why=f"until {until.isoformat(timespec='seconds')}",
    )


def _at_most(by: timedelta) -> timedelta:
    """So that no date overflows; what is longer than the longest life is refused anyway."""
    return min(max(by, timedelta()), 2 * LONGEST_LIFE)


def _tick(staging: Staging, policy: Policy, now: datetime) -> Decision:
    staging = replace(staging, turns_at=night.turns_at(staging, policy, now))  # the project's rules may have changed
    staging = replace(staging, wake_at=next_wake(staging, policy))
    if staging.desired is Desired.ABSENT:
        return time_is_over(staging, now)
    if expiry.is_over(staging, policy, now):
        return delete(staging, Delete(CLOCK, why_it_goes(staging)), policy, now)
    decision = night.turned(staging, policy, now) or _overdue(staging, policy, now)
    return expiry.told(unmuted(alerted(decision, policy, now), now), policy, now)


def _overdue(staging: Staging, policy: Policy, now: datetime) -> Decision:
    """What the newest release has waited for too long, or should be looked for again."""
    if staging.waking:
        return too_slow(staging, policy, now)
    unsteady = staging.attempt.unsteady_since
    if unsteady is not None and now >= unsteady + policy.unsteady:
        return never_steady(staging, now)
    return still_waiting(staging, policy, now) if staging.attempt.waiting else Decision(staging)


def next_wake(staging: Staging, policy: Policy) -> datetime | None:
    """When a Tick will have something to decide, if nothing else happens before."""
    policy = witness.rules(staging, policy)
    if staging.desired is Desired.ABSENT:
        return None if staging.deleted_at else staging.undo_until
    some = (
        wait_ends(staging),
        waking_ends(staging, policy),
        expiry.next_time(staging, policy),
        night.next_time(staging),
        breakage.next_time(staging, policy),
        mutes.next_time(staging),
    )
    times = [at for at in some if at]
    if staging.attempt.unsteady_since and not staging.waking:
        times.append(staging.attempt.unsteady_since + policy.unsteady)
    return min(times, default=None)


def offers(staging: Staging) -> frozenset[str]:
    """The buttons that make sense now: Open only for what answers."""
    match staging.phase:
        case Phase.DELETED:
            return frozenset()
        case Phase.DELETING:
            return frozenset({"undo", "delete now"} if staging.undo_until else {"delete"})
        case Phase.FALLING_ASLEEP:
            return frozenset({"wake", "delete", *({"sleep"} if staging.health_reason else ())})
        case Phase.ASLEEP:
            return frozenset({"wake", "extend", "delete"})
        case Phase.WAKING | Phase.RESETTING:
            return frozenset({"logs", "delete"})
        case Phase.LIVE:
            some = {"extend", "sleep"}
        case Phase.FAILED:
            some = {"retry", "sleep"}
        case Phase.BROKEN:
            some = {"sleep"}
        case _:
            some = {"extend"}
    ill = staging.phase in (Phase.FAILED, Phase.BROKEN)
    some |= {"rollback"} if ill and staging.can_roll_back else set()
    some |= {"open"} if staging.serving else set()
    return frozenset({"logs", "config", "delete", *some})
