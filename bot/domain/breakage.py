"""When it is worth an alert how a live staging is doing.

A breakage is one once it has lasted for the debounce, and it is over once all has been well for the settling time;
neither is decided while a release is under way. A crash loop that flickers between ready and not is one breakage. What
broke it is found out first, and told with it: one alert for one breakage, and for all of one that comes and goes.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.events import Decision, Found, Notice, NoticeKind, Target, Where
from bot.domain.finding import Cause, Confidence, Finding
from bot.domain.gist import gist
from bot.domain.model import CLOCK, Desired, Health, Staging, is_person
from bot.domain.mutes import muted
from bot.domain.policy import Policy

CARD, FINDING = Target.CARD, Target.FINDING
WELL: dict[str, Any] = {
    "health": Health.HEALTHY,
    "health_reason": "",
    "health_details": (),
    "engine_health": Health.HEALTHY,
    "engine_reason": "",
    "engine_details": (),
    "engine_worst": "",
    "checks": (),
    "signs": (),
    "breaks": 0,
    **dict.fromkeys(("unhealthy_since", "healthy_since", "broken_since")),
    **dict.fromkeys(("alerted_at", "called_at", "excused_at", "recovered_at")),
}
"""Whatever ailed it is over, and so is what was told of that."""


def judged(staging: Staging) -> bool:
    """Whether it should be well now: nothing of it is on its way."""
    return staging.desired is Desired.PRESENT and not staging.waking and not staging.attempt.stage.under_way


def alerted(decision: Decision, policy: Policy, now: datetime) -> Decision:
    """A breakage or its end, once it has lasted long enough. A throw-away staging has none: it is a witness."""
    staging = decision.staging
    if not judged(staging) or staging.witness_for:
        return decision
    if staging.unhealthy_since is None:
        quiet = _quiet_at(staging, policy)
        return _steady(decision, now) if quiet and now >= quiet else decision
    if staging.healthy_since and now >= staging.healthy_since + policy.settle:
        return _well_again(decision, policy, now)
    due = now >= staging.unhealthy_since + policy.debounce
    if staging.health is not Health.HEALTHY and due and not staging.broken_since:
        again = staging.recovered_at is not None and now < staging.recovered_at + policy.quiet
        return broke(decision, now, again=again)
    return decision


def next_time(staging: Staging, policy: Policy) -> datetime | None:
    """When `alerted` will have something to decide."""
    if not judged(staging) or staging.witness_for:
        return None
    if staging.unhealthy_since is None:
        return _quiet_at(staging, policy)
    if staging.healthy_since:
        return staging.healthy_since + policy.settle
    if staging.health is Health.HEALTHY or staging.broken_since:
        return None
    return staging.unhealthy_since + policy.debounce


def broke(decision: Decision, now: datetime, *, again: bool = False) -> Decision:
    """It is broken, and why is to be found out. `again`: it comes and goes, and what was told of it goes on."""
    staging = decision.staging
    ill = replace(staging, broken_since=now, finding=None, excused_at=None)
    if not again:
        ill = replace(ill, breaks=0, alerted_at=None, called_at=None, recovered_at=None)
    return replace(
        decision,
        staging=replace(ill, breaks=ill.breaks + 1),
        targets=decision.targets | {CARD, FINDING},
        actor=decision.actor or CLOCK,
        what=decision.what or "broken",
        why=decision.why or staging.health_reason,
    )


def found(staging: Staging, event: Found, now: datetime) -> Decision:
    """What broke it is told as an alert; one that was sent is edited. The baseline has one of its own, and so has an
    incident: whoever only shares in them gets none."""
    if not staging.broken_since:
        return Decision(staging)
    finding, of_baseline = event.finding, event.finding.cause is Cause.BASELINE
    notices: list[Notice] = []
    after = replace(staging, finding=finding)
    if staging.alerted_at:
        notices += [_broken(after, Where.ALERT_EDIT)] if finding != staging.finding else []
        # An edit calls nobody: who turns out to be named is called by a reply, once, and so is told who is cleared.
        called = bool(_named(finding)) and not staging.called_at
        notices += [_broken(after, Where.ALERT_THREAD)] if called or _cleared(staging.finding, finding) else []
    elif not (of_baseline or event.incident or muted(staging, now)):
        after = replace(after, alerted_at=now)
        notices.append(_broken(after, Where.ALERTS))
    if after.alerted_at and _named(finding) and not after.called_at:
        after = replace(after, called_at=now)
    if of_baseline and not staging.excused_at and not muted(staging, now):
        after = replace(after, excused_at=now)
        notices.append(_broken(after, Where.THREAD))
    if after == staging and not notices:
        return Decision(staging)
    return Decision(after, notices=tuple(notices), actor=CLOCK, what="found", why=gist(finding))


def _cleared(before: Finding | None, after: Finding) -> bool:
    """It is proven that it was not those who were named for it, or not all of them."""
    return before is not None and bool(_named(before) - _named(after)) and after.confidence is Confidence.PROVEN


def _named(finding: Finding) -> frozenset[str]:
    """Who did it for a fact: whoever wrote the commits, or changed the keys. Who is not known to Slack, by name."""
    if finding.confidence is not Confidence.PROVEN:
        return frozenset()
    keys = finding.changes if finding.cause is Cause.CONFIGURATION else ()
    who = [*(one.user or one.name for one in finding.people), *(key.by for key in keys if is_person(key.by))]
    return frozenset(filter(None, who))


def _broken(staging: Staging, where: Where) -> Notice:
    facts = {
        "finding": staging.finding,
        "owner": staging.owner,
        "health": staging.health.value,
        "breaks": staging.breaks,
        "first": iso(staging.alerted_at),
    }
    return Notice(NoticeKind.BROKEN, where, facts)


def _well_again(decision: Decision, policy: Policy, now: datetime) -> Decision:
    """The end of one that comes and goes is told only after it was quiet for long."""
    staging = decision.staging
    over: dict[str, Any] = dict.fromkeys(("unhealthy_since", "healthy_since", "broken_since", "excused_at"))
    well = replace(staging, health_reason="", health_details=(), **over)
    if not staging.broken_since:
        return replace(decision, staging=well)
    end = staging.healthy_since or now
    well_from = staging.well_from if proven(staging, policy, now) else end
    recovered = replace(
        decision,
        staging=replace(well, recovered_at=end, well_from=well_from),
        targets=decision.targets | {CARD},
        notices=(*decision.notices, *(recovery(staging, now) if staging.breaks < 2 else ())),
        actor=CLOCK,
        what="recovered",
    )
    quiet = _quiet_at(recovered.staging, policy)
    return _steady(recovered, now) if quiet and now >= quiet else recovered


def _quiet_at(staging: Staging, policy: Policy) -> datetime | None:
    """When the end of what came and went will be told."""
    if staging.broken_since or not staging.recovered_at or not alert_is_open(staging):
        return None
    return staging.recovered_at + policy.quiet


def _steady(decision: Decision, now: datetime) -> Decision:
    staging = decision.staging
    return replace(
        decision,
        staging=replace(staging, breaks=0, alerted_at=None, called_at=None, recovered_at=None),
        notices=(*decision.notices, *recovery(staging, now)),
        actor=CLOCK,
        what="steady",
        why=f"it had come and gone {staging.breaks} times",
    )


def alert_is_open(staging: Staging) -> bool:
    """There is an alert that says that something is wrong, or that it comes and goes."""
    return staging.alerted_at is not None and (staging.broken_since is not None or staging.breaks > 1)


def recovery(staging: Staging, now: datetime) -> Sequence[Notice]:
    """The alert is edited, and one reply in its thread says so; nothing if there is none that is open."""
    if not alert_is_open(staging):
        return ()
    since = staging.alerted_at if staging.breaks > 1 else staging.unhealthy_since or staging.broken_since
    end = staging.healthy_since or (now if staging.broken_since else staging.recovered_at or now)
    facts = {
        "seconds": round((end - (since or end)).total_seconds()),
        "reason": staging.health_reason or (staging.finding.symptom.text if staging.finding else ""),
        "since": iso(since),
        "breaks": staging.breaks,
        "finding": staging.finding,
    }
    return (
        Notice(NoticeKind.RECOVERED, Where.ALERT_EDIT, facts),
        Notice(NoticeKind.RECOVERED, Where.ALERT_THREAD, facts),
    )


def proven(staging: Staging, policy: Policy, now: datetime) -> bool:
    """The release that is live was so, and well, for long enough to be returned to."""
    if staging.well_from is None:
        return False
    return (staging.unhealthy_since or now) - staging.well_from >= policy.good_after


def iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
