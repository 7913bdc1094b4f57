"""Releases that wait for their image: how often it is looked for, for how long, and what ends the wait."""

from dataclasses import replace
from datetime import timedelta

from builders import IMAGE, NOW, POLICY, PROGRESSING, READY, a_release, a_staging, a_workload, seconds

from bot.domain.events import Decision, ImageMissing, NoticeKind, StatusSeen, Target, Tick
from bot.domain.lifecycle import decide
from bot.domain.model import Phase, Stage, Staging
from bot.domain.status import StagingStatus, WorkloadState

LIMIT = POLICY.image_wait
MISSING = ImageMissing("r1", IMAGE)


def starting() -> Staging:
    return decide(a_staging(Phase.ROLLING_OUT), MISSING, POLICY, NOW).staging


def test_the_pauses_grow_and_the_last_look_is_at_the_limit() -> None:
    staging, looks = starting(), list[timedelta]()
    while staging.phase is Phase.WAITING:
        assert staging.look_at is not None and staging.wake_at == staging.look_at
        now = staging.look_at
        looks.append(now - NOW)
        tick = decide(staging, Tick(), POLICY, now)
        assert tick.targets == {Target.ENGINE} and tick.staging.look_at is None
        staging = decide(tick.staging, MISSING, POLICY, now).staging
    pauses = [later - earlier for earlier, later in zip([timedelta(), *looks], looks, strict=False)]
    assert pauses[0] == POLICY.first_look and looks[-1] == LIMIT
    assert pauses[:-1] == sorted(pauses[:-1]) and max(pauses) == POLICY.rarest_look
    assert staging.phase is Phase.FAILED and len(looks) < 60


def test_a_bot_that_was_away_looks_once_more_before_it_gives_up() -> None:
    late = NOW + 2 * LIMIT
    tick = decide(starting(), Tick(), POLICY, late)
    assert tick.staging.phase is Phase.WAITING and tick.targets == {Target.ENGINE}
    assert decide(tick.staging, MISSING, POLICY, late).staging.phase is Phase.FAILED


def told(awaits: str, state: WorkloadState = PROGRESSING) -> StatusSeen:
    workload = a_workload(state, awaits=awaits, reason="web: the image is not in the registry" if awaits else "")
    return StatusSeen(StagingStatus("s1", "r1", (workload,), "r1" if state is READY else None))


def applied() -> Staging:
    return a_staging(Phase.ROLLING_OUT, attempt=a_release(stage=Stage.APPLIED))


def kinds(decision: Decision) -> list[NoticeKind]:
    return [notice.kind for notice in decision.notices]


def test_an_engine_that_lacks_only_the_image_makes_it_wait_too() -> None:
    seen = decide(applied(), told(IMAGE), POLICY, NOW)
    assert seen.staging.phase is Phase.WAITING and Target.CARD in seen.targets
    assert seen.staging.wake_at == NOW + LIMIT
    again = decide(seen.staging, told(IMAGE), POLICY, NOW + seconds(60))
    assert again == Decision(seen.staging), "the limit stays where it was"
    there = decide(again.staging, told(""), POLICY, NOW + seconds(90))
    assert there.staging.phase is Phase.ROLLING_OUT and Target.CARD in there.targets
    assert there.staging.attempt.awaits_until is None


def test_such_a_wait_ends_at_its_limit() -> None:
    waiting = decide(applied(), told(IMAGE), POLICY, NOW).staging
    before = decide(waiting, Tick(), POLICY, NOW + LIMIT - seconds(1))
    assert before.staging.phase is Phase.WAITING and before.targets == frozenset()
    over = decide(waiting, Tick(), POLICY, NOW + LIMIT)
    assert over.staging.phase is Phase.FAILED and kinds(over) == [NoticeKind.FAILED]
    healed = decide(over.staging, told("", READY), POLICY, NOW + 2 * LIMIT)
    assert healed.staging.phase is Phase.ROLLING_OUT and healed.staging.attempt.awaits == ""


def test_an_image_that_is_there_at_once_needs_no_step_in_between() -> None:
    waiting = decide(applied(), told(IMAGE), POLICY, NOW).staging
    ready = decide(waiting, told("", READY), POLICY, NOW)
    assert ready.staging.phase is Phase.ROLLING_OUT and {Target.CARD, Target.ENGINE} <= ready.targets


def test_another_failure_ends_the_wait() -> None:
    waiting = decide(applied(), told(IMAGE), POLICY, NOW).staging
    ill = a_workload(WorkloadState.FAILED, name="api")
    status = StagingStatus("s1", "r1", (a_workload(PROGRESSING, awaits=IMAGE), ill))
    failed = decide(waiting, StatusSeen(status), POLICY, NOW).staging
    assert failed.phase is Phase.FAILED and failed.attempt.reason == ill.reason


def test_a_retry_begins_without_the_old_wait() -> None:
    failed = replace(starting(), attempt=replace(starting().attempt, stage=Stage.FAILED))
    assert failed.phase is Phase.FAILED
    assert decide(failed, MISSING, POLICY, NOW) == Decision(failed)
