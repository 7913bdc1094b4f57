"""The way back in detail: what comes back, by which number, and what a snapshot from before says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    AT_REST,
    FAILED,
    NOW,
    POLICY,
    PROGRESSING,
    READY,
    a_commit,
    a_deploy,
    a_release,
    a_staging,
    a_status,
    down,
    healthy,
    seconds,
    updating,
)

from bot.domain.errors import UserError
from bot.domain.events import (
    Applied,
    Delete,
    Event,
    Notice,
    NoticeKind,
    ReleaseFailed,
    Reset,
    Rollback,
    Sleep,
    Slept,
    StatusSeen,
    Target,
    Tick,
    UrlAnswered,
    Wake,
    Wiped,
)
from bot.domain.lifecycle import decide
from bot.domain.model import CLOCK, Desired, Phase, Stage, Staging

TOLD = {"by": "UBOB", "claims": ["data"]}


def after(staging: Staging, *events: Event) -> Staging:
    for event in events:
        staging = decide(staging, event, POLICY, NOW).staging
    return staging


def test_what_was_live_comes_back_and_not_a_newer_one_that_failed() -> None:
    failed = replace(updating(), attempt=a_release("r2", Stage.FAILED))
    awake = after(failed, Sleep("UBOB"), Slept(), Wake("UBOB"))
    assert (awake.phase, awake.attempt.id, awake.attempt.stage) == (Phase.WAKING, "r1", Stage.LIVE)
    live = after(awake, Applied("r1"), StatusSeen(healthy("r1")), UrlAnswered("r1", "200"))
    assert (live.phase, live.attempt, live.serving) == (Phase.LIVE, failed.live, "r1")
    assert decide(live, a_deploy("r9"), POLICY, NOW).staging.attempt.number == 3


def test_a_sleep_stops_what_is_under_way_and_a_wake_brings_back_what_ran() -> None:
    asleep = decide(updating(), Sleep("UBOB"), POLICY, NOW)
    (ended,) = asleep.releases
    assert (ended.id, ended.stage, ended.reason) == ("r2", Stage.SUPERSEDED, "The staging was put to sleep.")
    assert after(asleep.staging, Slept(), Wake("UBOB")).attempt.id == "r1"


def test_what_never_was_live_is_tried_again_under_its_number() -> None:
    asleep = after(a_staging(Phase.FAILED), Sleep("UBOB"), Slept())
    decision = decide(asleep, Wake("UCAROL"), POLICY, NOW)
    (again,) = decision.releases
    assert (again.id, again.number, again.stage, again.reason) == ("r1", 1, Stage.QUEUED, "")
    assert (again.actor, decision.staging.phase) == ("UCAROL", Phase.ROLLING_OUT)


def test_no_release_is_touched_by_a_wake_and_live_is_not_said_again() -> None:
    staging, told = a_staging(Phase.ASLEEP), list[Notice]()
    live = staging.attempt
    for event in (Wake("UBOB"), Applied("r1"), StatusSeen(healthy()), UrlAnswered("r1", "200")):
        decision = decide(staging, event, POLICY, NOW + seconds(3))
        staging, told = decision.staging, [*told, *decision.notices]
        assert decision.releases == ()
    assert staging.attempt == live
    assert [notice.kind for notice in told] == [NoticeKind.AWAKE]
    assert (told[0].facts["by"], told[0].facts["seconds"], told[0].facts["number"]) == ("UBOB", 0.0, 1)


def test_what_was_seen_before_the_engine_was_asked_wakes_nobody() -> None:
    waking = after(a_staging(Phase.FALLING_ASLEEP), Wake("UBOB"))
    for seen in (healthy(), AT_REST, down(), a_status("r1", FAILED)):
        assert decide(waking, StatusSeen(seen), POLICY, NOW).targets == frozenset()
        assert after(waking, StatusSeen(seen)).waking is Stage.QUEUED


def test_a_bot_that_was_killed_when_it_had_asked_finds_what_serves_already() -> None:
    """The engine has nothing new to tell then."""
    waking = after(a_staging(Phase.ASLEEP), Wake("UBOB"), StatusSeen(healthy()))
    decision = decide(waking, Applied("r1"), POLICY, NOW)
    assert (decision.staging.waking, decision.targets) == (Stage.READY, frozenset({Target.ENGINE}))


def test_nothing_wakes_for_ever() -> None:
    waking = after(a_staging(Phase.ASLEEP), Wake("UBOB"), Applied("r1"))
    assert waking.wake_at == NOW + POLICY.waking
    decision = decide(waking, Tick(), POLICY, NOW + POLICY.waking)
    assert decision.staging.phase is Phase.BROKEN and decision.notices[0].kind is NoticeKind.NOT_AWAKE


def test_nothing_that_sleeps_or_wakes_is_broken() -> None:
    for phase in (Phase.FALLING_ASLEEP, Phase.ASLEEP, Phase.WAKING, Phase.RESETTING):
        staging = after(a_staging(phase), StatusSeen(down()))
        decision = decide(staging, Tick(), POLICY, NOW + timedelta(minutes=1))
        assert decision.notices == () and decision.staging.phase is phase
    asleep = decide(a_staging(Phase.BROKEN), Sleep("UBOB"), POLICY, NOW)
    assert [notice.where for notice in asleep.notices] == ["alert edit"] and asleep.staging.broken_since is None


def test_it_is_asleep_only_when_all_of_it_is() -> None:
    """And not when one of its workloads is down."""
    falling = a_staging(Phase.FALLING_ASLEEP)
    assert after(falling, StatusSeen(down())).phase is Phase.FALLING_ASLEEP
    assert after(falling, StatusSeen(a_status("r1", READY, PROGRESSING))).phase is Phase.FALLING_ASLEEP
    decision = decide(falling, StatusSeen(AT_REST), POLICY, NOW)
    assert decision.staging.phase is Phase.ASLEEP and decision.notices[0].facts == TOLD


def test_a_sleep_that_fails_says_why_and_can_be_asked_again_or_taken_back() -> None:
    stuck = after(a_staging(Phase.FALLING_ASLEEP), StatusSeen(replace(AT_REST, asleep=False, hanging="Pod `web-1`")))
    assert (stuck.phase, stuck.health_reason) == (Phase.FALLING_ASLEEP, "Pod `web-1`")
    assert after(stuck, ReleaseFailed("r1", "A bug.")).health_reason == "A bug."
    assert decide(stuck, Sleep("UBOB"), POLICY, NOW).targets == frozenset({Target.ENGINE})
    assert decide(stuck, StatusSeen(replace(AT_REST, asleep=False, ask_again=True)), POLICY, NOW).targets == {
        Target.ENGINE,
        Target.CARD,
    }
    woken = after(stuck, Wake("UBOB"))
    assert (woken.phase, woken.health_reason) == (Phase.WAKING, "")
    assert after(stuck, StatusSeen(AT_REST)).health_reason == ""


def test_one_that_does_not_come_back_is_broken_with_its_reason() -> None:
    decision = decide(a_staging(Phase.WAKING), StatusSeen(a_status("r1", FAILED)), POLICY, NOW)
    assert decision.staging.phase is Phase.BROKEN and decision.staging.health_reason == "exit code 1"
    assert [notice.kind for notice in decision.notices] == [NoticeKind.NOT_AWAKE] and Target.FINDING in decision.targets
    assert after(decision.staging, Sleep("UBOB")).phase is Phase.FALLING_ASLEEP
    assert after(decision.staging, a_deploy("r9", a_commit(1))).phase is Phase.ROLLING_OUT


def test_a_deploy_wakes_unless_it_was_asked_for_before_the_sleep() -> None:
    asleep = a_staging(Phase.ASLEEP)
    woken = after(asleep, a_deploy("r9"))
    assert (woken.phase, woken.desired, woken.slept_by, woken.asleep_at) == (
        Phase.ROLLING_OUT,
        Desired.PRESENT,
        None,
        None,
    )
    with pytest.raises(UserError, match="was put to sleep after this deploy was asked for"):
        decide(asleep, a_deploy("r9", requested_at=NOW - seconds(11)), POLICY, NOW)


def test_a_delete_with_data_waits_and_one_without_does_not() -> None:
    """A cleanup never eats a live staging's volumes without asking."""
    decision = decide(a_staging(), Delete(CLOCK, "it expired"), POLICY, NOW)
    assert decision.staging.resting and decision.staging.undo_until == NOW + POLICY.undo
    assert decision.staging.wake_at == decision.staging.undo_until
    for event, staging in ((Delete("UBOB", now=True), a_staging()), (Delete("UBOB"), a_staging(claims=()))):
        gone = after(staging, event)
        assert gone.undo_until is None and not gone.resting
    no_time = replace(POLICY, undo=timedelta())
    assert decide(a_staging(), Delete("UBOB"), no_time, NOW).staging.undo_until is None


def test_a_delete_is_taken_back_by_a_wish_or_by_a_deploy_and_then_no_more() -> None:
    deleted = after(a_staging(), Delete("UBOB"), StatusSeen(AT_REST))
    assert (deleted.phase, deleted.asleep_at) == (Phase.DELETING, NOW)
    back = after(deleted, Wake("UCAROL", undo=True))
    assert (back.phase, back.desired, back.deleted_by, back.undo_until) == (Phase.WAKING, Desired.PRESENT, "UBOB", None)
    later = a_deploy("r9", requested_at=NOW + seconds(1))
    assert after(deleted, later).phase is Phase.ROLLING_OUT
    assert deleted.undo_until
    over = decide(deleted, Tick(), POLICY, deleted.undo_until)
    assert over.targets == frozenset({Target.ENGINE, Target.CARD}) and not over.staging.resting
    with pytest.raises(UserError, match="can't be taken back any more"):
        decide(over.staging, Wake("UCAROL", undo=True), POLICY, NOW)


def test_a_reset_wipes_and_starts_the_same_release() -> None:
    asked = after(a_staging(), Reset("UBOB"))
    assert (asked.phase, asked.resting) == (Phase.RESETTING, True)
    started = after(asked, Slept(), Wiped())
    assert (started.phase, started.desired, started.waking) == (Phase.RESETTING, Desired.PRESENT, Stage.QUEUED)
    up = decide(after(started, Applied("r1"), StatusSeen(healthy())), UrlAnswered("r1", "200"), POLICY, NOW)
    assert up.staging.phase is Phase.LIVE and up.notices[0].facts["reset"] == ["data"]


def test_a_deploy_during_a_reset_is_what_starts_on_the_empty_staging() -> None:
    resetting = after(a_staging(), Reset("UBOB"), a_deploy("r9"))
    assert (resetting.phase, resetting.attempt.id) == (Phase.RESETTING, "r9")
    started = decide(after(resetting, Slept()), Wiped(), POLICY, NOW)
    assert (started.staging.phase, started.staging.attempt.id) == (Phase.ROLLING_OUT, "r9")
    assert Target.ENGINE in started.targets and started.staging.reset_at is None


def test_a_reset_that_a_delete_has_interrupted_goes_on_when_that_is_taken_back() -> None:
    """Part of its data may be wiped already."""
    deleted = after(a_staging(), Reset("UBOB"), Slept(), Delete("UBOB"))
    assert deleted.resting and after(deleted, Wiped()) == deleted
    back = after(deleted, Wake("UBOB", undo=True))
    assert (back.desired, back.phase) == (Desired.RESET, Phase.RESETTING)
    assert after(deleted, a_deploy("r9", requested_at=NOW)).desired is Desired.RESET


def test_a_rollback_is_a_new_release_with_the_old_commit_and_configuration() -> None:
    """Configuration that was saved with a release that failed does not stay."""
    good = a_release("r1", Stage.LIVE, env={"PAYMENTS": "sandbox"})
    bad = a_release("r2", Stage.FAILED, env={"PAYMENTS": "production"}, details=("no",), awaits="x")
    decision = decide(a_staging(live=good, attempt=bad), Rollback("UBOB", "r9", good, NOW), POLICY, NOW)
    (new,) = decision.releases
    assert (new.id, new.number, new.copy_of, new.actor, new.stage) == ("r9", 3, 1, "UBOB", Stage.QUEUED)
    assert (new.commit, new.env, new.details, new.ended_at) == (good.commit, good.env, (), None)
    assert new.same_as(good) and not new.same_as(bad)
    with pytest.raises(UserError, match="has commit 0000000 as it was in release 1 already"):
        decide(decision.staging, Rollback("UBOB", "r10", good, NOW), POLICY, NOW)


def test_which_release_was_good_before_is_remembered() -> None:
    second = after(updating(Stage.READY), UrlAnswered("r2", "200"))
    assert (second.live and second.live.id, second.good) == ("r2", 1)
    broken = replace(second, broken_since=NOW)
    assert broken.can_roll_back
    back = a_release("r3", Stage.READY, commit=a_commit(1), copy_of=1)
    assert after(replace(second, attempt=back), UrlAnswered("r3", "200")).good is None
