"""What a deploy or a rollback makes of a staging: a new release, unless there is nothing new."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.branch import followed, follows, updating
from bot.domain.configuration import Layer
from bot.domain.errors import UserError
from bot.domain.events import ALL, Decision, Deploy, Rollback, Target
from bot.domain.health import without_checks
from bot.domain.model import CLOCK, PROJECT, Desired, Phase, Release, Stage, Staging
from bot.domain.policy import Policy
from bot.domain.rest import UP, superseded

CARD, ENGINE = Target.CARD, Target.ENGINE


class StillDeleting(UserError):
    """The branch's old staging is on its way out; the wish can be granted when it is gone."""


def deploy(staging: Staging | None, event: Deploy, policy: Policy, now: datetime) -> Decision:
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


def rollback(staging: Staging, event: Rollback, policy: Policy, now: datetime) -> Decision:
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
        staging = without_checks(staging)
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
        witness_for=event.witness_for,
        witness_of=event.witness_of,
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
