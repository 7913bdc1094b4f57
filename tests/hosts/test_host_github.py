"""What GitHub is told and asked, against a strict stand-in."""

import pytest
from github_standin import GitHubStandin
from hosts_kit import SHA, a_deployment, a_status, client

from bot.domain.errors import MessageGone, OutcomeUnknown
from bot.domain.hearsay import CiState
from bot.domain.project import HostKind
from bot.domain.reporting import Standing

GITHUB, MARK = HostKind.GITHUB, "<!-- octopod s1 -->"


async def test_a_comment_is_made_once_and_edited_then() -> None:
    github = GitHubStandin()
    pull = github.open("feature-x")
    async with client(github, GITHUB) as api:
        id = await api.comment(pull, MARK, f"{MARK}\n\none", "")
        assert await api.comment(pull, MARK, f"{MARK}\n\ntwo", id) == id
    assert github.comment_on(pull) == f"{MARK}\n\ntwo"


async def test_a_comment_whose_answer_was_lost_is_found_again_on_a_later_page() -> None:
    github = GitHubStandin()
    github.page = 2
    pull = github.open("feature-x")
    for text in ("First!", "Nice.", "Ship it."):
        github.comments[github.new_id()] = {"id": github._next, "issue": pull, "body": text, "edits": 0}
    async with client(github, GITHUB) as api:
        github.lose = 1
        with pytest.raises(OutcomeUnknown):
            await api.comment(pull, MARK, f"{MARK}\n\none", "")
        await api.comment(pull, MARK, f"{MARK}\n\ntwo", "")
    ours = [one["body"] for one in github.comments.values() if one["body"].startswith(MARK)]
    assert ours == [f"{MARK}\n\ntwo"]


async def test_a_comment_that_somebody_deleted_is_said_to_be_gone() -> None:
    github = GitHubStandin()
    pull = github.open("feature-x")
    async with client(github, GITHUB) as api:
        with pytest.raises(MessageGone):
            await api.comment(pull, MARK, MARK, "404")


async def test_the_pull_request_of_a_branch_is_the_newest_open_one() -> None:
    github = GitHubStandin()
    github.open("feature-x"), github.open("feature-x"), github.open("feature-y")
    github.pulls[3]["state"] = "closed"
    async with client(github, GITHUB) as api:
        assert [await api.pull(branch) for branch in ("feature-x", "feature-y", "main")] == [2, None, None]


@pytest.mark.parametrize(
    ("standing", "state"),
    [("waiting", "pending"), ("starting", "pending"), ("live", "success"), ("broken", "error"), ("failed", "failure")],
)
async def test_a_commit_is_marked(standing: str, state: str) -> None:
    github = GitHubStandin()
    async with client(github, GITHUB) as api:
        await api.status(a_status(Standing(standing), "feature-x is so"))
    assert github.newest(SHA) == {
        "state": state,
        "context": "octopod/feature-x",
        "description": "feature-x is so",
        "target_url": "http://feature-x.localhost",
    }


async def test_a_deployment_goes_through_its_states_and_is_made_once() -> None:
    github = GitHubStandin()
    async with client(github, GITHUB) as api:
        id = ""
        for standing in ("waiting", "starting", "live", "broken", "asleep", "live", "gone"):
            id = await api.deployment(a_deployment(Standing(standing)), id)
    (made,) = github.deployments.values()
    assert (made["environment"], made["sha"], made["transient_environment"]) == ("staging/feature-x", SHA, True)
    assert not made["production_environment"]
    assert github.states(int(id)) == ["queued", "in_progress", "success", "error", "inactive", "success", "inactive"]
    assert made["statuses"][-1]["environment_url"] == "http://feature-x.localhost"


async def test_a_deployment_whose_answer_was_lost_is_found_again() -> None:
    github = GitHubStandin()
    async with client(github, GITHUB) as api:
        github.lose = 1
        with pytest.raises(OutcomeUnknown):
            await api.deployment(a_deployment(), "")
        await api.deployment(a_deployment(), "")
        await api.deployment(a_deployment(release="r2"), "")
    assert [one["payload"] for one in github.deployments.values()] == [{"octopod": "r1"}, {"octopod": "r2"}]


async def test_ci_is_told_as_its_webhooks_would() -> None:
    github = GitHubStandin()
    github.page = 1
    run = {
        "head_sha": SHA,
        "status": "in_progress",
        "conclusion": None,
        "run_number": 812,
        "html_url": "https://ci/812",
    }
    github.workflows = [
        {**run, "name": "Image", "run_started_at": "2026-11-28T10:00:00Z"},
        {**run, "name": "Lint", "status": "completed", "conclusion": "failure", "run_number": 813},
        {**run, "name": "Docs", "status": "completed", "conclusion": "skipped"},
    ]
    github.checks = [{"head_sha": SHA, "status": "completed", "conclusion": "success", "name": "unit", "html_url": ""}]
    github.marks = [{"state": "pending", "context": "jenkins", "target_url": "https://jenkins/1", "id": 5}]
    async with client(github, GITHUB) as api:
        await api.status(a_status(Standing.WAITING))
        runs = await api.runs(SHA)
    assert [(run.name, run.number, run.state) for run in runs] == [
        ("Image", "812", CiState.RUNNING),
        ("Lint", "813", CiState.FAILED),
        ("Docs", "812", CiState.SKIPPED),
        ("unit", "", CiState.PASSED),
        ("jenkins", "", CiState.RUNNING),
    ], "our own mark is no CI"
    assert runs[0].started_at and runs[0].started_at.hour == 10
    assert {run.commit for run in runs} == {SHA}
