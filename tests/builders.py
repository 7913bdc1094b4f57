"""Stagings, releases and snapshots for tests: sensible ones, with whatever matters to the test said in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.events import Deploy
from bot.domain.evidence import Symptom
from bot.domain.finding import Cause, Confidence, Finding
from bot.domain.lifecycle import next_wake
from bot.domain.model import Desired, Health, Phase, Release, Stage, Staging
from bot.domain.policy import Policy
from bot.domain.status import StagingStatus, WorkloadState, WorkloadStatus

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)
TTL = timedelta(days=3)
POLICY = Policy(ttl=TTL)
EXPIRY = EARLIER + TTL
URL = "http://orange-button.localhost:8080"
IMAGE = "registry.example.com/acme/shop:1"


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


ASLEEP = {"serving": None, "desired": Desired.ASLEEP, "slept_by": "UBOB", "sleep_asked_at": NOW - seconds(10)}
WAKING = {"waking": Stage.APPLIED, "woken_by": "UBOB", "wake_asked_at": NOW - seconds(10), "serving": None}


def a_commit(number: int) -> str:
    return f"{number:040x}"


def a_release(id: str = "r1", stage: Stage = Stage.QUEUED, **changes: Any) -> Release:
    """Asked for an hour ago, its steps done as far as its stage says."""
    done = [Stage.QUEUED, Stage.APPLIED, Stage.READY, Stage.LIVE].index(stage) if stage.under_way else 3
    release = Release(
        id=id,
        staging="s1",
        number=int(id[1:]),
        branch="orange-button",
        commit=a_commit(int(id[1:])),
        subject="Make it orange",
        author="Alice",
        actor="UALICE",
        requested_at=EARLIER,
        stage=stage,
        files_at=EARLIER if done else None,
        applied_at=EARLIER if done else None,
        ready_at=EARLIER if stage in (Stage.READY, Stage.LIVE) else None,
        ended_at=None if stage.under_way else EARLIER,
        reason="web: exit code 1" if stage is Stage.FAILED else "",
    )
    return replace(release, **changes)


def a_staging(phase: Phase = Phase.LIVE, **changes: Any) -> Staging:
    """Made an hour ago by Alice, in this phase; `changes` come on top, and the clock is set for the result."""
    stages = {Phase.ROLLING_OUT: Stage.QUEUED, Phase.WAITING: Stage.QUEUED, Phase.FAILED: Stage.FAILED}
    stage = stages.get(phase, Stage.LIVE)
    attempt = a_release(stage=stage)
    served = stage is Stage.LIVE and phase is not Phase.DELETED
    staging = Staging(
        id="s1",
        project="shop",
        name="orange-button",
        branch="orange-button",
        owner="UALICE",
        created_at=EARLIER,
        attempt=attempt,
        live=attempt if stage is Stage.LIVE else None,
        serving=attempt.id if served else None,
        expires_at=EXPIRY,
        urls={"web": URL},
        claims=("data",) if stage is Stage.LIVE else (),
        well_from=EARLIER if stage is Stage.LIVE else None,
    )
    staging = replace(staging, **_of_phase(phase))
    assert staging.phase is phase
    staging = replace(staging, **changes)
    return replace(staging, wake_at=next_wake(staging, POLICY))


def _of_phase(phase: Phase) -> dict[str, Any]:
    gone = {"desired": Desired.ABSENT, "deleted_by": "UBOB", "delete_asked_at": NOW - seconds(10)}
    match phase:
        case Phase.WAITING:
            waits = a_release(files_at=EARLIER, awaits=IMAGE, awaits_until=NOW + timedelta(minutes=20))
            return {"attempt": waits, "look_at": NOW + seconds(10)}
        case Phase.BROKEN:
            ill = NOW - seconds(60)
            return {
                "health": Health.DOWN,
                "health_reason": "web: exit code 1",
                "health_details": ("Traceback",),
                "engine_health": Health.DOWN,
                "engine_reason": "web: exit code 1",
                "engine_details": ("Traceback",),
                "alerted_at": ill + POLICY.debounce,
                "breaks": 1,
                "unhealthy_since": ill,
                "broken_since": ill + POLICY.debounce,
            }
        case Phase.FALLING_ASLEEP:
            return ASLEEP
        case Phase.ASLEEP:
            return {**ASLEEP, "asleep_at": NOW - seconds(5)}
        case Phase.WAKING:
            return WAKING
        case Phase.RESETTING:
            return {**WAKING, "waking": None, "desired": Desired.RESET, "reset_at": NOW - seconds(10)}
        case Phase.DELETING:
            return gone
        case Phase.DELETED:
            return {**gone, "deleted_at": NOW - seconds(5)}
        case _:
            return {}


def a_finding(cause: Cause = Cause.UNKNOWN, text: str = "exit code 1", **changes: Any) -> Finding:
    return Finding(cause, Confidence.GUESS, Symptom(text, NOW), **changes)


def updating(stage: Stage = Stage.APPLIED, **changes: Any) -> Staging:
    """Release 2 is on its way while release 1 is live and serves."""
    return a_staging(attempt=a_release("r2", stage), **changes)


def a_deploy(release: str = "r9", commit: str | None = None, **changes: Any) -> Deploy:
    event = Deploy(
        actor="UALICE",
        staging="s1",
        release=release,
        project="shop",
        name="orange-button",
        branch="orange-button",
        commit=commit or a_commit(int(release[1:])),
        subject="Make it more orange",
        author="Alice",
        requested_at=NOW,
        urls={"web": URL},
        env={},
    )
    return replace(event, **changes)


READY, PROGRESSING, FAILED = WorkloadState.READY, WorkloadState.PROGRESSING, WorkloadState.FAILED


def a_workload(state: WorkloadState, release: str = "r1", name: str = "web", **changes: Any) -> WorkloadStatus:
    """One replica is wanted, and there if the workload is ready."""
    ready = 1 if state is READY else 0
    reason, tail = ("exit code 1", ("Traceback",)) if state is FAILED else ("", ())
    workload = WorkloadStatus("Deployment", name, release, state, 1, ready, NOW, reason, tail)
    return replace(workload, **changes)


def a_status(
    release: str, *states: WorkloadState, serving: str | None = None, serving_well: bool = True
) -> StagingStatus:
    """A snapshot with one workload per state. `serving_well`: of the release that serves, if that is another one."""
    workloads = tuple(a_workload(state, release, f"w{index}") for index, state in enumerate(states))
    other = (a_workload(READY if serving_well else PROGRESSING, serving, "w0"),) if serving else ()
    return StagingStatus("s1", release, workloads, serving, workloads if serving == release else other)


def healthy(release: str = "r1") -> StagingStatus:
    return a_status(release, READY, serving=release)


def down(release: str = "r1", reason: str = "exit code 1") -> StagingStatus:
    """It serves, and none of its replicas is there."""
    ill = (a_workload(PROGRESSING, release, reason=reason, log_tail=("Traceback",)),)
    return StagingStatus("s1", release, ill, release, ill)


def degraded(release: str = "r1") -> StagingStatus:
    """It serves with one replica of two."""
    ill = (a_workload(PROGRESSING, release, wanted=2, ready=1),)
    return StagingStatus("s1", release, ill, release, ill)


GONE = StagingStatus("s1", None, present=False)
AT_REST = StagingStatus("s1", "r1", asleep=True)
