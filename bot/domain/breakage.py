"""How a live staging is doing, and when that is worth an alert.

A breakage is announced once it has lasted for the debounce, its end once it has lasted for the settling time, and
neither while a release is under way. A crash loop that flickers between ready and not is one breakage.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.events import CheckSeen, Decision, Found, Mute, Notice, NoticeKind, Target, Where
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
    seen = replace(staging, engine_health=health, engine_reason=reason, engine_details=details)
    return _weighed(replace(decision, staging=seen), now, policy, now)


def check_seen(staging: Staging, event: CheckSeen, policy: Policy, now: datetime) -> Decision:
    """What is decided of a health check. Of a release that serves no more it says nothing."""
    if staging.live is None or event.release != staging.live.id or staging.serving != staging.live.id:
        return Decision(staging)
    others = tuple(stand for stand in staging.checks if stand.check != event.stand.check)
    seen = replace(staging, checks=(*others, event.stand))
    since = event.stand.since if not event.stand.ok else now
    return _weighed(Decision(seen), since, policy, now)


def found(staging: Staging, event: Found, now: datetime) -> Decision:
    """The alert says what was found out; what was told already is edited."""
    if not staging.broken_since:
        return Decision(staging)
    told = staging.alerted_at is not None
    facts = {"finding": event.finding, "owner": staging.owner, "health": staging.health.value}
    notice = Notice(NoticeKind.BROKEN, Where.ALERT_EDIT if told else Where.ALERTS, facts)
    after = replace(staging, finding=event.finding, alerted_at=staging.alerted_at or now)
    return Decision(after, notices=() if event.finding == staging.finding and told else (notice,))


def mute(staging: Staging, event: Mute, now: datetime) -> Decision:
    others = {check: until for check, until in staging.mutes.items() if check != event.check and until > now}
    mutes = {**others, event.check: event.until} if event.until else others
    return Decision(replace(staging, mutes=mutes), actor=event.actor, what="mute", why=event.check)


def _weighed(decision: Decision, since: datetime, policy: Policy, now: datetime) -> Decision:
    """Its health is the worse of what the engine and the health checks say. `since`: when it began not to be well, if
    that is what was seen now."""
    before = decision.staging
    health, reason, details = _together(before)
    after = replace(before, health=health)
    if health is not Health.HEALTHY:
        after = replace(after, health_reason=reason, health_details=details)
        after = replace(after, unhealthy_since=after.unhealthy_since or since, healthy_since=None)
    elif after.unhealthy_since:  # the reason is kept until it is well again: the end of an alert tells it
        after = replace(after, healthy_since=after.healthy_since or now)
    changed_look = after.health is not before.health and after.broken_since is not None
    targets = decision.targets | {CARD} if changed_look else decision.targets
    return alerted(replace(decision, staging=after, targets=targets), policy, now)


def _together(staging: Staging) -> tuple[Health, str, tuple[str, ...]]:
    failing = [stand for stand in staging.checks if not stand.ok]
    if staging.engine_health is not Health.HEALTHY or not failing:
        return staging.engine_health, staging.engine_reason, staging.engine_details
    silent = all(not stand.ok and not stand.answered for stand in staging.checks)
    texts = "; ".join(f"{stand.check}: {stand.text}" for stand in failing)
    return (Health.DOWN if silent else Health.DEGRADED), texts, ()


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
