"""The end of a staging: at once if it has no data; else its data is kept for a while, in which it can be taken back."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.breakage import WELL
from bot.domain.events import ALL, Decision, Delete, NoticeKind, Target
from bot.domain.model import CLOCK, Desired, Staging
from bot.domain.policy import Policy
from bot.domain.rest import UP, alert_closed, superseded

ENGINE = Target.ENGINE


def delete(staging: Staging, event: Delete, policy: Policy, now: datetime) -> Decision:
    """Also while it is being deleted already: then the engine is only asked again, so nothing can get stuck."""
    if staging.desired is Desired.ABSENT:
        return _again(staging, event, now)
    ended = superseded(staging.attempt, "The staging was deleted.", now)
    kept = bool(staging.claims) and not event.now and policy.undo > timedelta()
    changes = UP | WELL | {
        "desired": Desired.ABSENT,
        "deleted_by": event.actor,
        "delete_reason": event.reason,
        "delete_asked_at": now,
        "undo_until": now + policy.undo if kept else None,
        "asleep_at": staging.asleep_at,
        "reset_at": staging.reset_at if staging.desired is Desired.RESET else None,
        "look_at": None,
    }  # fmt: skip
    return Decision(
        replace(staging, attempt=ended[0] if ended else staging.attempt, **changes),
        releases=ended,
        targets=ALL,
        notices=alert_closed(staging, NoticeKind.DELETED, event.actor, event.reason),
        actor=event.actor,
        what="delete",
        why=event.reason,
    )


def _again(staging: Staging, event: Delete, now: datetime) -> Decision:
    """By a person it takes back a deploy that was asked for in between. People come before the clock."""
    if event.actor == CLOCK:
        return Decision(staging, targets=frozenset({ENGINE}))
    targets = frozenset({ENGINE})
    if staging.deleted_by == CLOCK:
        staging = replace(staging, deleted_by=event.actor, delete_reason=event.reason)
        targets |= {Target.CARD}
    after = replace(staging, delete_asked_at=now)
    if event.now and staging.undo_until:
        return _at_once(after, event.actor, "without waiting any longer")
    return Decision(after, targets=targets, actor=event.actor, what="delete", why="asked again")


def time_is_over(staging: Staging, now: datetime) -> Decision:
    """Nobody has taken the delete back: now its data goes, too."""
    if staging.undo_until is None or now < staging.undo_until:
        return Decision(staging)
    return _at_once(staging, CLOCK, "the time to take it back is over")


def _at_once(staging: Staging, actor: str, why: str) -> Decision:
    after = replace(staging, undo_until=None, reset_at=None)
    return Decision(after, targets=frozenset({ENGINE, Target.CARD}), actor=actor, what="delete", why=why)
