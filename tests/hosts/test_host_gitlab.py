"""What GitLab is told and asked, against a strict stand-in."""

import pytest
from gitlab_standin import GitLabStandin
from hosts_kit import SHA, a_deployment, a_status, client

from bot.domain.errors import MessageGone, OutcomeUnknown
from bot.domain.hearsay import CiState
from bot.domain.project import HostKind
from bot.domain.reporting import Standing

GITLAB, MARK = HostKind.GITLAB, "<!-- octopod s1 -->"


async def test_a_note_is_made_once_and_edited_then() -> None:
    gitlab = GitLabStandin()
    merge = gitlab.open("feature-x")
    async with client(gitlab, GITLAB) as api:
        gitlab.lose = 1
        with pytest.raises(OutcomeUnknown):
            await api.comment(merge, MARK, f"{MARK}\n\none", "")
        id = await api.comment(merge, MARK, f"{MARK}\n\ntwo", "")
        await api.comment(merge, MARK, f"{MARK}\n\nthree", id)
        with pytest.raises(MessageGone):
            await api.comment(merge, MARK, MARK, "404")
    assert gitlab.note_on(merge) == f"{MARK}\n\nthree"


async def test_the_merge_request_of_a_branch_is_the_newest_open_one_and_no_forks() -> None:
    gitlab = GitLabStandin()
    gitlab.open("feature-x"), gitlab.open("feature-x"), gitlab.open("feature-x", fork=True)
    async with client(gitlab, GITLAB) as api:
        assert await api.pull("feature-x") == 2


async def test_a_commit_is_marked_and_not_while_ci_is_to_build_its_image() -> None:
    gitlab = GitLabStandin()
    async with client(gitlab, GITLAB) as api:
        for standing in ("waiting", "starting", "starting", "live", "starting", "failed"):
            await api.status(a_status(Standing(standing)))
    assert [one["state"] for one in gitlab.statuses[SHA]] == ["success", "failed"]
    assert gitlab.statuses[SHA][0]["name"] == "octopod/feature-x"


async def test_a_deployment_goes_through_its_states_and_its_environment_stops() -> None:
    gitlab = GitLabStandin()
    states = []
    async with client(gitlab, GITLAB) as api:
        id = ""
        for standing in ("waiting", "starting", "live", "broken", "asleep", "starting", "live", "gone"):
            id = await api.deployment(a_deployment(Standing(standing)), id)
            states.append(next(iter(gitlab.deployments.values()))["status"])
    assert states == ["running", "running", *["success"] * 6]
    (environment,) = gitlab.environments.values()
    assert (environment["name"], environment["state"]) == ("staging/feature-x", "stopped")
    assert environment["external_url"] == "http://feature-x.localhost"


async def test_a_deployment_whose_answer_was_lost_is_found_again_and_one_that_was_replaced_is_canceled() -> None:
    gitlab = GitLabStandin()
    async with client(gitlab, GITLAB) as api:
        gitlab.lose = 1
        with pytest.raises(OutcomeUnknown):
            await api.deployment(a_deployment(Standing.STARTING), "")
        id = await api.deployment(a_deployment(Standing.STARTING), "")
        await api.deployment(a_deployment(Standing.REPLACED), id)
        await api.deployment(a_deployment(Standing.REPLACED), id)
    assert [one["status"] for one in gitlab.deployments.values()] == ["canceled"]


async def test_pipelines_are_told_as_their_webhooks_would() -> None:
    gitlab = GitLabStandin()
    pipeline = {"id": 31, "sha": SHA, "ref": "feature-x", "status": "failed", "source": "push"}
    pipeline |= {"web_url": "https://gitlab/pipelines/31", "created_at": "2026-11-28T10:00:00.000Z"}
    gitlab.pipelines = [pipeline, {**pipeline, "id": 32, "source": "external", "status": "running"}]
    async with client(gitlab, GITLAB) as api:
        (run,) = await api.runs(SHA)
    assert (run.number, run.state, run.url) == ("31", CiState.FAILED, "https://gitlab/pipelines/31")
