"""A release on its way: from files through the engine and the URL probe to live, or to failed with its reason."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.breakage import WELL, proven, recovery
from bot.domain.durations import format_duration
from bot.domain.events import (
    Applied,
    Decision,
    FilesReady,
    ImageMissing,
    Notice,
    NoticeKind,
    ReleaseFailed,
    Target,
    UrlAnswered,
    Where,
)
from bot.domain.health import health_seen
from bot.domain.model import CLOCK, Desired, Release, Stage, Staging, WorkloadProgress
from bot.domain.policy import Policy
from bot.domain.rest import awake, come_back, no_rest, not_awake, rest_seen, wake_seen
from bot.domain.status import StagingStatus, WorkloadState, WorkloadStatus

CARD, PROGRESS, ENGINE = Target.CARD, Target.PROGRESS, Target.ENGINE
MOST_UNPROVEN = 50


def files_ready(staging: Staging, event: FilesReady, now: datetime) -> Decision:
    """Of a release that waited for its image: it is there now, and all is done anew."""
    attempt = staging.attempt
    if not _concerns(staging, event.release) or (attempt.files_at and not attempt.waiting):
        return Decision(staging)
    release = replace(attempt, files_at=attempt.files_at or now, awaits="", awaits_until=None, build=None)
    claims = tuple(sorted({*staging.claims, *event.claims}))
    after = replace(staging, claims=claims, look_at=None)
    return _with_attempt(after, release, PROGRESS, *_card_if(attempt.waiting))


def image_missing(staging: Staging, event: ImageMissing, policy: Policy, now: datetime) -> Decision:
    """Look again after a while; the limit counts only after a look, as the bot may have been away."""
    attempt = staging.attempt
    if not _concerns(staging, event.release) or attempt.stage is not Stage.QUEUED:
        return Decision(staging)
    waits = _awaiting(attempt, event.image, policy, now)
    until = waits.awaits_until or now
    if now >= until:
        return _never_there(replace(staging, look_at=None), waits, policy, (event.trouble,), now)
    waited = policy.image_wait - (until - now)
    after = replace(staging, look_at=min(now + policy.look_after(waited), until))
    return _with_attempt(after, waits, CARD, PROGRESS) if waits != attempt else Decision(after)


def still_waiting(staging: Staging, policy: Policy, now: datetime) -> Decision:
    """Time has passed. Before it was applied the registry is asked again; after that the engine tells."""
    attempt, look_at = staging.attempt, staging.look_at
    if attempt.stage is Stage.QUEUED:
        due = look_at is not None and now >= look_at
        return Decision(replace(staging, look_at=None), targets=frozenset({ENGINE})) if due else Decision(staging)
    over = attempt.awaits_until is not None and now >= attempt.awaits_until
    return _never_there(staging, attempt, policy, (), now) if over else Decision(staging)


def wait_ends(staging: Staging) -> datetime | None:
    """When `still_waiting` will have something to decide."""
    if not staging.attempt.waiting:
        return None
    return staging.look_at if staging.attempt.stage is Stage.QUEUED else staging.attempt.awaits_until


def _awaiting(release: Release, image: str, policy: Policy, now: datetime) -> Release:
    if image == release.awaits:
        return release
    return replace(release, awaits=image, awaits_until=now + policy.image_wait if image else None, build=None)


def _never_there(staging: Staging, release: Release, policy: Policy, trouble: Sequence[str], now: datetime) -> Decision:
    waited = format_duration(policy.image_wait)
    reason = f"For {waited} the image {release.awaits} was looked for, and the registry does not have it."
    step = "See whether the build that makes it has succeeded and pushes this very name; then retry."
    return _failed(staging, release, reason, tuple(filter(None, trouble)), step, now)


def _card_if(changed: bool) -> tuple[Target, ...]:
    return (CARD,) if changed else ()


def applied(staging: Staging, event: Applied, now: datetime) -> Decision:
    if staging.waking and event.release == staging.attempt.id:
        return come_back(staging)
    if not _concerns(staging, event.release) or staging.attempt.stage is not Stage.QUEUED:
        return Decision(staging)
    return _with_attempt(staging, replace(staging.attempt, stage=Stage.APPLIED, applied_at=now), PROGRESS)


def _concerns(staging: Staging, release: str) -> bool:
    return staging.attempt.id == release and staging.attempt.stage.under_way


def _with_attempt(staging: Staging, release: Release, *targets: Target) -> Decision:
    return Decision(replace(staging, attempt=release), releases=(release,), targets=frozenset(targets))


def status_seen(staging: Staging, status: StagingStatus, policy: Policy, now: datetime) -> Decision:
    if staging.resting and (status.present or staging.desired is not Desired.ABSENT):
        return rest_seen(staging, status, now)
    if staging.waking and staging.desired is Desired.PRESENT:
        return wake_seen(staging, status, policy, now)
    if not status.present:
        return _gone(staging, status, policy, now)
    if staging.desired is Desired.ABSENT:
        return _removal_seen(staging, status)
    decision = _rollout_seen(replace(staging, serving=status.serving), status, policy, now)
    return health_seen(decision, status, policy, now)


def _removal_seen(staging: Staging, status: StagingStatus) -> Decision:
    if status.hanging == staging.health_reason:
        return Decision(staging)
    return Decision(replace(staging, health_reason=status.hanging), targets=frozenset({CARD}))


def _gone(staging: Staging, status: StagingStatus, policy: Policy, now: datetime) -> Decision:
    """Wanted gone: it is deleted. Wanted here: the engine lost it and is asked again."""
    if staging.desired is Desired.ABSENT:
        return _deleted(staging, now)
    wanted = staging.attempt.stage in (Stage.APPLIED, Stage.READY, Stage.LIVE) or staging.live is not None
    again = frozenset({ENGINE}) if wanted else frozenset()
    lost = replace(staging, serving=None)
    if staging.attempt.stage is Stage.READY:  # else the probe would ask for what is not there
        started_anew = _not_ready(replace(staging.attempt, workloads=()), anew=True)
        decision = _with_attempt(lost, started_anew, PROGRESS, ENGINE)
    else:
        decision = Decision(lost, targets=again)
    return health_seen(decision, status, policy, now)


def _deleted(staging: Staging, now: datetime) -> Decision:
    facts = {"by": staging.deleted_by, "reason": staging.delete_reason, "claims": list(staging.claims)}
    return Decision(
        replace(staging, deleted_at=now, serving=None),
        targets=frozenset({CARD}),
        notices=(Notice(NoticeKind.DELETED, Where.THREAD, facts),),
        actor=staging.deleted_by or CLOCK,
        what="deleted",
        why=staging.delete_reason,
    )


def _rollout_seen(staging: Staging, status: StagingStatus, policy: Policy, now: datetime) -> Decision:
    attempt = staging.attempt
    if status.release != attempt.id or not (attempt.stage.under_way or _may_heal(attempt)):
        return Decision(staging)
    own = [w for w in status.workloads if w.release == attempt.id]  # the others still run an older release
    lacks = next((w.awaits for w in own if w.awaits), "")
    seen = replace(_awaiting(attempt, lacks, policy, now), workloads=tuple(map(_progress, status.workloads)))
    failed = [w for w in own if w.state is WorkloadState.FAILED]
    if own and len(own) == len(status.workloads) and all(w.state is WorkloadState.READY for w in own):
        return _ready(staging, seen, policy, now)
    if not attempt.stage.under_way:
        healed = status.ask_again and _has_healed(attempt, own)
        return (
            _gone_on(staging, replace(seen, stage=Stage.APPLIED, ended_at=None), CARD) if healed else Decision(staging)
        )
    if failed:
        return _failed(staging, seen, failed[0].reason, failed[0].log_tail, "", now)
    card = _card_if(seen.waiting != attempt.waiting)
    if seen.stage is Stage.READY:  # it was, and is not any more: the probe would ask in vain
        return _with_attempt(staging, _not_ready(seen, anew=status.resuming), PROGRESS, ENGINE, *card)
    if status.ask_again:
        return _gone_on(staging, seen, *card)
    return _with_attempt(staging, seen, PROGRESS, *card) if seen != attempt else Decision(staging)


def _gone_on(staging: Staging, release: Release, *more: Target) -> Decision:
    """Its next turn has come. The engine is asked once more, whatever it was doing: it may have begun too early."""
    return _with_attempt(staging, replace(release, reason="", details=(), next_step=""), PROGRESS, ENGINE, *more)


def _has_healed(release: Release, own: Sequence[WorkloadStatus]) -> bool:
    """Something of it has become ready since it failed. If it failed for another reason, it would only fail again."""
    before = {one.name for one in release.workloads if one.ready == one.wanted}
    return any(one.state is WorkloadState.READY and one.name not in before for one in own)


def _not_ready(release: Release, *, anew: bool) -> Release:
    """`anew`: the engine itself starts it again, which is no unsteadiness of the release."""
    return replace(release, stage=Stage.APPLIED, ready_at=None if anew else release.ready_at)


def _may_heal(release: Release) -> bool:
    """It failed in the engine, before it was ever ready; one that failed at its URL would be probed for ever."""
    return release.stage is Stage.FAILED and release.ready_at is None


def _progress(workload: WorkloadStatus) -> WorkloadProgress:
    return WorkloadProgress(workload.name, workload.ready, workload.wanted, workload.reason)


def _ready(staging: Staging, seen: Release, policy: Policy, now: datetime) -> Decision:
    if seen.stage is Stage.READY:
        return Decision(staging)
    steps = replace(seen, ready_at=seen.ready_at or now, applied_at=seen.applied_at or now)
    well = replace(steps, reason="", details=(), next_step="", awaits="", awaits_until=None, build=None)
    ready = replace(well, stage=Stage.READY, ended_at=None)
    if not (policy.probes and staging.urls):
        return _live(staging, ready, "", policy, now)
    healed = seen.stage is Stage.FAILED or staging.attempt.waiting
    return _with_attempt(staging, ready, PROGRESS, ENGINE, *_card_if(healed))


def url_answered(staging: Staging, event: UrlAnswered, policy: Policy, now: datetime) -> Decision:
    if staging.waking and event.release == staging.attempt.id:
        return awake(staging, "", now) if staging.waking is Stage.READY else Decision(staging)
    if not _concerns(staging, event.release) or staging.attempt.stage is not Stage.READY:
        return Decision(staging)
    return _live(staging, staging.attempt, event.text, policy, now)


def _live(staging: Staging, release: Release, probe: str, policy: Policy, now: datetime) -> Decision:
    live = replace(release, stage=Stage.LIVE, ended_at=now)
    facts = {
        "actor": live.actor,
        "urls": dict(staging.urls),
        "seconds": round((now - live.requested_at).total_seconds(), 1),
        "number": live.number,
        "probe": probe,
    }
    healthy = replace(
        staging,
        attempt=live,
        live=live,
        serving=live.id,
        good=good_before(staging, live, policy, now),
        unproven=_unproven(staging, live, policy, now),
        **(WELL | {"well_from": now}),
    )
    return Decision(
        healthy,
        releases=(live,),
        targets=frozenset({CARD, PROGRESS}),
        notices=(Notice(NoticeKind.LIVE, Where.THREAD, facts), *(recovery(staging, now))),
        actor=live.actor,
        what="live",
        why=f"release {live.number}",
    )


def good_before(staging: Staging, release: Release, policy: Policy, now: datetime) -> int | None:
    """The number of the release to return to, should this one turn out to be bad."""
    former = staging.live
    if former is None or former.id == release.id or former.same_as(release):
        return staging.good
    if release.copy_of:
        return None
    return former.number if proven(staging, policy, now) else staging.good


def _unproven(staging: Staging, release: Release, policy: Policy, now: datetime) -> tuple[int, ...]:
    former = staging.live
    if former is None or former.id == release.id or proven(staging, policy, now):
        return staging.unproven
    return (*staging.unproven, former.number)[-MOST_UNPROVEN:]


def never_steady(staging: Staging, now: datetime) -> Decision:
    """It was ready, and not, and ready, for too long: it would go on so for ever."""
    attempt = staging.attempt
    turns = format_duration(now - (attempt.ready_at or now))
    ill = [w.reason or f"{w.name}: {w.ready} of {w.wanted} ready" for w in attempt.workloads if w.ready < w.wanted]
    reason = f"For {turns} it was ready and not ready by turns, and its URL never answered in between."
    return _failed(staging, attempt, reason, ill, "Its logs may say why. Push a fix and deploy again.", now)


def release_failed(staging: Staging, event: ReleaseFailed, now: datetime) -> Decision:
    if staging.resting and event.release == staging.attempt.id:
        return no_rest(staging, event)
    if staging.waking and event.release == staging.attempt.id:
        return not_awake(staging, event, now)
    if not _concerns(staging, event.release):
        return Decision(staging)
    return _failed(staging, staging.attempt, event.reason, event.details, event.next_step, now)


def _failed(
    staging: Staging, release: Release, reason: str, details: Sequence[str], next_step: str, now: datetime
) -> Decision:
    failed = replace(
        release, stage=Stage.FAILED, ended_at=now, reason=reason, details=tuple(details), next_step=next_step
    )
    after = replace(staging, attempt=failed)
    older = after.older_serves
    facts = {
        "actor": failed.actor,
        "release": failed.id,
        "number": failed.number,
        "reason": reason,
        "details": list(details),
        "next_step": next_step,
        "serves": older.number if older else None,
    }
    return Decision(
        after,
        releases=(failed,),
        targets=frozenset({CARD, PROGRESS}),
        notices=(Notice(NoticeKind.FAILED, Where.THREAD, facts),),
        actor=failed.actor,
        what="failed",
        why=f"release {failed.number}: {reason}",
    )
