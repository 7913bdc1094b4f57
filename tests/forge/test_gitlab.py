"""What GitLab's bodies say."""

from datetime import UTC, datetime

import pytest
from forge_kit import COMMIT, GITLAB, payload

from bot.domain.hearsay import CiRun, CiState, Hearsay, PullRequest, PullState, Pushed
from bot.forge import gitlab
from bot.forge.reading import Told, Unreadable


def told(name: str, **changes: object) -> Told:
    return gitlab.told(payload(f"gitlab_{name}", **changes))


def said(name: str, **changes: object) -> Hearsay:
    found = told(name, **changes)
    assert found.repositories == GITLAB
    (one,) = found.said
    return one


def test_pushes() -> None:
    assert said("push") == Pushed("feature-x", COMMIT, "bob")
    assert said("push", user_username=None) == Pushed("feature-x", COMMIT, "Bob Builder")
    assert said("push_deleted") == Pushed("feature-x", None, "bob")


def test_tags_are_no_branches() -> None:
    assert told("tag_push") == Told(GITLAB, (), "Only branches are followed.")


def test_a_merge_request() -> None:
    merge = PullRequest(
        number=7,
        branch="feature-x",
        commit=COMMIT,
        base="main",
        state=PullState.OPEN,
        title="Orange buttons",
        url="https://git.acme.example/group/shop/-/merge_requests/7",
        author="bob",
        by="bob",
        labels=("staging",),
        updated_at=datetime(2026, 11, 27, 9, 13, 20, tzinfo=UTC),
    )
    assert said("merge_request") == merge


@pytest.mark.parametrize(
    ("action", "state", "is_now"),
    [
        ("reopen", "opened", PullState.OPEN),
        ("update", "locked", PullState.OPEN),
        ("merge", "merged", PullState.MERGED),
        ("close", "closed", PullState.CLOSED),
    ],
)
def test_how_a_merge_request_stands(action: str, state: str, is_now: PullState) -> None:
    merge = said("merge_request", object_attributes__action=action, object_attributes__state=state)
    assert isinstance(merge, PullRequest)
    # Whoever merges it need not be its author.
    assert (merge.state, merge.author, merge.by) == (is_now, "", "bob")


def test_a_fork_is_told_apart() -> None:
    merge = said("merge_request", object_attributes__source_project_id=16)
    assert isinstance(merge, PullRequest) and merge.fork


def test_nothing_follows_from_an_approval() -> None:
    assert not told("merge_request", object_attributes__action="approved").said
    assert not told("note").said


def test_a_pipeline() -> None:
    at = datetime(2026, 11, 27, 9, 13, 31, tzinfo=UTC)
    url = "https://git.acme.example/group/shop/-/pipelines/812"
    assert said("pipeline") == CiRun(COMMIT, CiState.RUNNING, "Pipeline", "812", url, at, at.replace(second=35))
    newer = said(
        "pipeline",
        object_attributes__name="Build",
        object_attributes__url=f"{url}?x",
        object_attributes__created_at="2026-11-27T10:13:31+01:00",
    )
    assert newer == CiRun(COMMIT, CiState.RUNNING, "Build", "812", f"{url}?x", at, at.replace(second=35))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("created", CiState.RUNNING),
        ("waiting_for_resource", CiState.RUNNING),
        ("preparing", CiState.RUNNING),
        ("pending", CiState.RUNNING),
        ("scheduled", CiState.RUNNING),
        ("manual", CiState.RUNNING),
        ("canceling", CiState.RUNNING),
        ("success", CiState.PASSED),
        ("failed", CiState.FAILED),
        ("canceled", CiState.FAILED),
        ("skipped", CiState.SKIPPED),
    ],
)
def test_how_a_pipeline_stands(status: str, state: CiState) -> None:
    run = said("pipeline", object_attributes__status=status)
    assert isinstance(run, CiRun) and run.state is state


def test_an_unknown_state_says_nothing() -> None:
    assert not told("pipeline", object_attributes__status="something new").said


def test_a_pipeline_that_is_retried_is_news() -> None:
    """It has its number and its beginning still; only its jobs tell that it was later."""
    retried = {"status": "failed", "finished_at": "2026-11-27 09:20:00 UTC", "created_at": "2026-11-27 09:13:31 UTC"}
    again = retried | {"status": "running", "finished_at": None, "created_at": "2026-11-27 09:40:00 UTC"}
    run = said("pipeline", object_attributes__finished_at="2026-11-27 09:20:00 UTC", builds=[retried, again])
    assert isinstance(run, CiRun) and run.at == datetime(2026, 11, 27, 9, 40, tzinfo=UTC)


def test_all_mistakes_are_told() -> None:
    with pytest.raises(Unreadable) as caught:
        told("push", after="1a2b3c", ref=None)
    assert caught.value.mistakes == ("ref is missing: a branch.", "after must be 40 hex digits.")
