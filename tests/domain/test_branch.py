"""What becomes of a staging as its branch moves, ends and comes back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import EXPIRY, NOW, POLICY, a_commit, a_deploy, a_staging, updating
from git_kit import a_project

from bot.domain.branch import covered
from bot.domain.errors import UserError
from bot.domain.events import BranchBack, BranchEnded, Deploy, Freeze, Keep, NoticeKind, Push, Tick, Withheld
from bot.domain.lifecycle import decide
from bot.domain.model import PUSH, Desired, Ending, Phase, Stage
from bot.domain.project import Follow, Updates

PUSHED = Push(2, ("Bob",))
MERGED = BranchEnded(Ending.MERGED, "Alice")


def a_push(number: int = 5) -> Deploy:
    return replace(a_deploy("r9", a_commit(number), actor=PUSH), head=a_commit(number), push=PUSHED)


def test_a_push_is_a_release_and_is_told() -> None:
    decision = decide(a_staging(), a_push(), POLICY, NOW)
    assert decision.staging.phase is Phase.ROLLING_OUT
    assert decision.staging.head == decision.staging.attempt.commit == a_commit(5)
    assert [notice.kind for notice in decision.notices] == [NoticeKind.UPDATING]


@pytest.mark.parametrize("phase", [Phase.ASLEEP, Phase.FALLING_ASLEEP, Phase.DELETING])
def test_what_rests_or_goes_is_not_woken_by_a_push(phase: Phase) -> None:
    staging = a_staging(phase)
    assert decide(staging, a_push(), POLICY, NOW).staging == staging


def test_what_is_frozen_stays_even_if_the_push_was_seen_before() -> None:
    staging = a_staging(frozen=True)
    assert decide(staging, a_push(), POLICY, NOW).staging == staging


def test_the_next_push_takes_the_place_of_one_under_way() -> None:
    decision = decide(updating(), a_push(), POLICY, NOW)
    assert [release.stage for release in decision.releases] == [Stage.SUPERSEDED, Stage.QUEUED]


def test_a_push_that_somebody_has_deployed_already_is_only_noted() -> None:
    staging = a_staging()
    event = replace(a_deploy("r9", staging.attempt.commit), head=staging.attempt.commit, push=PUSHED)
    decision = decide(staging, event, POLICY, NOW)
    assert decision.staging.attempt == staging.attempt
    assert decision.staging.head == staging.attempt.commit
    assert decision.notices == ()


@pytest.mark.parametrize(("why", "told"), [("", 0), ("it is guarded", 1)])
def test_what_is_withheld_is_told_only_where_somebody_has_to_decide(why: str, told: int) -> None:
    decision = decide(a_staging(), Withheld(a_commit(7), PUSHED, why), POLICY, NOW)
    assert decision.staging.behind
    assert len(decision.notices) == told
    again = decide(decision.staging, Withheld(a_commit(7), PUSHED, why), POLICY, NOW)
    assert (again.staging, again.notices) == (decision.staging, ())


def test_a_staging_outlives_its_branch_by_an_hour_and_its_end_says_why() -> None:
    ended = decide(a_staging(), MERGED, POLICY, NOW)
    assert ended.staging.expires_at == NOW + timedelta(hours=1)
    assert [notice.kind for notice in ended.notices] == [NoticeKind.BRANCH_ENDED]
    later = decide(ended.staging, Tick(), POLICY, NOW + timedelta(minutes=59))
    assert later.notices == (), "it was warned of by the same message"
    over = decide(ended.staging, Tick(), POLICY, NOW + timedelta(hours=1))
    assert (over.staging.desired, over.staging.delete_reason) == (Desired.ABSENT, "its branch was merged by Alice")


def test_the_first_word_about_an_end_counts() -> None:
    ended = decide(a_staging(), MERGED, POLICY, NOW).staging
    assert decide(ended, BranchEnded(Ending.DELETED), POLICY, NOW).staging == ended


def test_an_end_never_makes_a_life_longer() -> None:
    soon = NOW + timedelta(minutes=5)
    assert decide(a_staging(expires_at=soon), MERGED, POLICY, NOW).staging.expires_at == soon


def test_what_is_kept_stays_and_so_does_all_where_the_project_says_so() -> None:
    assert decide(a_staging(kept=True, expires_at=None), MERGED, POLICY, NOW).staging.expires_at is None
    staying = replace(POLICY, gone_after=None)
    assert decide(a_staging(), MERGED, staying, NOW).staging.expires_at == EXPIRY


@pytest.mark.parametrize("event", [BranchBack(), a_push()])
def test_a_branch_that_is_back_gives_its_staging_its_usual_time(event: BranchBack | Deploy) -> None:
    ended = decide(a_staging(), MERGED, POLICY, NOW).staging
    back = decide(ended, event, POLICY, NOW).staging
    assert (back.branch_ended, back.expires_at) == (None, NOW + timedelta(days=3))


def test_keep_and_freeze_are_switches() -> None:
    kept = decide(a_staging(), Keep("UBOB", True), POLICY, NOW)
    assert (kept.staging.expires_at, kept.what) == (None, "keep")
    assert decide(kept.staging, Keep("UBOB", True), POLICY, NOW).what == ""
    assert decide(kept.staging, Keep("UBOB", False), POLICY, NOW).staging.expires_at == NOW + timedelta(days=3)
    frozen = decide(a_staging(), Freeze("UBOB", True), POLICY, NOW)
    assert (frozen.staging.frozen, frozen.what) == (True, "freeze")
    with pytest.raises(UserError, match="being deleted"):
        decide(a_staging(Phase.DELETING), Freeze("UBOB", True), POLICY, NOW)


@pytest.mark.parametrize(
    ("branch", "globs", "so"),
    [
        ("feature/x", ("*",), True),
        ("feature/x", ("feature/*",), True),
        ("bug/x", ("feature/*",), False),
        ("feature/wip-1", ("feature/*", "!feature/wip-*"), False),
        ("feature/wip-1", ("!feature/wip-*", "feature/*"), True),
        ("main", ("feature/*",), True),
    ],
)
def test_which_branches_are_covered(branch: str, globs: tuple[str, ...], so: bool) -> None:
    project = replace(a_project("/shop"), follow=Follow(branches=globs))
    assert covered(project, branch) is so
    off = replace(project, follow=Follow(updates=Updates.OFF, branches=globs))
    assert not covered(off, branch)
