"""What CI says of images: which news counts, which run tells most, and what ends a wait."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import NOW, POLICY, a_release, a_staging, seconds

from bot.domain.building import build_seen, label, noted, telling, usual
from bot.domain.events import BuildSeen, Decision, NoticeKind, Target
from bot.domain.hearsay import CiRun, CiState
from bot.domain.lifecycle import decide
from bot.domain.model import Build, Phase, Stage, Staging

RUNNING, PASSED, FAILED, SKIPPED = CiState.RUNNING, CiState.PASSED, CiState.FAILED, CiState.SKIPPED
COMMIT = "1" * 40
URL = "https://ci.example.com/812"


def run(state: CiState, minute: int = 0, name: str = "Build", part: bool = False, number: str = "812") -> CiRun:
    return CiRun(COMMIT, state, name, number, URL, NOW, NOW + timedelta(minutes=minute), part)


# --- what is remembered ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "said", "news"),
    [
        (None, run(RUNNING), True),
        (run(RUNNING, 1), run(FAILED, 2), True),
        (run(FAILED, 2), run(RUNNING, 1), False),
        (run(FAILED, 2), run(RUNNING, 3), True),
        (run(RUNNING, 1), run(FAILED, 1), True),
        (run(FAILED, 1), run(RUNNING, 1), False),
        (run(FAILED, 1), run(FAILED, 1), False),
        (run(RUNNING, 1), run(RUNNING, 1), False),
    ],
)
def test_older_news_is_none(known: CiRun | None, said: CiRun, news: bool) -> None:
    assert (noted(said, known, NOW) is not None) is news


def test_what_says_no_time_is_of_now() -> None:
    said = CiRun(COMMIT, RUNNING)
    begun = noted(said, None, NOW)
    assert begun == replace(said, at=NOW, started_at=NOW)
    later = NOW + seconds(60)
    assert noted(replace(said, state=PASSED), begun, later) == CiRun(COMMIT, PASSED, started_at=NOW, at=later)


def test_one_that_begins_again_begins_then() -> None:
    ended, later = run(FAILED), NOW + seconds(60)
    again = noted(replace(ended, state=RUNNING, at=None, started_at=None), ended, later)
    assert again and again.started_at == later


def test_a_clock_far_ahead_does_not_silence_what_is_said_later() -> None:
    known = noted(run(RUNNING, minute=10_000), None, NOW)
    assert known and known.at == NOW
    assert noted(run(FAILED, minute=1), known, NOW + seconds(60)) is not None


# --- which run tells most --------------------------------------------------------------------------------------------

OLD, NEW = run(FAILED, 1), run(RUNNING, 2, number="813")
LINT, CHECK = run(FAILED, 3, "Lint"), run(FAILED, 4, "image", part=True)


@pytest.mark.parametrize(
    ("runs", "named", "found"),
    [
        ([], None, None),
        ([OLD], None, OLD),
        ([OLD, NEW], None, NEW),
        ([OLD, replace(NEW, state=PASSED)], None, replace(NEW, state=PASSED)),
        ([LINT, NEW], None, NEW),
        ([LINT, run(PASSED)], None, LINT),
        ([LINT, run(PASSED)], "build", run(PASSED)),
        ([LINT, run(RUNNING)], "Lint", LINT),
        ([CHECK], None, None),
        ([CHECK, run(RUNNING)], "image", CHECK),
        ([run(SKIPPED)], None, None),
        ([run(SKIPPED), LINT], None, LINT),
        ([run(FAILED)], "Image", None),
    ],
)
def test_which_run_tells_most(runs: list[CiRun], named: str | None, found: CiRun | None) -> None:
    assert telling(runs, named) == found == telling(runs[::-1], named)


def test_of_two_that_run_the_first_is_told() -> None:
    first, second = run(RUNNING, 5), replace(run(RUNNING, 1, "Lint"), started_at=NOW + seconds(30))
    assert telling([second, first], None) == first


def test_what_is_usual_needs_more_than_two() -> None:
    minutes = [timedelta(minutes=9), timedelta(minutes=8), timedelta(hours=3)]
    assert usual(minutes[:2]) is None and usual(minutes) == timedelta(minutes=9)


@pytest.mark.parametrize(
    ("name", "number", "said"),
    [
        ("Build", "812", "CI run Build #812"),
        ("CI", "812", "CI run #812"),
        ("image", "", "CI run image"),
        ("", "", "CI run"),
    ],
)
def test_what_a_run_is_called(name: str, number: str, said: str) -> None:
    assert label(replace(run(RUNNING), name=name, number=number)) == said


# --- what follows ----------------------------------------------------------------------------------------------------


def waiting(stage: Stage = Stage.QUEUED) -> Staging:
    staging = a_staging(Phase.WAITING)
    return staging if stage is Stage.QUEUED else replace(staging, attempt=replace(staging.attempt, stage=stage))


def seen(staging: Staging, state: CiState, look: bool = False) -> Decision:
    return decide(staging, BuildSeen("r1", Build(run(state)), look), POLICY, NOW)


def test_a_run_is_shown_once() -> None:
    shown = seen(waiting(), RUNNING)
    assert shown.targets == {Target.CARD, Target.PROGRESS} and shown.staging.attempt.build == Build(run(RUNNING))
    assert shown.staging.look_at == waiting().look_at
    assert seen(shown.staging, RUNNING) == Decision(shown.staging)


@pytest.mark.parametrize("state", [PASSED, FAILED])
def test_the_end_of_a_run_asks_the_registry(state: CiState) -> None:
    ended = seen(waiting(), state, look=True)
    assert Target.ENGINE in ended.targets and ended.staging.look_at is None
    assert ended.staging.phase is Phase.WAITING and ended.notices == ()


def test_one_that_failed_ends_the_wait_once_the_registry_was_asked() -> None:
    ended = seen(waiting(), FAILED)
    assert ended.staging.phase is Phase.FAILED and ended.staging.look_at is None
    [told] = ended.notices
    assert told.kind is NoticeKind.FAILED and URL in told.facts["next_step"]
    assert "CI run Build #812 failed" in told.facts["reason"]


def test_what_the_engine_waits_for_can_not_be_looked_for() -> None:
    assert seen(waiting(Stage.APPLIED), FAILED, look=True).staging.phase is Phase.FAILED
    assert Target.ENGINE not in seen(waiting(Stage.APPLIED), PASSED, look=True).targets


def test_one_that_passed_and_brought_no_image_is_waited_on() -> None:
    assert seen(waiting(), PASSED).staging.phase is Phase.WAITING


@pytest.mark.parametrize("phase", list(Phase))
def test_nothing_follows_for_what_does_not_wait(phase: Phase) -> None:
    staging = a_staging(phase)
    if phase is not Phase.WAITING:
        assert build_seen(staging, BuildSeen("r1", Build(run(FAILED)), True), NOW) == Decision(staging)
    other = replace(staging, attempt=a_release("r2", staging.attempt.stage))
    assert build_seen(other, BuildSeen("r1", Build(run(FAILED)), True), NOW) == Decision(other)
