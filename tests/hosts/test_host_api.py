"""What is the same of every host's API: credentials, limits, pages, and errors in our words."""

from typing import Any

import aiohttp
import pytest
from aiohttp import web
from github_standin import GitHubStandin
from hosts_kit import APP, SHA, Time, a_host, a_status, client, project

from bot.domain.errors import OctopodError, OutcomeUnknown, PermanentError, TemporaryError
from bot.domain.project import HostKind
from bot.hosts.hosts import Hosts

GITHUB = HostKind.GITHUB


async def test_what_has_not_changed_costs_nothing_of_the_limit() -> None:
    github = GitHubStandin()
    github.open("feature-x")
    async with client(github, GITHUB) as api:
        assert [await api.pull("feature-x") for _ in range(3)] == [1, 1, 1]
        assert [status for _, _, status in github.asked] == [200, 304, 304]
        github.open("feature-x", 9)
        assert await api.pull("feature-x") == 9


async def test_a_limit_is_kept_until_it_is_over_and_nobody_is_asked_meanwhile() -> None:
    github, time = GitHubStandin(), Time()
    github.answers = [web.json_response({"message": "slow down"}, status=429, headers={"Retry-After": "30"})]
    async with client(github, GITHUB, pace=time.pace()) as api:
        with pytest.raises(TemporaryError, match="wants 30 seconds of rest") as first:
            await api.status(a_status())
        assert first.value.retry_after == 30
        time.at = 20.0
        with pytest.raises(TemporaryError, match="for 10 more seconds") as second:
            await api.pull("feature-x")
        assert second.value.retry_after == 10
        assert len(github.asked) == 1
        time.at = 31.0
        await api.status(a_status())
        assert github.newest(SHA)["state"] == "success"


async def test_who_is_limited_again_and_again_waits_longer_each_time() -> None:
    github, time = GitHubStandin(), Time()
    limited = [web.json_response({"message": "secondary rate limit"}, status=403) for _ in range(3)]
    github.answers = [*limited]
    waits = []
    async with client(github, GITHUB, pace=time.pace()) as api:
        for _ in limited:
            with pytest.raises(TemporaryError) as error:
                await api.pull("feature-x")
            waits.append(error.value.retry_after)
            time.at += error.value.retry_after or 0
    assert waits == [60, 120, 240]


async def test_the_last_request_of_a_window_is_the_last() -> None:
    github, time = GitHubStandin(), Time()
    gone = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.begun) + 90)}
    github.answers = [web.json_response([], headers=gone)]
    async with client(github, GITHUB, pace=time.pace()) as api:
        assert await api.pull("feature-x") is None
        with pytest.raises(TemporaryError, match="91 more seconds"):
            await api.pull("feature-x")
        assert len(github.asked) == 1


async def test_changes_are_a_second_apart() -> None:
    time = Time()
    async with client(GitHubStandin(), GITHUB, pace=time.pace(writes=1.0)) as api:
        await api.status(a_status())
        await api.status(a_status())
    assert time.slept == [0.0, 1.0]


async def test_few_requests_left_is_told() -> None:
    github = GitHubStandin()
    github.left = 450
    async with client(github, GITHUB) as api:
        await api.pull("feature-x")
        assert api.scarce


@pytest.mark.parametrize(
    ("status", "body", "error", "text"),
    [
        (401, {"message": "Bad credentials"}, PermanentError, "does not take the credentials: Bad credentials."),
        (403, {"message": "Resource not accessible"}, PermanentError, "does not allow it: Resource not accessible."),
        (404, {"message": "Not Found"}, PermanentError, "has no such thing, or the credentials may not see it"),
        (
            422,
            {"message": "Invalid", "errors": [{"code": "missing"}, "two"]},
            PermanentError,
            r"\(422\): Invalid; missing; two",
        ),
        (500, None, OutcomeUnknown, "answers 500"),
        (502, "<html>", OutcomeUnknown, "answers 502"),
    ],
)
async def test_refusals_are_said_in_our_words(status: int, body: Any, error: type[OctopodError], text: str) -> None:
    github = GitHubStandin()
    github.answers = [
        web.json_response(body, status=status) if body != "<html>" else web.Response(status=502, text="<html>")
    ]
    async with client(github, GITHUB) as api:
        with pytest.raises(error, match=text) as told:
            await api.status(a_status())
    assert "a-token" not in told.value.text
    assert type(told.value) is error or status == 404


async def test_a_question_that_fails_was_surely_not_done() -> None:
    github = GitHubStandin()
    github.answers = [web.Response(status=503)]
    async with client(github, GITHUB) as api:
        with pytest.raises(TemporaryError) as told:
            await api.pull("feature-x")
    assert not isinstance(told.value, OutcomeUnknown)


async def test_what_is_no_json_is_said_to_be_none() -> None:
    github = GitHubStandin()
    github.answers = [web.Response(text="<html>a proxy</html>")]
    async with client(github, GITHUB) as api:
        with pytest.raises(TemporaryError, match="what it says is no JSON"):
            await api.pull("feature-x")


async def test_nothing_that_listens_is_tried_again() -> None:
    async with aiohttp.ClientSession() as session:
        api = Hosts(session, {"API_TOKEN": "a-token"}).of(project(a_host(GITHUB, "http://127.0.0.1:9/api/v3")))
        assert api
        with pytest.raises(TemporaryError, match="nothing listens there") as told:
            await api.status(a_status())
    assert not isinstance(told.value, OutcomeUnknown)


async def test_an_answer_that_never_came_may_have_been_done() -> None:
    github = GitHubStandin()
    github.lose = 1
    async with client(github, GITHUB) as api:
        with pytest.raises(OutcomeUnknown):
            await api.status(a_status())
        assert len(github.statuses[SHA]) == 1


async def test_the_variable_that_is_missing_is_named() -> None:
    async with client(GitHubStandin(), GITHUB, environ={"OTHER": "x"}) as api:
        with pytest.raises(PermanentError, match="no environment variable of that name") as told:
            await api.pull("feature-x")
    assert told.value.next_step == "Set API_TOKEN where the bot runs, and start it again."


# --- a GitHub App ----------------------------------------------------------------------------------------------------


async def test_an_app_gets_a_token_for_the_repository_and_keeps_it() -> None:
    github = GitHubStandin()
    github.tokens.clear()
    key, time = github.key_of_app().replace("\n", "\\n"), Time()
    async with client(github, GITHUB, {"APP_KEY": key}, time.pace(), token=None, app=APP) as api:
        for _ in range(3):
            await api.pull("feature-x")
        time.at = 3400.0
        await api.pull("feature-x")
    asked = ["/repos/acme/shop/installation", "/app/installations/77/access_tokens", *["/repos/acme/shop/pulls"] * 3]
    assert [path for _, path, _ in github.asked] == [*asked, *asked[:3]], "a new one before the old one is over"


async def test_a_token_that_was_revoked_is_replaced_once(tmp_path: Any) -> None:
    github = GitHubStandin()
    (tmp_path / "app.pem").write_text(github.key_of_app())
    async with client(github, GITHUB, {"APP_KEY": str(tmp_path / "app.pem")}, token=None, app=APP) as api:
        await api.pull("feature-x")
        github.tokens.clear()
        assert await api.pull("feature-x") is None
        assert len(github.tokens) == 1


async def test_an_app_that_is_not_installed_is_said_to_be_missing() -> None:
    github = GitHubStandin()
    key, github.installed = github.key_of_app(), False
    async with client(github, GITHUB, {"APP_KEY": key}, token=None, app=APP) as api:
        with pytest.raises(PermanentError, match="The GitHub App is not installed on acme/shop"):
            await api.pull("feature-x")


async def test_what_is_no_key_is_said_to_be_none() -> None:
    async with client(GitHubStandin(), GITHUB, {"APP_KEY": "-----BEGIN nonsense"}, token=None, app=APP) as api:
        with pytest.raises(PermanentError, match="APP_KEY holds no private key") as told:
            await api.pull("feature-x")
    assert "nonsense" not in f"{told.value.text}{told.value.next_step}"
