"""How a live staging is doing, and when that is worth an alert.

A breakage is announced once it has lasted for the debounce, its end once it has lasted for the settling time, and
neither while a release is under way. A crash loop that flickers between ready and not is one breakage.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.events import Decision, Notice, NoticeKind, Target, Where
from bot.domain.model import CLOCK, Desired, Health, Staging
from bot.domain.policy import Policy
from bot.domain.status import StagingStatus

CARD = Target.CARD


def health_seen(decision: Decision, status: StagingStatus, policy: Policy, now: datetime) -> Decision:
    """Fold what the snapshot says about the serving release into a decision about the rollout."""
    staging = decision.staging
    if staging.live is None or status.resuming:
        return decision
    if status.serving not in (None, staging.live.id):
        return replace(decision, staging=_unknown(staging))
    health, reason, details = _health_of(status)
    after = replace(staging, health=health)
    if health is not Health.HEALTHY:
        after = replace(after, health_reason=reason, health_details=details)
        after = replace(after, unhealthy_since=after.unhealthy_since or now, healthy_since=None)
    elif after.unhealthy_since:  # the reason is kept until it is well again: the end of an alert tells it
        after = replace(after, healthy_since=after.healthy_since or now)
    changed_look = after.health is not staging.health and after.broken_since is not None
    targets = decision.targets | {CARD} if changed_look else decision.targets
    return alerted(replace(decision, staging=after, targets=targets), policy, now)


def _unknown(staging: Staging) -> Staging:
    """People use another release: what ailed this one, unless it was announced, will not be called a breakage."""
    if staging.broken_since:
        return staging
    well = replace(staging, health=Health.HEALTHY, health_reason="", health_details=())
    return replace(well, unhealthy_since=None, healthy_since=None)


def _health_of(status: StagingStatus) -> tuple[Health, str, tuple[str, ...]]:
    if status.serving is None:
        return Health.DOWN, "nothing of it runs any more", ()
    ill = [w for w in status.serving_workloads if w.ready < w.wanted]
    if not ill:
        return Health.HEALTHY, "", ()
    worst = min(ill, key=lambda w: w.ready)
    reason = worst.reason or f"{worst.name}: {worst.ready} of {worst.wanted} ready"
    return (Health.DOWN if worst.ready == 0 else Health.DEGRADED), reason, worst.log_tail


def alerted(decision: Decision, policy: Policy, now: datetime) -> Decision:
    """Announce a breakage or its end once it has lasted long enough; never while a release is under way."""
    staging = decision.staging
    if staging.desired is not Desired.PRESENT or staging.waking:
        return decision
    if staging.attempt.stage.under_way or staging.unhealthy_since is None:
        return decision
    if staging.healthy_since and now >= staging.healthy_since + policy.settle:
        return _well_again(decision, now)
    due = now >= staging.unhealthy_since + policy.debounce
    if staging.health is not Health.HEALTHY and due and not staging.broken_since:
        return broke(decision, now)
    return decision


def broke(decision: Decision, now: datetime) -> Decision:
    """It is announced that this staging is broken."""
    staging = decision.staging
    facts = {
        "health": staging.health.value,
        "reason": staging.health_reason,
        "details": list(staging.health_details),
        "owner": staging.owner,
        "since": iso(staging.unhealthy_since),
    }
    return replace(
        decision,
        staging=replace(staging, broken_since=now),
        targets=decision.targets | {CARD},
        notices=(*decision.notices, Notice(NoticeKind.BROKEN, Where.ALERTS, facts)),
        actor=decision.actor or CLOCK,
        what=decision.what or "broken",
        why=decision.why or staging.health_reason,
    )


def _well_again(decision: Decision, now: datetime) -> Decision:
    staging = decision.staging
    notices = tuple(recovery(staging, now))
    well = replace(
        staging,
        unhealthy_since=None,
        healthy_since=None,
        broken_since=None,
        health_reason="",
        health_details=(),
    )
    if not notices:
        return replace(decision, staging=well)
    return replace(
        decision,
        staging=well,
        targets=decision.targets | {CARD},
        notices=(*decision.notices, *notices),
        actor=CLOCK,
        what="recovered",
    )


def recovery(staging: Staging, now: datetime) -> Sequence[Notice]:
    """The alert is edited, and one reply in its thread says so; nothing if no breakage was announced."""
    if not staging.broken_since:
        return ()
    end = staging.healthy_since or now
    facts = {
        "seconds": round((end - (staging.unhealthy_since or staging.broken_since)).total_seconds()),
        "reason": staging.health_reason,
        "since": iso(staging.unhealthy_since),
    }
    return (
        Notice(NoticeKind.RECOVERED, Where.ALERT_EDIT, facts),
        Notice(NoticeKind.RECOVERED, Where.ALERT_THREAD, facts),
    )


def iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
