"""A release on its way: from the deploy through engine and URL to live, or to failed with its reason."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    FAILED,
    GONE,
    NOW,
    POLICY,
    PROGRESSING,
    READY,
    TTL,
    URL,
    a_commit,
    a_deploy,
    a_release,
    a_staging,
    a_status,
    a_workload,
    healthy,
    seconds,
    updating,
)

from bot.domain.deploying import StillDeleting
from bot.domain.errors import UserError
from bot.domain.events import (
    ALL,
    Applied,
    Decision,
    Delete,
    Event,
    FilesReady,
    ReleaseFailed,
    StatusSeen,
    Target,
    UrlAnswered,
)
from bot.domain.lifecycle import decide
from bot.domain.model import Phase, Stage, Staging
from bot.domain.policy import Policy
from bot.domain.status import StagingStatus, WorkloadState, WorkloadStatus


def test_the_first_deploy_makes_a_staging() -> None:
    decision = decide(None, a_deploy("r1", env={"PAYMENTS": "sandbox"}), POLICY, NOW)
    staging = decision.staging
    assert (staging.phase, staging.revision, staging.owner) == (Phase.ROLLING_OUT, 1, "UALICE")
    assert (staging.created_at, staging.expires_at, staging.urls) == (NOW, NOW + TTL, {"web": URL})
    assert staging.wake_at == NOW + TTL - timedelta(days=1)
    assert (staging.attempt.number, staging.attempt.stage, staging.attempt.env) == (
        1,
        Stage.QUEUED,
        {"PAYMENTS": "sandbox"},
    )
    assert decision.releases == (staging.attempt,)
    assert (decision.actor, decision.what) == ("UALICE", "create")
    assert decision.targets == ALL


def test_a_deploy_replaces_a_release_that_is_under_way() -> None:
    decision = decide(updating(), a_deploy("r3", a_commit(3)), POLICY, NOW)
    ended, new = decision.releases
    assert (ended.id, ended.stage, ended.ended_at) == ("r2", Stage.SUPERSEDED, NOW)
    assert ended.reason == "Release 3 took its place."
    assert (new.id, new.number, new.stage) == ("r3", 3, Stage.QUEUED)
    assert (decision.staging.live, decision.staging.serving) == (updating().live, "r1")


def test_a_deploy_moves_the_expiry_only_later() -> None:
    assert decide(a_staging(), a_deploy(), POLICY, NOW).staging.expires_at == NOW + TTL
    far = a_staging(expires_at=NOW + 9 * TTL)
    assert decide(far, a_deploy(), POLICY, NOW).staging.expires_at == NOW + 9 * TTL
    assert decide(a_staging(), a_deploy(), Policy(ttl=None), NOW).staging.expires_at is None
    assert decide(a_staging(expires_at=None), a_deploy(), POLICY, NOW).staging.expires_at is None


def test_the_same_commit_with_another_configuration_is_a_new_release() -> None:
    event = a_deploy("r2", a_commit(1), env={"PAYMENTS": "production"})
    assert decide(a_staging(), event, POLICY, NOW).what == "deploy"


def test_a_branch_whose_staging_is_going_can_be_told_apart_from_other_refusals() -> None:
    with pytest.raises(StillDeleting):
        decide(a_staging(Phase.DELETING), a_deploy(), POLICY, NOW)


def test_what_is_wished_of_a_staging_that_never_was_is_refused() -> None:
    with pytest.raises(UserError, match="no such staging"):
        decide(None, Delete("UBOB"), POLICY, NOW)


# --- the way to live, or to failed ---


def test_the_whole_way_from_deploy_to_live() -> None:
    staging = decide(None, a_deploy("r1"), POLICY, NOW).staging
    steps: list[tuple[Event, Stage]] = [
        (FilesReady("r1", ("data",)), Stage.QUEUED),
        (Applied("r1"), Stage.APPLIED),
        (StatusSeen(a_status("r1", PROGRESSING, PROGRESSING)), Stage.APPLIED),
        (StatusSeen(a_status("r1", READY, PROGRESSING)), Stage.APPLIED),
        (StatusSeen(a_status("r1", READY, READY, serving="r1")), Stage.READY),
        (UrlAnswered("r1", "200 OK"), Stage.LIVE),
    ]
    for number, (event, stage) in enumerate(steps, 1):
        decision = decide(staging, event, POLICY, NOW + seconds(number))
        staging = decision.staging
        assert staging.attempt.stage is stage
    assert (staging.phase, staging.live, staging.serving, staging.claims) == (
        Phase.LIVE,
        staging.attempt,
        "r1",
        ("data",),
    )
    times = [staging.attempt.files_at, staging.attempt.applied_at, staging.attempt.ready_at, staging.attempt.ended_at]
    assert times == [NOW + seconds(number) for number in (1, 2, 5, 6)]
    (notice,) = decision.notices
    assert notice.facts == {"actor": "UALICE", "urls": {"web": URL}, "seconds": 6.0, "number": 1, "probe": "200 OK"}


@pytest.mark.parametrize(
    "staging",
    [a_staging(Phase.ROLLING_OUT, urls={}), a_staging(Phase.ROLLING_OUT)],
    ids=["it has no URL", "the project probes none"],
)
def test_without_a_probe_ready_is_live(staging: Staging) -> None:
    decision = decide(staging, StatusSeen(healthy()), Policy(ttl=TTL, probes=bool(not staging.urls)), NOW)
    assert (decision.staging.phase, decision.notices[0].facts["probe"]) == (Phase.LIVE, "")


def test_workloads_of_the_older_release_do_not_make_the_new_one_ready() -> None:
    mixed = a_status("r2", READY, serving="r1")
    lagging = replace(mixed, workloads=(*mixed.workloads, a_workload(READY, "r1", "api")))
    assert decide(updating(), StatusSeen(lagging), POLICY, NOW).staging.attempt.stage is Stage.APPLIED
    failing = replace(mixed, workloads=(*mixed.workloads, a_workload(FAILED, "r1", "api")))
    assert decide(updating(), StatusSeen(failing), POLICY, NOW).staging.attempt.stage is Stage.APPLIED


def test_a_snapshot_without_workloads_is_not_ready() -> None:
    assert (
        decide(updating(), StatusSeen(a_status("r2", serving="r1")), POLICY, NOW).staging.attempt.stage is Stage.APPLIED
    )


def test_a_failure_says_why_and_what_still_serves() -> None:
    decision = decide(updating(), StatusSeen(a_status("r2", READY, FAILED, serving="r1")), POLICY, NOW)
    (notice,) = decision.notices
    assert notice.facts == {
        "actor": "UALICE",
        "release": "r2",
        "number": 2,
        "reason": "exit code 1",
        "details": ["Traceback"],
        "next_step": "",
        "serves": 1,
    }
    assert decision.staging.older_serves == a_staging().live
    assert decision.staging.attempt.details == ("Traceback",)


def test_nothing_is_said_to_serve_when_the_first_release_fails() -> None:
    decision = decide(
        a_staging(Phase.ROLLING_OUT), ReleaseFailed("r1", "no such file", next_step="Add it."), POLICY, NOW
    )
    assert (decision.notices[0].facts["serves"], decision.notices[0].facts["next_step"]) == (None, "Add it.")


def test_a_release_that_gets_up_after_all_goes_on_as_if_it_had_not_failed() -> None:
    healed = decide(a_staging(Phase.FAILED), StatusSeen(healthy()), POLICY, NOW).staging
    assert (healed.phase, healed.attempt.stage, healed.attempt.reason) == (Phase.ROLLING_OUT, Stage.READY, "")
    assert healed.attempt.ended_at is None
    assert decide(healed, UrlAnswered("r1", "200"), POLICY, NOW).staging.phase is Phase.LIVE


def test_a_release_that_failed_at_its_url_is_not_probed_for_ever() -> None:
    staging = a_staging(Phase.ROLLING_OUT, attempt=a_release(stage=Stage.READY), serving="r1")
    failed = decide(staging, ReleaseFailed("r1", "404"), POLICY, NOW).staging
    assert decide(failed, StatusSeen(healthy()), POLICY, NOW) == Decision(failed)


def test_what_the_engine_lost_is_rolled_out_again_not_probed() -> None:
    ready = a_staging(Phase.ROLLING_OUT, attempt=a_release(stage=Stage.READY), serving="r1")
    decision = decide(ready, StatusSeen(GONE), POLICY, NOW)
    assert (decision.staging.attempt.stage, decision.staging.serving) == (Stage.APPLIED, None)
    assert Target.ENGINE in decision.targets


@pytest.mark.parametrize(
    "event", [FilesReady("r1", ("x",)), Applied("r1"), UrlAnswered("r1", "200"), ReleaseFailed("r1", "no")]
)
def test_a_superseded_release_changes_nothing_any_more(event: Event) -> None:
    for stage in (Stage.QUEUED, Stage.APPLIED, Stage.READY):
        staging = updating(stage)
        assert decide(staging, event, POLICY, NOW) == Decision(staging)


def _hook(state: WorkloadState, release: str = "r2") -> WorkloadStatus:
    return a_workload(state, release, "migrate", kind="Job")


def test_a_release_whose_next_turn_has_come_is_applied_once_more() -> None:
    web = a_workload(READY, "r1")
    for stage in (Stage.QUEUED, Stage.APPLIED):
        waiting = StagingStatus("s1", "r2", (_hook(PROGRESSING), web), "r1", (web,))
        assert Target.ENGINE not in decide(updating(stage), StatusSeen(waiting), POLICY, NOW).targets
        due = replace(waiting, workloads=(_hook(READY), web), ask_again=True)
        decision = decide(updating(stage), StatusSeen(due), POLICY, NOW)
        assert Target.ENGINE in decision.targets and decision.staging.attempt.stage is stage


def test_a_failed_hook_that_succeeds_after_all_goes_on_and_any_other_failure_does_not() -> None:
    web = a_workload(READY, "r1")
    bad = StagingStatus("s1", "r2", (_hook(FAILED), web), "r1", (web,))
    failed = decide(updating(), StatusSeen(bad), POLICY, NOW).staging
    assert failed.phase is Phase.FAILED
    due = replace(bad, workloads=(_hook(READY), web), ask_again=True)
    decision = decide(failed, StatusSeen(due), POLICY, NOW)
    assert decision.targets >= {Target.ENGINE, Target.CARD}
    assert (decision.staging.phase, decision.staging.attempt.reason) == (Phase.ROLLING_OUT, "")
    refused = decide(decision.staging, ReleaseFailed("r2", "a conflict"), POLICY, NOW).staging
    assert decide(refused, StatusSeen(due), POLICY, NOW).staging == refused
