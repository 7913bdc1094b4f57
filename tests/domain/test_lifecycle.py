"""The decision table: for every standing of a staging and every event, what is saved and what shall happen."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from builders import (
    AT_REST,
    EARLIER,
    EXPIRY,
    FAILED,
    GONE,
    IMAGE,
    NOW,
    POLICY,
    PROGRESSING,
    READY,
    a_commit,
    a_deploy,
    a_finding,
    a_release,
    a_staging,
    a_status,
    healthy,
    updating,
)

from bot.domain.checks import Stand
from bot.domain.errors import UserError
from bot.domain.events import (
    Applied,
    BuildSeen,
    CheckSeen,
    Decision,
    Delete,
    Event,
    Extend,
    FilesReady,
    Found,
    ImageMissing,
    Mute,
    ReleaseFailed,
    Reset,
    Rollback,
    Sleep,
    Slept,
    StatusSeen,
    Target,
    Tick,
    UrlAnswered,
    Visited,
    Wake,
    Wiped,
)
from bot.domain.finding import Cause
from bot.domain.hearsay import CiRun, CiState
from bot.domain.lifecycle import decide, offers
from bot.domain.model import Build, Desired, Health, Phase, Stage, Staging

DAY = timedelta(days=1)

# Where a staging can stand. Four of them are the phase "rolling out", at different points of the way.
STANDINGS: Mapping[str, Staging] = {
    "queued": a_staging(Phase.ROLLING_OUT),
    "waiting": a_staging(Phase.WAITING),
    "applied": a_staging(Phase.ROLLING_OUT, attempt=a_release(stage=Stage.APPLIED)),
    "ready": a_staging(Phase.ROLLING_OUT, attempt=a_release(stage=Stage.READY), serving="r1"),
    "updating": updating(),
    "live": a_staging(Phase.LIVE),
    "failed": a_staging(Phase.FAILED),
    "update failed": a_staging(attempt=a_release("r2", Stage.FAILED, ready_at=EARLIER)),
    "broken": a_staging(Phase.BROKEN),
    "not told": a_staging(Phase.BROKEN, alerted_at=None),
    "muted": a_staging(Phase.BROKEN, alerted_at=None, mutes={"": NOW + timedelta(hours=2)}),
    "falling asleep": a_staging(Phase.FALLING_ASLEEP),
    "asleep": a_staging(Phase.ASLEEP),
    "lost": a_staging(Phase.ASLEEP, claims=(), lost=("data",)),
    "waking": a_staging(Phase.WAKING),
    "back, not probed": a_staging(Phase.WAKING, waking=Stage.READY),
    "resetting": a_staging(Phase.RESETTING),
    "to be wiped": a_staging(Phase.RESETTING, asleep_at=NOW),
    "delete can be undone": a_staging(Phase.DELETING, undo_until=NOW + timedelta(minutes=5)),
    "deleting": a_staging(Phase.DELETING),
    "deleted": a_staging(Phase.DELETED),
}


def _deploy(staging: Staging, commit: str) -> Event:
    """Once the old one is deleted, the event brings the id of another one."""
    return a_deploy("r9", commit, staging="s2" if staging.deleted_at else staging.id)


def _starting(staging: Staging) -> Event:
    return StatusSeen(a_status(staging.attempt.id, PROGRESSING, serving=staging.live.id if staging.live else None))


def _build(state: CiState) -> Build:
    return Build(CiRun(a_commit(1), state, "Build", "812"))


def _failed(staging: Staging) -> Event:
    return StatusSeen(a_status(staging.attempt.id, READY, FAILED, serving=staging.serving))


def _checked(ok: bool) -> Event:
    return CheckSeen("r1", Stand("login", ok, "`/login` answers 500", NOW))


EVENTS: Mapping[str, tuple[Callable[[Staging], Event], datetime]] = {
    "deploy another commit": (lambda s: _deploy(s, a_commit(9)), NOW),
    "deploy the same commit": (lambda s: _deploy(s, s.attempt.commit), NOW),
    "files ready": (lambda s: FilesReady(s.attempt.id, ("data",)), NOW),
    "image missing": (lambda s: ImageMissing(s.attempt.id, IMAGE), NOW),
    "CI: failed, and it was looked": (lambda s: BuildSeen(s.attempt.id, _build(CiState.FAILED)), NOW),
    "CI: failed": (lambda s: BuildSeen(s.attempt.id, _build(CiState.FAILED), look=True), NOW),
    "CI: runs": (lambda s: BuildSeen(s.attempt.id, _build(CiState.RUNNING)), NOW),
    "the image was pushed": (lambda s: BuildSeen(s.attempt.id, s.attempt.build, look=True), NOW),
    "applied": (lambda s: Applied(s.attempt.id), NOW),
    "engine: starting": (_starting, NOW),
    "engine: all ready": (lambda s: StatusSeen(healthy(s.attempt.id)), NOW),
    "engine: a workload failed": (_failed, NOW),
    "engine: gone": (lambda s: StatusSeen(GONE), NOW),
    "URL answered": (lambda s: UrlAnswered(s.attempt.id, "200"), NOW),
    "release failed": (lambda s: ReleaseFailed(s.attempt.id, "no such image", ("line 7",), "Build it."), NOW),
    "check fails": (lambda s: _checked(False), NOW),
    "check passes": (lambda s: _checked(True), NOW),
    "found": (lambda s: Found(a_finding()), NOW),
    "found: main, too": (lambda s: Found(a_finding(Cause.BASELINE)), NOW),
    "found: an incident": (lambda s: Found(a_finding(Cause.SHARED), "i1"), NOW),
    "mute": (lambda s: Mute("UBOB", "", NOW + timedelta(hours=1)), NOW),
    "unmute": (lambda s: Mute("UBOB", "", None), NOW),
    "extend": (lambda s: Extend("UBOB", by=DAY), NOW),
    "delete": (lambda s: Delete("UBOB", "done with it"), NOW),
    "delete now": (lambda s: Delete("UBOB", now=True), NOW),
    "sleep": (lambda s: Sleep("UALICE"), NOW),
    "wake": (lambda s: Wake("UALICE"), NOW),
    "undo": (lambda s: Wake("UALICE", undo=True), NOW),
    "reset": (lambda s: Reset("UALICE"), NOW),
    "rollback": (lambda s: Rollback("UALICE", "r9", a_release("r8", Stage.LIVE), NOW), NOW),
    "engine: asleep": (lambda s: StatusSeen(AT_REST), NOW),
    "engine: still runs": (lambda s: StatusSeen(replace(AT_REST, asleep=False, hanging="Pod `web-1`")), NOW),
    "slept": (lambda s: Slept(), NOW),
    "wiped": (lambda s: Wiped(), NOW),
    "visited": (lambda s: Visited(), NOW),
    "tick: nothing is due": (lambda s: Tick(), NOW),
    "tick: the time to undo is over": (lambda s: Tick(), NOW + timedelta(minutes=5)),
    "tick: an hour before the expiry": (lambda s: Tick(), EXPIRY - timedelta(hours=1)),
    "tick: the expiry": (lambda s: Tick(), EXPIRY),
}

THERE = [name for name, staging in STANDINGS.items() if staging.desired is not Desired.ABSENT]

# standing: phase afterwards | targets | notices, as kind @ place | word in the journal
TABLE: Mapping[str, Mapping[str, str]] = {
    "deploy another commit": {
        "queued": "rolling out | card engine progress | | deploy",
        "waiting": "rolling out | card engine progress | | deploy",
        "applied": "rolling out | card engine progress | | deploy",
        "ready": "rolling out | card engine progress | | deploy",
        "updating": "rolling out | card engine progress | | deploy",
        "live": "rolling out | card engine progress | | deploy",
        "failed": "rolling out | card engine progress | | deploy",
        "update failed": "rolling out | card engine progress | | deploy",
        "broken": "rolling out | card engine progress | | deploy",
        "not told": "rolling out | card engine progress | | deploy",
        "muted": "rolling out | card engine progress | | deploy",
        "falling asleep": "rolling out | card engine progress | | deploy",
        "asleep": "rolling out | card engine progress | | deploy",
        "lost": "rolling out | card engine progress | | deploy",
        "waking": "rolling out | card engine progress | | deploy",
        "back, not probed": "rolling out | card engine progress | | deploy",
        "resetting": "resetting | card engine progress | | deploy",
        "to be wiped": "resetting | card engine progress | | deploy",
        "delete can be undone": "rolling out | card engine progress | | deploy",
        "deleted": "rolling out | card engine progress | | create",
    },
    "deploy the same commit": {
        "waiting": "waiting | engine | |",
        "failed": "rolling out | card engine progress | | deploy",
        "update failed": "rolling out | card engine progress | | deploy",
        "broken": "rolling out | card engine progress | | deploy",
        "not told": "rolling out | card engine progress | | deploy",
        "muted": "rolling out | card engine progress | | deploy",
        "falling asleep": "rolling out | card engine progress | | deploy",
        "asleep": "rolling out | card engine progress | | deploy",
        "lost": "rolling out | card engine progress | | deploy",
        "resetting": "resetting | card engine progress | | deploy",
        "to be wiped": "resetting | card engine progress | | deploy",
        "delete can be undone": "rolling out | card engine progress | | deploy",
        "deleted": "rolling out | card engine progress | | create",
    },
    "files ready": {
        "queued": "rolling out | progress | |",
        "waiting": "rolling out | card progress | |",
    },
    "image missing": {
        "queued": "waiting | card progress | |",
        "waiting": "waiting | | |",
    },
    "CI: failed, and it was looked": {"waiting": "failed | card progress | failed @ thread | failed"},
    "CI: failed": {"waiting": "waiting | card engine progress | |"},
    "CI: runs": {"waiting": "waiting | card progress | |"},
    "the image was pushed": {"waiting": "waiting | engine | |"},
    "applied": {
        "queued": "rolling out | progress | |",
        "waiting": "waiting | progress | |",
    },
    "engine: starting": {
        "queued": "rolling out | progress | |",
        "waiting": "rolling out | card progress | |",
        "applied": "rolling out | progress | |",
        "ready": "rolling out | engine progress | |",
        "updating": "rolling out | progress | |",
        "live": "live | | |",
        "broken": "broken | | |",
        "not told": "broken | | |",
        "muted": "broken | | |",
        "asleep": "asleep | engine | |",
        "lost": "asleep | card engine | |",
        "back, not probed": "waking up | engine | |",
        "to be wiped": "resetting | engine | |",
    },
    "engine: all ready": {
        "queued": "rolling out | engine progress | |",
        "waiting": "rolling out | card engine progress | |",
        "applied": "rolling out | engine progress | |",
        "updating": "rolling out | engine progress | |",
        "failed": "rolling out | card engine progress | |",
        "update failed": "failed | | |",
        "broken": "broken | card | |",
        "not told": "broken | card | |",
        "muted": "broken | card | |",
        "asleep": "asleep | engine | |",
        "lost": "asleep | card engine | |",
        "waking": "waking up | engine | |",
        "to be wiped": "resetting | engine | |",
    },
    "engine: a workload failed": {
        "queued": "failed | card progress | failed @ thread | failed",
        "waiting": "failed | card progress | failed @ thread | failed",
        "applied": "failed | card progress | failed @ thread | failed",
        "ready": "failed | card progress | failed @ thread | failed",
        "updating": "failed | card progress | failed @ thread | failed",
        "live": "live | | |",
        "broken": "broken | | |",
        "not told": "broken | | |",
        "muted": "broken | | |",
        "asleep": "asleep | engine | |",
        "lost": "asleep | card engine | |",
        "waking": "broken | card finding | not awake @ thread | not awake",
        "back, not probed": "broken | card finding | not awake @ thread | not awake",
        "to be wiped": "resetting | engine | |",
    },
    "engine: gone": {
        "applied": "rolling out | engine | |",
        "ready": "rolling out | engine progress | |",
        "updating": "rolling out | engine | |",
        "live": "live | engine | |",
        "update failed": "failed | engine | |",
        "broken": "broken | engine | |",
        "not told": "broken | engine | |",
        "muted": "broken | engine | |",
        "falling asleep": "asleep | card | lost @ thread | lost",
        "asleep": "asleep | card | lost @ thread | lost",
        "waking": "waking up | engine | |",
        "back, not probed": "waking up | engine | |",
        "resetting": "resetting | engine | |",
        "delete can be undone": "deleted | card | deleted @ thread | deleted",
        "deleting": "deleted | card | deleted @ thread | deleted",
    },
    "URL answered": {
        "ready": "live | card progress | live @ thread | live",
        "back, not probed": "live | card | awake @ thread | awake",
    },
    "release failed": {
        "queued": "failed | card progress | failed @ thread | failed",
        "waiting": "failed | card progress | failed @ thread | failed",
        "applied": "failed | card progress | failed @ thread | failed",
        "ready": "failed | card progress | failed @ thread | failed",
        "updating": "failed | card progress | failed @ thread | failed",
        "falling asleep": "falling asleep | card | |",
        "waking": "broken | card finding | not awake @ thread | not awake",
        "back, not probed": "live | card | awake @ thread | awake",
        "resetting": "resetting | card | |",
        "to be wiped": "resetting | card | |",
        "delete can be undone": "deleting | card | |",
    },
    "check fails": {
        "live": "live | | |",
        "update failed": "failed | | |",
        "broken": "broken | card finding | |",
        "not told": "broken | card finding | |",
        "muted": "broken | card finding | |",
    },
    "check passes": {
        "live": "live | | |",
        "update failed": "failed | | |",
        "broken": "broken | | |",
        "not told": "broken | | |",
        "muted": "broken | | |",
    },
    "found": {
        "broken": "broken | | broken @ alert edit | found",
        "not told": "broken | | broken @ alerts | found",
        "muted": "broken | | | found",
    },
    "found: main, too": {
        "broken": "broken | | broken @ alert edit, broken @ thread | found",
        "not told": "broken | | broken @ thread | found",
        "muted": "broken | | | found",
    },
    "found: an incident": {
        "broken": "broken | | broken @ alert edit | found",
        "not told": "broken | | | found",
        "muted": "broken | | | found",
    },
    "mute": {
        **{name: f"{STANDINGS[name].phase} | card | | mute" for name in THERE},
        "broken": "broken | card | | mute",
        "not told": "broken | card | | mute",
        "muted": "broken | card | | mute",
    },
    "unmute": {"muted": "broken | card finding | | unmute"},
    "extend": {
        "queued": "rolling out | card | | extend",
        "waiting": "waiting | card | | extend",
        "applied": "rolling out | card | | extend",
        "ready": "rolling out | card | | extend",
        "updating": "rolling out | card | | extend",
        "live": "live | card | | extend",
        "failed": "failed | card | | extend",
        "update failed": "failed | card | | extend",
        "broken": "broken | card | | extend",
        "not told": "broken | card | | extend",
        "muted": "broken | card | | extend",
        "falling asleep": "falling asleep | card | | extend",
        "asleep": "asleep | card | | extend",
        "lost": "asleep | card | | extend",
        "waking": "waking up | card | | extend",
        "back, not probed": "waking up | card | | extend",
        "resetting": "resetting | card | | extend",
        "to be wiped": "resetting | card | | extend",
    },
    "delete": {
        "queued": "deleting | card engine progress | | delete",
        "waiting": "deleting | card engine progress | | delete",
        "applied": "deleting | card engine progress | | delete",
        "ready": "deleting | card engine progress | | delete",
        "updating": "deleting | card engine progress | | delete",
        "live": "deleting | card engine progress | | delete",
        "failed": "deleting | card engine progress | | delete",
        "update failed": "deleting | card engine progress | | delete",
        "broken": "deleting | card engine progress | deleted @ alert edit | delete",
        "not told": "deleting | card engine progress |  | delete",
        "muted": "deleting | card engine progress |  | delete",
        "falling asleep": "deleting | card engine progress | | delete",
        "asleep": "deleting | card engine progress | | delete",
        "lost": "deleting | card engine progress | | delete",
        "waking": "deleting | card engine progress | | delete",
        "back, not probed": "deleting | card engine progress | | delete",
        "resetting": "deleting | card engine progress | | delete",
        "to be wiped": "deleting | card engine progress | | delete",
        "delete can be undone": "deleting | engine | | delete",
        "deleting": "deleting | engine | | delete",
    },
    "delete now": {
        "queued": "deleting | card engine progress | | delete",
        "waiting": "deleting | card engine progress | | delete",
        "applied": "deleting | card engine progress | | delete",
        "ready": "deleting | card engine progress | | delete",
        "updating": "deleting | card engine progress | | delete",
        "live": "deleting | card engine progress | | delete",
        "failed": "deleting | card engine progress | | delete",
        "update failed": "deleting | card engine progress | | delete",
        "broken": "deleting | card engine progress | deleted @ alert edit | delete",
        "not told": "deleting | card engine progress |  | delete",
        "muted": "deleting | card engine progress |  | delete",
        "falling asleep": "deleting | card engine progress | | delete",
        "asleep": "deleting | card engine progress | | delete",
        "lost": "deleting | card engine progress | | delete",
        "waking": "deleting | card engine progress | | delete",
        "back, not probed": "deleting | card engine progress | | delete",
        "resetting": "deleting | card engine progress | | delete",
        "to be wiped": "deleting | card engine progress | | delete",
        "delete can be undone": "deleting | card engine | | delete",
        "deleting": "deleting | engine | | delete",
    },
    "sleep": {
        "queued": "falling asleep | card engine progress | | sleep",
        "waiting": "falling asleep | card engine progress | | sleep",
        "applied": "falling asleep | card engine progress | | sleep",
        "ready": "falling asleep | card engine progress | | sleep",
        "updating": "falling asleep | card engine progress | | sleep",
        "live": "falling asleep | card engine progress | | sleep",
        "failed": "falling asleep | card engine progress | | sleep",
        "update failed": "falling asleep | card engine progress | | sleep",
        "broken": "falling asleep | card engine progress | slept @ alert edit | sleep",
        "not told": "falling asleep | card engine progress |  | sleep",
        "muted": "falling asleep | card engine progress |  | sleep",
        "falling asleep": "falling asleep | engine | |",
        "asleep": "asleep | engine | |",
        "lost": "asleep | engine | |",
        "waking": "falling asleep | card engine progress | | sleep",
        "back, not probed": "falling asleep | card engine progress | | sleep",
    },
    "wake": {
        "falling asleep": "waking up | card engine progress | | wake",
        "asleep": "waking up | card engine progress | | wake",
        "lost": "resetting | card engine progress | | wake",
        "delete can be undone": "waking up | card engine progress | | wake",
    },
    "undo": {
        "delete can be undone": "waking up | card engine progress | | wake",
    },
    "reset": {
        "queued": "resetting | card engine progress | | reset",
        "waiting": "resetting | card engine progress | | reset",
        "applied": "resetting | card engine progress | | reset",
        "ready": "resetting | card engine progress | | reset",
        "updating": "resetting | card engine progress | | reset",
        "live": "resetting | card engine progress | | reset",
        "failed": "resetting | card engine progress | | reset",
        "update failed": "resetting | card engine progress | | reset",
        "broken": "resetting | card engine progress | slept @ alert edit | reset",
        "not told": "resetting | card engine progress |  | reset",
        "muted": "resetting | card engine progress |  | reset",
        "falling asleep": "resetting | card engine progress | | reset",
        "asleep": "resetting | card engine progress | | reset",
        "lost": "resetting | card engine progress | | reset",
        "waking": "resetting | card engine progress | | reset",
        "back, not probed": "resetting | card engine progress | | reset",
        "resetting": "resetting | engine | |",
        "to be wiped": "resetting | engine | |",
    },
    "rollback": {
        "queued": "rolling out | card engine progress | | rollback",
        "waiting": "rolling out | card engine progress | | rollback",
        "applied": "rolling out | card engine progress | | rollback",
        "ready": "rolling out | card engine progress | | rollback",
        "updating": "rolling out | card engine progress | | rollback",
        "live": "rolling out | card engine progress | | rollback",
        "failed": "rolling out | card engine progress | | rollback",
        "update failed": "rolling out | card engine progress | | rollback",
        "broken": "rolling out | card engine progress | | rollback",
        "not told": "rolling out | card engine progress | | rollback",
        "muted": "rolling out | card engine progress | | rollback",
        "falling asleep": "rolling out | card engine progress | | rollback",
        "asleep": "rolling out | card engine progress | | rollback",
        "lost": "rolling out | card engine progress | | rollback",
        "waking": "rolling out | card engine progress | | rollback",
        "back, not probed": "rolling out | card engine progress | | rollback",
        "resetting": "resetting | card engine progress | | rollback",
        "to be wiped": "resetting | card engine progress | | rollback",
    },
    "engine: asleep": {
        "waiting": "rolling out | card progress | |",
        "ready": "rolling out | engine progress | |",
        "updating": "rolling out | | |",
        "live": "live | | |",
        "update failed": "failed | | |",
        "broken": "broken | | |",
        "not told": "broken | | |",
        "muted": "broken | | |",
        "falling asleep": "asleep | card | slept @ thread | asleep",
        "lost": "asleep | card | |",
        "back, not probed": "waking up | engine | |",
        "resetting": "resetting | engine | |",
        "delete can be undone": "deleting | | |",
    },
    "engine: still runs": {
        "waiting": "rolling out | card progress | |",
        "ready": "rolling out | engine progress | |",
        "updating": "rolling out | | |",
        "live": "live | | |",
        "update failed": "failed | | |",
        "broken": "broken | | |",
        "not told": "broken | | |",
        "muted": "broken | | |",
        "falling asleep": "falling asleep | card | |",
        "asleep": "asleep | engine | |",
        "lost": "asleep | card engine | |",
        "back, not probed": "waking up | engine | |",
        "resetting": "resetting | card | |",
        "to be wiped": "resetting | engine | |",
        "delete can be undone": "deleting | card | |",
        "deleting": "deleting | card | |",
    },
    "slept": {
        "falling asleep": "asleep | card | slept @ thread | asleep",
        "resetting": "resetting | engine | |",
        "delete can be undone": "deleting | | |",
    },
    "wiped": {
        "resetting": "resetting | card engine progress | |",
        "to be wiped": "resetting | card engine progress | |",
    },
    "visited": {
        "asleep": "asleep | | visited @ thread |",
        "lost": "asleep | | visited @ thread |",
    },
    "tick: the time to undo is over": {
        "waiting": "waiting | engine | |",
        "delete can be undone": "deleting | card engine | | delete",
    },
    "tick: an hour before the expiry": {
        "queued": "rolling out | | expiring @ owner, expiring @ thread | warned of expiry",
        "waiting": "waiting | engine | expiring @ owner, expiring @ thread | warned of expiry",
        "applied": "rolling out | | expiring @ owner, expiring @ thread | warned of expiry",
        "ready": "rolling out | | expiring @ owner, expiring @ thread | warned of expiry",
        "updating": "rolling out | | expiring @ owner, expiring @ thread | warned of expiry",
        "live": "live | | expiring @ owner, expiring @ thread | warned of expiry",
        "failed": "failed | | expiring @ owner, expiring @ thread | warned of expiry",
        "update failed": "failed | | expiring @ owner, expiring @ thread | warned of expiry",
        "broken": "broken | | expiring @ owner, expiring @ thread | warned of expiry",
        "not told": "broken | | expiring @ owner, expiring @ thread | warned of expiry",
        "muted": "broken | card finding | expiring @ owner, expiring @ thread | warned of expiry",
        "falling asleep": "falling asleep | | expiring @ owner, expiring @ thread | warned of expiry",
        "asleep": "asleep | | expiring @ owner, expiring @ thread | warned of expiry",
        "lost": "asleep | | expiring @ owner, expiring @ thread | warned of expiry",
        "waking": "broken | card finding | not awake @ thread, expiring @ owner, expiring @ thread | not awake",
        "back, not probed": "live | card | awake @ thread, expiring @ owner, expiring @ thread | awake",
        "resetting": "resetting | | expiring @ owner, expiring @ thread | warned of expiry",
        "to be wiped": "resetting | | expiring @ owner, expiring @ thread | warned of expiry",
        "delete can be undone": "deleting | card engine | | delete",
    },
    "tick: the expiry": {
        "queued": "deleting | card engine progress | | delete",
        "waiting": "deleting | card engine progress | | delete",
        "applied": "deleting | card engine progress | | delete",
        "ready": "deleting | card engine progress | | delete",
        "updating": "deleting | card engine progress | | delete",
        "live": "deleting | card engine progress | | delete",
        "failed": "deleting | card engine progress | | delete",
        "update failed": "deleting | card engine progress | | delete",
        "broken": "deleting | card engine progress | deleted @ alert edit | delete",
        "not told": "deleting | card engine progress |  | delete",
        "muted": "deleting | card engine progress |  | delete",
        "falling asleep": "deleting | card engine progress | | delete",
        "asleep": "deleting | card engine progress | | delete",
        "lost": "deleting | card engine progress | | delete",
        "waking": "deleting | card engine progress | | delete",
        "back, not probed": "deleting | card engine progress | | delete",
        "resetting": "deleting | card engine progress | | delete",
        "to be wiped": "deleting | card engine progress | | delete",
        "delete can be undone": "deleting | card engine | | delete",
    },
}

GONE_ALREADY = "orange-button is deleted already. `/octopod deploy orange-button` makes a new one."
ON_ITS_WAY_OUT = "orange-button is being deleted, so there is nothing to "
TOO_LATE = (
    "orange-button is being deleted, and that can't be taken back any more. `/octopod deploy orange-button` makes a "
    "new one."
)
NOBODY_IS_TOLD = "orange-button is being deleted, so nobody is told of it anyway."
STILL = "orange-button is still being deleted. Deploy it again when its card says deleted."
BEING_RESET = "orange-button is being reset. Put it to sleep when its card says live."
UP: tuple[str, ...] = ("queued", "waiting", "applied", "ready", "updating", "live", "failed", "update failed")
UP += ("broken", "not told", "muted")
DOWN = ("falling asleep", "asleep", "lost", "waking", "back, not probed")
RESETTING = ("resetting", "to be wiped")
REFUSED: Mapping[tuple[str, str], str] = {
    ("deploy another commit", "deleting"): STILL,
    ("deploy the same commit", "deleting"): STILL,
    **{(wish, "deleted"): GONE_ALREADY for wish in ("extend", "delete", "delete now", "sleep", "wake", "undo")},
    **{(wish, "deleted"): GONE_ALREADY for wish in ("reset", "rollback", "mute", "unmute")},
    **{
        (wish, standing): NOBODY_IS_TOLD
        for wish in ("mute", "unmute")
        for standing in ("deleting", "delete can be undone")
    },
    **{("extend", standing): f"{ON_ITS_WAY_OUT}extend." for standing in ("deleting", "delete can be undone")},
    **{("sleep", standing): f"{ON_ITS_WAY_OUT}put to sleep." for standing in ("deleting", "delete can be undone")},
    **{("reset", standing): f"{ON_ITS_WAY_OUT}reset." for standing in ("deleting", "delete can be undone")},
    **{("rollback", standing): f"{ON_ITS_WAY_OUT}roll back." for standing in ("deleting", "delete can be undone")},
    **{("sleep", standing): BEING_RESET for standing in RESETTING},
    **{
        ("wake", standing): f"orange-button is not asleep, but {STANDINGS[standing].phase}."
        for standing in (*UP, *RESETTING)
    },
    **{
        ("undo", standing): f"orange-button is not being deleted, but {STANDINGS[standing].phase}, so there is no "
        "delete to take back."
        for standing in (*UP, *DOWN, *RESETTING)
    },
    **{(wish, "deleting"): TOO_LATE for wish in ("wake", "undo")},
}

CASES = [(event, standing, row) for event, rows in TABLE.items() for standing, row in rows.items()]
SILENT = [
    (event, standing)
    for event in EVENTS
    for standing in STANDINGS
    if standing not in TABLE.get(event, {}) and (event, standing) not in REFUSED
]


def decided(standing: str, event: str) -> Decision:
    made, now = EVENTS[event]
    return decide(STANDINGS[standing], made(STANDINGS[standing]), POLICY, now)


def as_row(decision: Decision) -> str:
    targets = " ".join(sorted(decision.targets))
    notices = ", ".join(f"{notice.kind} @ {notice.where}" for notice in decision.notices)
    return f"{decision.staging.phase} | {targets} | {notices} | {decision.what}"


def squeezed(row: str) -> list[str]:
    return [cell.strip() for cell in row.split("|")]


@pytest.mark.parametrize(
    ("event", "standing", "row"), [pytest.param(*case, id=f"{case[1]} + {case[0]}") for case in CASES]
)
def test_what_follows(event: str, standing: str, row: str) -> None:
    decision = decided(standing, event)
    assert squeezed(as_row(decision)) == squeezed(row)
    before = STANDINGS[standing]
    changed = decision.staging != before and decision.staging.id == before.id
    assert decision.staging.revision == before.revision + (1 if changed else 0)


@pytest.mark.parametrize(("event", "standing"), [pytest.param(*pair, id=f"{pair[1]} + {pair[0]}") for pair in SILENT])
def test_what_says_nothing_new_decides_nothing(event: str, standing: str) -> None:
    staging, decision = STANDINGS[standing], decided(standing, event)
    assert replace(decision, staging=staging) == Decision(staging)
    noted = {name: getattr(decision.staging, name) for name in ("serving", "revision", "wake_at")}
    assert decision.staging == replace(staging, **noted)  # only who serves is noted, for the card that follows


@pytest.mark.parametrize(
    ("event", "standing", "text"),
    [pytest.param(*pair, text, id=f"{pair[1]} + {pair[0]}") for pair, text in REFUSED.items()],
)
def test_what_is_refused(event: str, standing: str, text: str) -> None:
    with pytest.raises(UserError) as refused:
        decided(standing, event)
    assert refused.value.text == text


@pytest.mark.parametrize(
    ("changes", "phase"),
    [
        ({"deleted_at": NOW, "desired": Desired.PRESENT}, Phase.DELETED),
        ({"desired": Desired.ABSENT, "broken_since": NOW}, Phase.DELETING),
        ({"desired": Desired.ASLEEP, "broken_since": NOW}, Phase.FALLING_ASLEEP),
        ({"desired": Desired.ASLEEP, "asleep_at": NOW, "waking": Stage.READY}, Phase.ASLEEP),
        ({"desired": Desired.RESET, "asleep_at": NOW}, Phase.RESETTING),
        ({"waking": Stage.QUEUED, "broken_since": NOW}, Phase.WAKING),
        ({"waking": Stage.READY, "reset_at": NOW}, Phase.RESETTING),
        ({"attempt": a_release("r2"), "broken_since": NOW}, Phase.ROLLING_OUT),
        ({"attempt": a_release("r2", Stage.FAILED), "broken_since": NOW}, Phase.BROKEN),
        ({"attempt": a_release("r2", awaits=IMAGE), "broken_since": NOW}, Phase.WAITING),
        ({"attempt": a_release("r2", Stage.FAILED, awaits=IMAGE)}, Phase.FAILED),
        ({"health": Health.DOWN, "unhealthy_since": NOW}, Phase.LIVE),
        ({"attempt": a_release("r2", Stage.FAILED)}, Phase.FAILED),
        ({"attempt": a_release("r2", Stage.SUPERSEDED)}, Phase.FAILED),
    ],
)
def test_the_phase_is_a_function_of_the_axes(changes: dict[str, Any], phase: Phase) -> None:
    assert replace(a_staging(), **changes).phase is phase


@pytest.mark.parametrize(
    ("standing", "buttons"),
    [
        ("queued", {"extend", "logs", "config", "delete"}),
        ("waiting", {"extend", "logs", "config", "delete"}),
        ("updating", {"open", "extend", "logs", "config", "delete"}),
        ("live", {"open", "extend", "logs", "config", "sleep", "delete"}),
        ("failed", {"retry", "logs", "config", "sleep", "delete"}),
        ("update failed", {"open", "retry", "rollback", "logs", "config", "sleep", "delete"}),
        ("broken", {"open", "logs", "config", "sleep", "delete"}),
        ("falling asleep", {"wake", "delete"}),
        ("asleep", {"wake", "extend", "delete"}),
        ("waking", {"logs", "delete"}),
        ("resetting", {"logs", "delete"}),
        ("delete can be undone", {"undo", "delete now"}),
        ("deleting", {"delete"}),
        ("deleted", set()),
    ],
)
def test_only_buttons_that_make_sense_are_offered(standing: str, buttons: set[str]) -> None:
    assert offers(STANDINGS[standing]) == buttons


def test_why_a_removal_takes_so_long_is_kept_for_the_card() -> None:
    deleting = decide(a_staging(Phase.BROKEN), Delete("UBOB"), POLICY, NOW).staging
    assert deleting.health_reason == ""
    hanging = replace(a_status("r1", serving="r1"), hanging="1 pods can't go")
    decision = decide(deleting, StatusSeen(hanging), POLICY, NOW)
    assert (decision.staging.health_reason, decision.targets) == ("1 pods can't go", frozenset({Target.CARD}))
    assert decide(decision.staging, StatusSeen(hanging), POLICY, NOW) == Decision(decision.staging)
    over = decide(decision.staging, StatusSeen(replace(hanging, hanging="")), POLICY, NOW)
    assert (over.staging.health_reason, over.targets) == ("", frozenset({Target.CARD}))
