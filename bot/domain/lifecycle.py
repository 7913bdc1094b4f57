"""What follows from what: `decide(staging, event, policy, now)`, pure and total.

The table is drawn in docs/design.md. No event on any stored state raises anything but UserError; an event that says
nothing new (a replayed snapshot, the result of a superseded release) decides nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain import expiry, night
from bot.domain.branch import (
    branch_back,
    branch_ended,
    followed,
    follows,
    freeze,
    keep,
    pull_seen,
    updating,
    why_it_goes,
    withheld,
)
from bot.domain.breakage import alerted
from bot.domain.building import build_seen
from bot.domain.configuration import Layer
from bot.domain.ending import delete, time_is_over
from bot.domain.errors import UserError
from bot.domain.events import (
    ALL,
    Applied,
    BranchBack,
    BranchEnded,
    BuildSeen,
    Decision,
    Delete,
    Deploy,
    Event,
    Extend,
    FilesReady,
    Freeze,
    ImageMissing,
    Keep,
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
from bot.domain.model import CLOCK, PROJECT, Desired, Health, Phase, Release, Stage, Staging
from bot.domain.policy import Policy
from bot.domain.rest import (
    UP,
    reset,
    sleep,
    slept,
    superseded,
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


class StillDeleting(UserError):
    """The branch's old staging is on its way out; the wish can be granted when it is gone."""


def decide(staging: Staging | None, event: Event, policy: Policy, now: datetime) -> Decision:
    """The decision that follows. Raises UserError when the event is a wish that cannot be granted."""
    if isinstance(event, Deploy):
        decision = _deploy(staging, event, policy, now)
    elif staging is None:
        raise UserError("There is no such staging any more.")
    elif staging.deleted_at:
        decision = _deleted(staging, event)
    else:
        decision = _happened(staging, event, policy, now)
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
            return url_answered(staging, event, now)
        case ReleaseFailed():
            return release_failed(staging, event, now)
        case Extend():
            return _extend(staging, event, policy, now)
        case Delete():
            return delete(staging, event, policy, now)
        case Rollback():
            return _rollback(staging, event, policy, now)
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
    if isinstance(event, Extend | Delete | Rollback | Sleep | Wake | Reset | Freeze | Keep):
        raise UserError(f"{staging.name} is deleted already. `/octopod deploy {staging.branch}` makes a new one.")
    return Decision(staging)


# --- deploys ---------------------------------------------------------------------------------------------------------


def _deploy(staging: Staging | None, event: Deploy, policy: Policy, now: datetime) -> Decision:
    """Nobody asked for what a push brings, so it is not refused either: it just is not done."""
    if event.push and staging and not (staging.deleted_at or follows(staging)):
        return Decision(staging)
    if staging and _taken_back(staging, event):
        raise UserError(
            f"{staging.name} was deleted after this deploy was asked for, so it was not deployed. "
            f"`/octopod deploy {event.branch}` makes a new one."
        )
    if staging and staging.sleep_asked_at and event.requested_at < staging.sleep_asked_at:
        raise UserError(
            f"{staging.name} was put to sleep after this deploy was asked for, so it was not deployed. "
            f"`/octopod deploy {event.branch}` wakes it with the newest commit."
        )
    if staging is None or staging.deleted_at:
        return _created(event, policy, now)
    if staging.desired is Desired.ABSENT and staging.undo_until is None:
        raise StillDeleting(f"{staging.name} is still being deleted. Deploy it again when its card says deleted.")
    if _nothing_new(staging, event):  # whoever has just built the image need not wait for the next look
        look = staging.attempt.waiting and staging.attempt.stage is Stage.QUEUED
        seen = followed(staging, event)
        news = frozenset({CARD}) if seen != staging else frozenset()
        return Decision(seen, targets=news | {ENGINE} if look else news)
    release = _new_release(event, staging.id, _next_number(staging))
    decision = _put_on(replace(followed(staging, event), urls=event.urls), release, policy, now)
    said = [f"the secret {key} has a new value" for key in new_values(staging, event)]
    event = replace(event, changed=", ".join([*filter(None, [event.changed]), *said]))
    what = "configure" if event.changed and event.commit == staging.attempt.commit else "deploy"
    told = updating(event, release.number)
    return replace(decision, notices=told, what=what, why=f"release {release.number}: {_what(event)}")


def _rollback(staging: Staging, event: Rollback, policy: Policy, now: datetime) -> Decision:
    """Commit and configuration as they were then, by a new release; whoever wants the newest commit deploys again."""
    if staging.desired is Desired.ABSENT:
        raise UserError(f"{staging.name} is being deleted, so there is nothing to roll back.")
    former = event.former
    if staging.attempt.same_as(former) and (staging.attempt.stage.under_way or staging.phase is Phase.LIVE):
        raise UserError(f"{staging.name} has commit {former.commit[:7]} as it was in release {former.number} already.")
    made = {"id": event.release, "number": _next_number(staging), "actor": event.actor}
    release = former.anew(**made, requested_at=event.requested_at, copy_of=former.copy_of or former.number)
    decision = _put_on(staging, release, policy, now)
    why = f"release {release.number}: as release {former.number}, {former.branch} at {former.commit}"
    return replace(decision, what="rollback", why=why)


def _next_number(staging: Staging) -> int:
    return max(staging.last_number, staging.attempt.number) + 1


def _put_on(staging: Staging, release: Release, policy: Policy, now: datetime) -> Decision:
    """It wakes a staging that sleeps, and takes back its delete; one that is being reset is emptied first."""
    ended = superseded(staging.attempt, f"Release {release.number} took its place.", now)
    expires_at = _later(staging.expires_at, _expiry(policy, now))
    changes: dict[str, Any] = {"attempt": release, "expires_at": expires_at, "in_use_since": None, "look_at": None}
    if staging.desired is Desired.ABSENT and staging.reset_at:
        changes |= UP | {"desired": Desired.RESET, "reset_at": now, "asleep_at": staging.asleep_at}
    elif staging.desired is not Desired.RESET:
        changes |= UP | {"health_reason": staging.health_reason if staging.desired is Desired.PRESENT else ""}
    after = replace(staging, **changes)
    return Decision(after, (*ended, release), targets=ALL, actor=release.actor)


def _taken_back(staging: Staging, event: Deploy) -> bool:
    """Somebody asked for its end after this was asked for: the later wish counts. The clock wishes nothing."""
    asked_at = staging.delete_asked_at
    return asked_at is not None and staging.deleted_by != CLOCK and event.requested_at < asked_at


def _created(event: Deploy, policy: Policy, now: datetime) -> Decision:
    release = _new_release(event, event.staging, 1)
    staging = Staging(
        id=event.staging,
        project=event.project,
        name=event.name,
        branch=event.branch,
        owner=event.owner or event.actor,
        created_at=now,
        attempt=release,
        expires_at=None if event.actor == PROJECT else _expiry(policy, now),
        urls=event.urls,
        head=event.head,
        kept=event.actor == PROJECT,
        pull=event.pull,
    )
    return Decision(
        staging,
        releases=(release,),
        targets=ALL,
        actor=event.actor,
        what="create",
        why=_what(event),
    )


def _what(event: Deploy) -> str:
    return f"{event.branch} at {event.commit}{f': {event.changed}' if event.changed else ''}"


def _new_release(event: Deploy, staging: str, number: int) -> Release:
    return Release(
        id=event.release,
        staging=staging,
        number=number,
        branch=event.branch,
        commit=event.commit,
        subject=event.subject,
        author=event.author,
        actor=event.actor,
        requested_at=event.requested_at,
        env=event.env,
        values=event.values,
        secrets=event.secrets,
        overrides=event.overrides,
    )


def _nothing_new(staging: Staging, event: Deploy) -> bool:
    """The same commit and configuration is on its way, or live and well."""
    if staging.desired is not Desired.PRESENT:
        return False
    attempt = staging.attempt
    wanted = Layer(event.env, event.values, event.secrets)
    same = attempt.commit == event.commit and attempt.overrides == event.overrides and attempt.configuration == wanted
    if new_values(staging, event):
        return False
    return same and (attempt.stage.under_way or (attempt.stage is Stage.LIVE and not staging.broken_since))


def new_values(staging: Staging | None, event: Deploy) -> Sequence[str]:
    """The keys of secrets that are where they were, and were seen to have another value there by now."""
    known = staging.attempt.secrets if staging else {}
    same = ((key, secret, known[key]) for key, secret in event.secrets.items() if key in known and secret.place)
    return [key for key, now, then in same if now == then and now.mark and then.mark and now.mark != then.mark]


def _expiry(policy: Policy, now: datetime) -> datetime | None:
    return now + policy.ttl if policy.ttl else None


def _later(a: datetime | None, b: datetime | None) -> datetime | None:
    """The later expiry; None is never."""
    return max(a, b) if a and b else None


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
    return expiry.told(alerted(decision, policy, now), policy, now)


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
    if staging.desired is Desired.ABSENT:
        return None if staging.deleted_at else staging.undo_until
    some = (
        wait_ends(staging),
        waking_ends(staging, policy),
        expiry.next_time(staging, policy),
        night.next_time(staging),
    )
    times = [at for at in some if at]
    if staging.attempt.unsteady_since and not staging.waking:
        times.append(staging.attempt.unsteady_since + policy.unsteady)
    judged = staging.desired is Desired.PRESENT and not staging.waking and not staging.attempt.stage.under_way
    if staging.unhealthy_since and judged:
        if staging.healthy_since:
            times.append(staging.healthy_since + policy.settle)
        elif staging.health is not Health.HEALTHY and not staging.broken_since:
            times.append(staging.unhealthy_since + policy.debounce)
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
