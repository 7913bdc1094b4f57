"""The decision table: for every standing of a staging and every event, what is saved and what shall happen."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from builders import (
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
    a_release,
    a_staging,
    a_status,
    healthy,
    updating,
)

from bot.domain.errors import UserError
from bot.domain.events import (
    Applied,
    Decision,
    Delete,
    Event,
    Extend,
    FilesReady,
    ImageMissing,
    ReleaseFailed,
    StatusSeen,
    Target,
    Tick,
    UrlAnswered,
)
from bot.domain.lifecycle import decide, offers
from bot.domain.model import Desired, Health, Phase, Stage, Staging

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
    "deleting": a_staging(Phase.DELETING),
    "deleted": a_staging(Phase.DELETED),
}


def _deploy(staging: Staging, commit: str) -> Event:
    """Once the old one is deleted, the event brings the id of another one."""
    return a_deploy("r9", commit, staging="s2" if staging.deleted_at else staging.id)


def _starting(staging: Staging) -> Event:
    return StatusSeen(a_status(staging.attempt.id, PROGRESSING, serving=staging.live.id if staging.live else None))


def _failed(staging: Staging) -> Event:
    return StatusSeen(a_status(staging.attempt.id, READY, FAILED, serving=staging.serving))


EVENTS: Mapping[str, tuple[Callable[[Staging], Event], datetime]] = {
    "deploy another commit": (lambda s: _deploy(s, a_commit(9)), NOW),
    "deploy the same commit": (lambda s: _deploy(s, s.attempt.commit), NOW),
    "files ready": (lambda s: FilesReady(s.attempt.id, ("data",)), NOW),
    "image missing": (lambda s: ImageMissing(s.attempt.id, IMAGE), NOW),
    "applied": (lambda s: Applied(s.attempt.id), NOW),
    "engine: starting": (_starting, NOW),
    "engine: all ready": (lambda s: StatusSeen(healthy(s.attempt.id)), NOW),
    "engine: a workload failed": (_failed, NOW),
    "engine: gone": (lambda s: StatusSeen(GONE), NOW),
    "URL answered": (lambda s: UrlAnswered(s.attempt.id, "200"), NOW),
    "release failed": (lambda s: ReleaseFailed(s.attempt.id, "no such image", ("line 7",), "Build it."), NOW),
    "extend": (lambda s: Extend("UBOB", by=DAY), NOW),
    "delete": (lambda s: Delete("UBOB", "done with it"), NOW),
    "tick: nothing is due": (lambda s: Tick(), NOW),
    "tick: an hour before the expiry": (lambda s: Tick(), EXPIRY - timedelta(hours=1)),
    "tick: the expiry": (lambda s: Tick(), EXPIRY),
}

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
        "deleted": "rolling out | card engine progress | | create",
    },
    "deploy the same commit": {
        "waiting": "waiting | engine | |",
        "failed": "rolling out | card engine progress | | deploy",
        "update failed": "rolling out | card engine progress | | deploy",
        "broken": "rolling out | card engine progress | | deploy",
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
    },
    "engine: all ready": {
        "queued": "rolling out | engine progress | |",
        "waiting": "rolling out | card engine progress | |",
        "applied": "rolling out | engine progress | |",
        "updating": "rolling out | engine progress | |",
        "failed": "rolling out | card engine progress | |",
        "update failed": "failed | | |",
        "broken": "broken | card | |",
    },
    "engine: a workload failed": {
        "queued": "failed | card progress | failed @ thread | failed",
        "waiting": "failed | card progress | failed @ thread | failed",
        "applied": "failed | card progress | failed @ thread | failed",
        "ready": "failed | card progress | failed @ thread | failed",
        "updating": "failed | card progress | failed @ thread | failed",
        "live": "live | | |",
        "broken": "broken | | |",
    },
    "engine: gone": {
        "applied": "rolling out | engine | |",
        "ready": "rolling out | engine progress | |",
        "updating": "rolling out | engine | |",
        "live": "live | engine | |",
        "update failed": "failed | engine | |",
        "broken": "broken | engine | |",
        "deleting": "deleted | card | deleted @ thread | deleted",
    },
    "URL answered": {
        "ready": "live | card progress | live @ thread | live",
    },
    "release failed": {
        "queued": "failed | card progress | failed @ thread | failed",
        "waiting": "failed | card progress | failed @ thread | failed",
        "applied": "failed | card progress | failed @ thread | failed",
        "ready": "failed | card progress | failed @ thread | failed",
        "updating": "failed | card progress | failed @ thread | failed",
    },
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
        "deleting": "deleting | engine | | delete",
    },
    "tick: an hour before the expiry": {
        "queued": "rolling out | | expiring @ thread | warned of expiry",
        "waiting": "waiting | engine | expiring @ thread | warned of expiry",
        "applied": "rolling out | | expiring @ thread | warned of expiry",
        "ready": "rolling out | | expiring @ thread | warned of expiry",
        "updating": "rolling out | | expiring @ thread | warned of expiry",
        "live": "live | | expiring @ thread | warned of expiry",
        "failed": "failed | | expiring @ thread | warned of expiry",
        "update failed": "failed | | expiring @ thread | warned of expiry",
        "broken": "broken | | expiring @ thread | warned of expiry",
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
    },
}

REFUSED: Mapping[tuple[str, str], str] = {
    ("deploy another commit", "deleting"): "orange-button is still being deleted. Deploy it again when its card says "
    "deleted.",
    ("deploy the same commit", "deleting"): "orange-button is still being deleted. Deploy it again when its card says "
    "deleted.",
    ("extend", "deleting"): "orange-button is being deleted, so there is nothing to extend.",
    ("extend", "deleted"): "orange-button is deleted already. `/octopod deploy orange-button` makes a new one.",
    ("delete", "deleted"): "orange-button is deleted already. `/octopod deploy orange-button` makes a new one.",
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
        ("live", {"open", "extend", "logs", "config", "delete"}),
        ("failed", {"retry", "extend", "logs", "config", "delete"}),
        ("update failed", {"open", "retry", "extend", "logs", "config", "delete"}),
        ("broken", {"open", "extend", "logs", "config", "delete"}),
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
