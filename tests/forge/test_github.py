"""What GitHub's bodies say."""

from datetime import UTC, datetime
from typing import Any

import pytest
from forge_kit import COMMIT, GITHUB, payload

from bot.domain.hearsay import CiRun, CiState, Hearsay, ImagePushed, PullRequest, PullState, Pushed
from bot.forge import github
from bot.forge.reading import Told, Unreadable

PULL = PullRequest(
    number=123,
    branch="feature-x",
    commit=COMMIT,
    base="main",
    state=PullState.OPEN,
    title="Orange buttons",
    url="https://github.com/acme/shop/pull/123",
    author="bob",
    by="bob",
    fork=False,
    labels=("staging", "good first issue"),
    updated_at=datetime(2026, 11, 27, 9, 13, 20, tzinfo=UTC),
)


def told(event: str, name: str = "", **changes: Any) -> Told:
    return github.told(event, form=False, raw=payload(f"github_{name or event}", **changes))


def said(event: str, name: str = "", **changes: Any) -> Hearsay:
    found = told(event, name, **changes)
    assert found.repositories == GITHUB
    (one,) = found.said
    return one


@pytest.mark.parametrize("forced", [False, True])
def test_a_push(forced: bool) -> None:
    assert said("push", forced=forced) == Pushed("feature-x", COMMIT, "bob")


def test_a_branch_with_slashes() -> None:
    pushed = said("push", ref="refs/heads/fix/refs/heads/ünï#1", before="0" * 40, created=True, sender=None)
    assert pushed == Pushed("fix/refs/heads/ünï#1", COMMIT, "bob")


def test_a_branch_that_is_deleted() -> None:
    assert said("push", "push_deleted") == Pushed("feature-x", None, "bob")


def test_tags_are_no_branches() -> None:
    found = told("push", "push_tag")
    assert (found.repositories, found.said, found.note) == (GITHUB, (), "Only branches are followed.")


@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize", "edited", "labeled", "unlabeled"])
def test_a_pull_request(action: str) -> None:
    assert said("pull_request", action=action) == PULL


@pytest.mark.parametrize(("merged", "state"), [(True, PullState.MERGED), (False, PullState.CLOSED)])
def test_a_pull_request_that_is_over(merged: bool, state: PullState) -> None:
    closed = said("pull_request", action="closed", pull_request__state="closed", pull_request__merged=merged)
    assert isinstance(closed, PullRequest) and closed.state is state


@pytest.mark.parametrize("repo", [None, {"id": 7701, "full_name": "mallory/shop"}])
def test_a_fork_is_told_apart_also_when_it_is_gone(repo: object) -> None:
    pull = said("pull_request", pull_request__head__repo=repo)
    assert isinstance(pull, PullRequest) and pull.fork


def test_nothing_follows_from_a_review() -> None:
    assert not told("pull_request", action="review_requested").said


def test_runs_of_ci() -> None:
    at, url = datetime(2026, 11, 27, 9, 13, tzinfo=UTC), "https://github.com/acme/shop"
    image_at = at.replace(second=35)
    runs = [said(event) for event in ("check_run", "check_suite", "workflow_run", "status")]
    assert runs == [
        CiRun(COMMIT, CiState.RUNNING, "image", "", f"{url}/runs/812001", image_at, image_at, part=True),
        CiRun(
            COMMIT,
            CiState.PASSED,
            "GitHub Actions",
            "",
            "",
            at.replace(second=30),
            at.replace(minute=21, second=2),
            part=True,
        ),
        CiRun(
            COMMIT,
            CiState.FAILED,
            "Build",
            "812",
            f"{url}/actions/runs/550001",
            at.replace(second=33),
            at.replace(minute=19, second=40),
        ),
        CiRun(
            COMMIT,
            CiState.RUNNING,
            "ci/image",
            "",
            "https://ci.acme.example/builds/812",
            at=at.replace(second=36),
            part=True,
        ),
    ]


@pytest.mark.parametrize(
    ("status", "conclusion", "state"),
    [
        ("requested", None, CiState.RUNNING),
        ("queued", None, CiState.RUNNING),
        ("in_progress", None, CiState.RUNNING),
        ("completed", "success", CiState.PASSED),
        ("completed", "neutral", CiState.PASSED),
        ("completed", "failure", CiState.FAILED),
        ("completed", "timed_out", CiState.FAILED),
        ("completed", "cancelled", CiState.FAILED),
        ("completed", "startup_failure", CiState.FAILED),
        ("completed", "action_required", CiState.FAILED),
        ("completed", "skipped", CiState.SKIPPED),
    ],
)
def test_how_a_run_stands(status: str, conclusion: str | None, state: CiState) -> None:
    run = said("workflow_run", workflow_run__status=status, workflow_run__conclusion=conclusion)
    assert isinstance(run, CiRun) and run.state is state


@pytest.mark.parametrize("conclusion", ["something new", None])
def test_an_unknown_state_says_nothing(conclusion: str | None) -> None:
    assert not told("check_run", check_run__status="completed", check_run__conclusion=conclusion).said
    assert not told("status", state="something new").said


@pytest.mark.parametrize("url", [f"ghcr.io/acme/shop:{COMMIT}", "ghcr.io/acme/shop:", "ghcr.io/acme/shop"])
@pytest.mark.parametrize("event", ["registry_package", "package"])
def test_an_image_in_githubs_registry(event: str, url: str) -> None:
    raw = payload("github_registry_package", registry_package__package_version__package_url=url)
    found = github.told(event, form=False, raw=raw.replace(b'"registry_package"', f'"{event}"'.encode()))
    assert found == Told((), (ImagePushed(f"ghcr.io/acme/shop:{COMMIT}"),))


@pytest.mark.parametrize(
    "changes",
    [
        {"registry_package__package_type": "npm"},
        {"action": "deleted"},
        {"registry_package__package_version__container_metadata__tag": {"name": "", "digest": "sha256:ab"}},
        {"registry_package__package_version__container_metadata": None},
    ],
)
def test_what_is_no_new_image_with_a_tag(changes: dict[str, Any]) -> None:
    assert not told("registry_package", **changes).said


def test_a_ping_names_the_repository() -> None:
    assert told("ping") == Told(GITHUB, (), "GitHub is heard.")


@pytest.mark.parametrize("event", ["issues", "", "push\n", "create", "delete"])
def test_other_events(event: str) -> None:
    assert not told(event, "push").said


def test_a_form() -> None:
    form = b"payload=%7B%22zen%22%3A+%22x%22%7D"
    assert github.told("ping", form=True, raw=form).note == "GitHub is heard."
    with pytest.raises(Unreadable, match=r"^The form has no payload\.$"):
        github.told("ping", form=True, raw=b"{}")


def test_all_mistakes_are_told_with_their_keys() -> None:
    with pytest.raises(Unreadable) as caught:
        told(
            "pull_request",
            pull_request__number="123",
            pull_request__head__ref="a..b",
            pull_request__head__sha="1a2b3c",
            pull_request__base=[],
            pull_request__labels=["staging"],
        )
    assert caught.value.mistakes == (
        "pull_request.base must be an object.",
        "pull_request.number must be a number, 1 or more.",
        "pull_request.head.ref must be a branch as git allows it.",
        "pull_request.head.sha must be 40 hex digits.",
        "pull_request.base.ref is missing: a branch.",
        "pull_request.labels[0] must be an object.",
    )


def test_what_is_of_no_repository_is_for_nobody() -> None:
    with pytest.raises(Unreadable, match=r"^It does not say of which repository it is\.$"):
        told("push", repository={"full_name": "acme/shop"})


def test_what_could_not_be_stored_or_clicked_is_left_out() -> None:
    changed = said(
        "pull_request",
        pull_request__title="  Orange\n\x00 but\ud800tons\u202e  " + "x" * 300,
        pull_request__html_url="javascript:alert(1)",
    )
    assert isinstance(changed, PullRequest)
    assert changed.title.startswith("Orange buttons xxx") and len(changed.title) == 250 and changed.title[-1] == "…"
    assert changed.url == ""
