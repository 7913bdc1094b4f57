"""The way back: sleep, wake, reset, and a delete that is taken back.

While a staging rests nothing of it runs and its data stays; neither that nor its waking is a breakage. A wake brings
back the release that was live: no new release, and no second word that it is live.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.breakage import WELL, alert_is_open, broke
from bot.domain.durations import format_duration
from bot.domain.errors import UserError
from bot.domain.events import ALL, Decision, Notice, NoticeKind, ReleaseFailed, Reset, Sleep, Target, Wake, Where
from bot.domain.model import CLOCK, Desired, Health, Phase, Release, Stage, Staging
from bot.domain.policy import Policy
from bot.domain.status import StagingStatus, WorkloadState

CARD, ENGINE = frozenset({Target.CARD}), frozenset({Target.ENGINE})
UP: dict[str, Any] = {
    "desired": Desired.PRESENT,
    "health_reason": "",
    "delete_reason": "",
    **dict.fromkeys(("slept_by", "sleep_asked_at", "asleep_at", "visited_at")),
    **dict.fromkeys(("waking", "woken_by", "wake_asked_at", "reset_at")),
    **dict.fromkeys(("undo_until", "deleted_by", "delete_asked_at", "lost")),
}
"""Whatever of it was asleep, waking, being reset or deleted is over."""


def superseded(release: Release, why: str, now: datetime) -> tuple[Release, ...]:
    """The release as it ends, if it was under way."""
    if not release.stage.under_way:
        return ()
    return (replace(release, stage=Stage.SUPERSEDED, ended_at=now, reason=why),)


# --- what people ask for ---------------------------------------------------------------------------------------------


def sleep(staging: Staging, event: Sleep, now: datetime) -> Decision:
    """Also while it is asleep: then the engine is only asked again, so nothing can get stuck."""
    if staging.desired is Desired.ABSENT:
        raise UserError(f"{staging.name} is being deleted, so there is nothing to put to sleep.")
    if staging.desired is Desired.RESET:
        raise UserError(f"{staging.name} is being reset. Put it to sleep when its card says live.")
    if staging.desired is Desired.ASLEEP:
        return Decision(staging, targets=ENGINE)
    ended = superseded(staging.attempt, "The staging was put to sleep.", now)
    changes = UP | WELL | {"desired": Desired.ASLEEP, "slept_by": event.actor, "sleep_asked_at": now, "look_at": None}
    after = replace(staging, attempt=ended[0] if ended else staging.attempt, **changes)
    closed = alert_closed(staging, NoticeKind.SLEPT, event.actor, "")
    return Decision(after, ended, ALL, closed, event.actor, "sleep")


def wake(staging: Staging, event: Wake, now: datetime) -> Decision:
    """A delete that can be taken back is taken back. The second click of a double click does nothing."""
    if staging.desired is Desired.ABSENT and staging.undo_until is None:
        raise UserError(
            f"{staging.name} is being deleted, and that can't be taken back any more. "
            f"`/octopod deploy {staging.branch}` makes a new one."
        )
    if staging.desired is not Desired.ABSENT and event.undo:
        raise UserError(
            f"{staging.name} is not being deleted, but {staging.phase}, so there is no delete to take back."
        )
    if staging.waking:
        return Decision(staging)
    if staging.desired in (Desired.PRESENT, Desired.RESET):
        raise UserError(f"{staging.name} is not asleep, but {staging.phase}.")
    if staging.lost is not None:  # what runs anew finds no data, so its hooks have to run, as after a reset
        return replace(_reset(staging, event.actor, now, "nothing of it was there any more"), what="wake")
    undone = staging.desired is Desired.ABSENT
    why = "the delete was taken back" if undone else ""
    if undone and staging.reset_at:  # part of its data may be wiped already
        back = replace(staging, **(UP | WELL))
        return _reset(replace(back, asleep_at=staging.asleep_at), event.actor, now, why)
    decision = _brought_back(staging, event.actor, now)
    if undone and decision.staging.waking:  # whose delete it takes back is told when it is there again
        decision = replace(decision, staging=replace(decision.staging, deleted_by=staging.deleted_by))
    return replace(decision, actor=event.actor, what="wake", why=why)


def reset(staging: Staging, event: Reset, now: datetime) -> Decision:
    """Also while it is being reset: then the engine is only asked again."""
    if staging.desired is Desired.ABSENT:
        raise UserError(f"{staging.name} is being deleted, so there is nothing to reset.")
    if staging.desired is Desired.RESET:
        return Decision(staging, targets=ENGINE)
    closed = alert_closed(staging, NoticeKind.SLEPT, event.actor, "it is being reset")
    return replace(_reset(staging, event.actor, now, ", ".join(staging.claims)), notices=closed)


def _reset(staging: Staging, actor: str, now: datetime, why: str) -> Decision:
    """A release under way is started anew afterwards."""
    attempt = staging.attempt.anew() if staging.attempt.stage.under_way else staging.attempt
    asked: dict[str, Any] = {"desired": Desired.RESET, "reset_at": now, "woken_by": actor, "wake_asked_at": now}
    claims = {"lost": staging.lost, "claims": staging.claims if staging.lost is None else staging.lost}
    changes = UP | WELL | asked | claims | {"asleep_at": staging.asleep_at, "look_at": None, "serving": None}
    after = replace(staging, attempt=attempt, **changes)
    changed = (attempt,) if attempt != staging.attempt else ()
    return Decision(after, changed, ALL, (), actor, "reset", why)


def alert_closed(staging: Staging, kind: NoticeKind, by: str, reason: str) -> tuple[Notice, ...]:
    """A breakage ends with what broke: the alert says so by an edit, silently."""
    facts = {"by": by, "reason": reason}
    return (Notice(kind, Where.ALERT_EDIT, facts),) if alert_is_open(staging) else ()


def _brought_back(staging: Staging, actor: str, now: datetime) -> Decision:
    """What was live comes back, not a newer release that failed; what never was live is tried once more."""
    number = max(staging.last_number, staging.attempt.number)
    up = replace(staging, **(UP | WELL), last_number=number)
    if staging.live is None:
        again = staging.attempt.anew(actor=actor, requested_at=now, copy_of=staging.attempt.copy_of)
        return Decision(replace(up, attempt=again), (again,), ALL)
    waking: dict[str, Any] = {"waking": Stage.QUEUED, "woken_by": actor, "wake_asked_at": now}
    return Decision(replace(up, attempt=staging.live, **waking), targets=ALL)


# --- while it rests --------------------------------------------------------------------------------------------------


def rest_seen(staging: Staging, status: StagingStatus, now: datetime) -> Decision:
    """Of one that is wanted gone and is: everybody is told when its time is over."""
    quiet = replace(staging, serving=None)
    if staging.desired is Desired.ASLEEP and not status.present and staging.was_there:
        return _lost(quiet, now)
    if status.present and staging.lost is not None and staging.desired is Desired.ASLEEP:
        runs = frozenset() if status.asleep else ENGINE
        return Decision(replace(quiet, lost=None, claims=staging.lost), targets=CARD | runs)
    if status.asleep or not status.present:
        return slept(quiet, now)
    again = ENGINE if staging.asleep_at or status.ask_again else frozenset()  # something was started meanwhile
    if staging.asleep_at or status.hanging == staging.health_reason:
        return Decision(quiet, targets=again)
    return Decision(replace(quiet, health_reason=status.hanging), targets=CARD | again)


def _lost(staging: Staging, now: datetime) -> Decision:
    """Somebody else has removed what was to be kept. Told once; if it is seen again after all, it is kept again."""
    if staging.lost is not None:
        return Decision(staging)
    asleep_at = staging.asleep_at or now
    after = replace(staging, lost=staging.claims, claims=(), asleep_at=asleep_at, health_reason="")
    facts = {"owner": staging.owner, "claims": list(staging.claims)}
    told = (Notice(NoticeKind.LOST, Where.THREAD, facts),)
    why = "it was removed where it ran, not by Octopod"
    return Decision(after, targets=CARD, notices=told, actor=CLOCK, what="lost", why=why)


def slept(staging: Staging, now: datetime) -> Decision:
    """Nothing of it runs. One that is being reset is wiped now."""
    if not staging.resting or staging.asleep_at:
        return Decision(staging)
    after = replace(staging, asleep_at=now, serving=None, health_reason="")
    if staging.desired is Desired.RESET:
        return Decision(after, targets=ENGINE)
    if staging.desired is Desired.ABSENT:
        return Decision(after)
    if staging.slept_by == CLOCK:  # each evening the same is no news
        return Decision(after, targets=CARD)
    facts = {"by": staging.slept_by or CLOCK, "claims": list(staging.claims)}
    told = (Notice(NoticeKind.SLEPT, Where.THREAD, facts),)
    return Decision(after, targets=CARD, notices=told, actor=staging.slept_by or CLOCK, what="asleep")


def no_rest(staging: Staging, event: ReleaseFailed) -> Decision:
    """Why it does not come to rest. It is asked for again by whoever asks for its sleep, reset or end once more."""
    if staging.health_reason == event.reason or (staging.asleep_at and staging.desired is Desired.ASLEEP):
        return Decision(staging)
    return Decision(replace(staging, health_reason=event.reason), targets=CARD)


def wiped(staging: Staging, now: datetime) -> Decision:
    """Its data is gone: what ran, or was to run, is started anew."""
    if staging.desired is not Desired.RESET:
        return Decision(staging)
    if staging.attempt.stage.under_way:
        return Decision(replace(staging, **UP), targets=ALL)
    decision = _brought_back(staging, staging.woken_by or CLOCK, now)
    if not decision.staging.waking:
        return decision
    return replace(decision, staging=replace(decision.staging, reset_at=staging.reset_at, lost=staging.lost))


def visited(staging: Staging, now: datetime) -> Decision:
    """Told once for each sleep."""
    if staging.phase is not Phase.ASLEEP or staging.visited_at:
        return Decision(staging)
    told = (Notice(NoticeKind.VISITED, Where.THREAD, {"url": staging.url or "", "by": staging.slept_by or CLOCK}),)
    return Decision(replace(staging, visited_at=now), notices=told)


# --- while it wakes --------------------------------------------------------------------------------------------------


def come_back(staging: Staging) -> Decision:
    """The engine was asked for it. What it told before may be of its rest, or all that there is to tell: of what nobody
    has put to rest yet, and of what a bot that was killed meanwhile had asked for, it tells nothing new."""
    if staging.waking is not Stage.QUEUED:
        return Decision(staging)
    if staging.serving == staging.attempt.id:
        return Decision(replace(staging, waking=Stage.READY), targets=ENGINE)
    return Decision(replace(staging, waking=Stage.APPLIED))


def too_slow(staging: Staging, policy: Policy, now: datetime) -> Decision:
    """Nothing wakes for ever."""
    if (ends := waking_ends(staging, policy)) is None or now < ends:
        return Decision(staging)
    waited = format_duration(policy.waking)
    return not_awake(staging, ReleaseFailed(staging.attempt.id, f"It was not ready after {waited}."), now)


def waking_ends(staging: Staging, policy: Policy) -> datetime | None:
    if staging.desired is not Desired.PRESENT or not staging.waking or not staging.wake_asked_at:
        return None
    return staging.wake_asked_at + policy.waking


def wake_seen(staging: Staging, status: StagingStatus, policy: Policy, now: datetime) -> Decision:
    back = replace(staging, serving=status.serving)
    if staging.waking is Stage.QUEUED:
        return Decision(back)
    if not status.present:
        return Decision(replace(back, waking=Stage.QUEUED), targets=ENGINE)
    release = staging.attempt
    if status.release != release.id:
        return Decision(back)
    own = [one for one in status.workloads if one.release == release.id]
    failed = [one for one in own if one.state is WorkloadState.FAILED]
    if failed:
        said = ReleaseFailed(release.id, failed[0].reason, failed[0].log_tail)
        return not_awake(replace(back, waking=Stage.APPLIED), said, now)
    ready = bool(own) and len(own) == len(status.workloads) and all(one.state is WorkloadState.READY for one in own)
    if ready and not (policy.probes and staging.urls):
        return awake(back, "", now)
    if ready is (staging.waking is Stage.READY):
        again = status.ask_again and not ready
        return Decision(back, targets=ENGINE if again else frozenset())
    return Decision(replace(back, waking=Stage.READY if ready else Stage.APPLIED), targets=ENGINE)


def awake(staging: Staging, trouble: str, now: datetime) -> Decision:
    """`trouble`: what its URL says, if it is not what a live staging should."""
    by, asked_at = staging.woken_by or CLOCK, staging.reset_at or staging.wake_asked_at or now
    facts = {
        "by": by,
        "urls": dict(staging.urls),
        "seconds": round((now - asked_at).total_seconds(), 1),
        "number": staging.attempt.number,
        "reset": list(staging.claims) if staging.reset_at else None,
        "trouble": trouble,
        "undone": staging.deleted_by,
        "lost": staging.lost is not None,
        "claims": list(staging.claims),
    }
    after = replace(staging, serving=staging.attempt.id, **(UP | WELL))
    news = by != CLOCK or trouble or staging.reset_at
    told = (Notice(NoticeKind.AWAKE, Where.THREAD, facts),) if news else ()
    why = f"release {staging.attempt.number}"
    return Decision(after, targets=CARD, notices=told, actor=by, what="awake", why=why)


def not_awake(staging: Staging, event: ReleaseFailed, now: datetime) -> Decision:
    """If only its URL does not answer, it is awake, and that is told. Else it is broken, and everything can be done
    that can be done with what is broken."""
    if staging.waking is Stage.READY:
        return awake(staging, event.reason, now)
    by = staging.woken_by or CLOCK
    facts: dict[str, Any] = {"by": by, "number": staging.attempt.number, "reason": event.reason}
    facts |= {"details": list(event.details), "kept": staging.reset_at is None}
    ill: dict[str, Any] = {"health": Health.DOWN, "health_reason": event.reason, "health_details": tuple(event.details)}
    ill |= {f"engine_{name.removeprefix('health_')}": value for name, value in ill.items()}
    after = replace(staging, **(UP | WELL | ill | {"unhealthy_since": now}))
    told = Notice(NoticeKind.NOT_AWAKE, Where.THREAD, {**facts, "next_step": event.next_step})
    broken = broke(Decision(after, notices=(told,)), now)
    return replace(broken, actor=by, what="not awake", why=event.reason)
