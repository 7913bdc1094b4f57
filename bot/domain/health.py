"""How a live staging is doing: the worse of what its engine says of its workloads and how its health checks stand."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.breakage import alerted, judged
from bot.domain.events import ChecksDropped, CheckSeen, Decision, Target
from bot.domain.model import Health, Staging
from bot.domain.policy import Policy
from bot.domain.status import MOST_SIGNS, Sign, StagingStatus

SIGNS_COUNT_FOR = timedelta(hours=1)
WORSE = (Health.HEALTHY, Health.DEGRADED, Health.DOWN)


def health_seen(decision: Decision, status: StagingStatus, policy: Policy, now: datetime) -> Decision:
    """Fold what the snapshot says about the serving release into a decision about the rollout."""
    staging = decision.staging
    if staging.live is None or status.resuming:
        return decision
    if status.serving not in (None, staging.live.id):
        return replace(decision, staging=_unknown(staging))
    health, reason, details, worst = _of_workloads(status)
    seen = replace(staging, engine_health=health, engine_reason=reason, engine_details=details, engine_worst=worst)
    seen = replace(seen, signs=_signs(staging, status, now))
    return _weighed(staging, replace(decision, staging=seen), now, policy, now)


def check_seen(staging: Staging, event: CheckSeen, policy: Policy, now: datetime) -> Decision:
    """Of a release that serves no more, or while another one is on its way, it says nothing."""
    if staging.live is None or not serves(staging, event.release):
        return Decision(staging)
    others = tuple(stand for stand in staging.checks if stand.check != event.stand.check)
    seen = replace(staging, checks=(*others, event.stand))
    return _weighed(staging, Decision(seen), min(event.stand.since, now), policy, now)


def checks_dropped(staging: Staging, event: ChecksDropped, policy: Policy, now: datetime) -> Decision:
    """What is not asked any more can't fail."""
    rest = tuple(stand for stand in staging.checks if stand.check not in event.checks)
    if rest == staging.checks:
        return Decision(staging)
    return _weighed(staging, Decision(replace(staging, checks=rest)), now, policy, now)


def serves(staging: Staging, release: str) -> bool:
    """Whether this release answers, and is to be checked."""
    return staging.live is not None and staging.live.id == release == staging.serving and judged(staging)


def without_checks(staging: Staging) -> Staging:
    """A release is about to come: by the time that it has, how checks stood is out of date. A breakage stays one."""
    if staging.broken_since or not staging.checks:
        return staging
    forgotten = replace(staging, checks=())
    if staging.engine_health is not Health.HEALTHY:
        return replace(forgotten, health=staging.engine_health, health_reason=staging.engine_reason)
    return replace(forgotten, health=Health.HEALTHY, health_reason="", unhealthy_since=None, healthy_since=None)


def _weighed(before: Staging, decision: Decision, since: datetime, policy: Policy, now: datetime) -> Decision:
    """`since`: from when on it is as it was seen now."""
    health, reason, details = _together(decision.staging)
    after = replace(decision.staging, health=health)
    if health is not Health.HEALTHY:
        after = replace(after, health_reason=reason, health_details=details)
        after = replace(after, unhealthy_since=after.unhealthy_since or since, healthy_since=None)
    elif after.unhealthy_since:  # the reason is kept until it is well again: the end of an alert tells it
        after = replace(after, healthy_since=after.healthy_since or since)
    news: frozenset[Target] = frozenset()
    if after.broken_since and _looks(after) != _looks(before):
        found_anew = health is not Health.HEALTHY and judged(after)  # a rollout takes away what it replaces
        news = frozenset({Target.CARD, Target.FINDING} if found_anew else {Target.CARD})
    return alerted(replace(decision, staging=after, targets=decision.targets | news), policy, now)


def _looks(staging: Staging) -> tuple[Health, Health, frozenset[str]]:
    return staging.health, staging.engine_health, frozenset(stand.check for stand in staging.failing)


def _together(staging: Staging) -> tuple[Health, str, tuple[str, ...]]:
    said = [f"{stand.check}: {stand.text}" for stand in staging.failing]
    if staging.engine_health is not Health.HEALTHY:
        said.insert(0, staging.engine_reason)
    worse = max(staging.engine_health, _of_checks(staging), key=WORSE.index)
    return worse, "; ".join(said), staging.engine_details


def _of_checks(staging: Staging) -> Health:
    if not staging.failing:
        return Health.HEALTHY
    silent = all(not stand.ok and not stand.answered for stand in staging.checks)
    return Health.DOWN if silent else Health.DEGRADED


def _of_workloads(status: StagingStatus) -> tuple[Health, str, tuple[str, ...], str]:
    if status.serving is None:
        return Health.DOWN, "nothing of it runs any more", (), ""
    ill = [w for w in status.serving_workloads if w.ready < w.wanted]
    if not ill:
        return Health.HEALTHY, "", (), ""
    worst = min(ill, key=lambda w: w.ready)
    reason = worst.reason or f"{worst.name}: {worst.ready} of {worst.wanted} ready"
    return (Health.DOWN if worst.ready == 0 else Health.DEGRADED), reason, worst.log_tail, worst.name


def _signs(staging: Staging, status: StagingStatus, now: datetime) -> tuple[Sign, ...]:
    """What was seen happen to the serving release lately. The old ones go when new ones come."""
    workloads = [*status.serving_workloads, *status.workloads]
    live = staging.live.id if staging.live else ""
    seen = {sign for one in workloads if one.release == live for sign in one.signs} - set(staging.signs)
    new = [sign for sign in seen if sign.at > now - SIGNS_COUNT_FOR]
    if not new:
        return staging.signs
    counting = [sign for sign in staging.signs if sign.at > now - SIGNS_COUNT_FOR]
    ordered = sorted([*counting, *new], key=lambda sign: (sign.at, sign.workload, sign.kind, sign.of, sign.text))
    return tuple(ordered[-MOST_SIGNS:])


def _unknown(staging: Staging) -> Staging:
    """People use another release: what ailed this one, unless it was announced, will not be called a breakage."""
    if staging.broken_since:
        return staging
    well = replace(staging, health=Health.HEALTHY, health_reason="", health_details=(), checks=())
    engine = replace(well, engine_health=Health.HEALTHY, engine_reason="", engine_details=(), engine_worst="")
    return replace(engine, unhealthy_since=None, healthy_since=None)
