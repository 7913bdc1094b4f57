"""What a git host is told of stagings: a comment on the pull request, a status of the commit, a deployment."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from github_standin import GitHubStandin
from hosts_kit import Time, a_host
from talk_kit import Talk, talking
from test_talk_pulls import a_fork

from bot.domain.asking import Gently
from bot.domain.hearsay import CiRun, CiState, Hearsay
from bot.domain.project import HostKind, Part, Roles
from bot.hosts.hosts import Hosts
from bot.ports import GitHosts
from bot.worker.asker import Asker

MARK = "<!-- octopod shop/feature-x -->"
ENVIRON = {"API_TOKEN": "a-token"}


def hosts(session: aiohttp.ClientSession) -> GitHosts:
    return Hosts(session, ENVIRON, Time().pace())


@asynccontextmanager
async def reporting(
    folder: Path, database: Path, github: GitHubStandin, report: Sequence[Part] = tuple(Part), **project: Any
) -> AsyncIterator[Talk]:
    async with github.serving() as url:
        host = a_host(HostKind.GITHUB, url, report=tuple(report))
        async with talking(folder, database, hosts=hosts, project={"host": host, **project}) as talk:
            yield talk


async def test_a_pull_request_has_one_comment_that_is_edited_in_place(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    pull = github.open("feature-x")
    async with reporting(tmp_path, database, github) as talk:
        await talk.say("alice", "/octopod deploy feature-x")
        await talk.settled()
        assert "🔵 **shop / feature-x** is rolling out" in github.comment_on(pull)
        assert "URL when it is live: `http://feature-x.localhost:8080`" in github.comment_on(pull)
        await talk.report(talk.engine.ready, "feature-x")
        live = github.comment_on(pull)
        commit = talk.origin.head("feature-x")[:7]
        assert live.startswith(f"{MARK}\n\n🟢 **shop / feature-x** is live\n\nhttp://feature-x.localhost:8080\n\n")
        assert f"Commit `{commit}` `Keep orders`, release 1, asked for by `alice`." in live
        card = await talk.card("feature-x")
        assert f"/archives/C02STAGINGS/p{card.ts.replace('.', '')})" in live, "the thread is linked"
        await talk.say("alice", "/octopod delete feature-x --now")
        await talk.settled()
        assert "⚪ **shop / feature-x** is deleted" in github.comment_on(pull)
        await talk.deploy("feature-x")
        assert "🟢 **shop / feature-x** is live" in github.comment_on(pull), "one that is made anew goes on with it"


async def test_what_failed_is_said_and_what_serves_meanwhile(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    pull = github.open("feature-x")
    async with reporting(tmp_path, database, github) as talk:
        await talk.deploy("feature-x")
        commit = await talk.push("feature-x", "Break it for @everyone")
        await talk.report(talk.engine.failed, "feature-x", "web: exit code 1")
        said = github.comment_on(pull)
        assert "🔴 **shop / feature-x** has failed" in said
        assert "Why: `web: exit code 1`" in said and "Release 1 (" in said
        assert "`Break it for @everyone`" in said, "nobody is called"
        assert github.newest(commit)["state"] == "failure"
        assert github.newest(commit)["description"] == "feature-x has failed: web: exit code 1"
        assert [github.states(id) for id in github.deployments] == [
            ["in_progress", "success"],
            ["in_progress", "failure"],
        ]


async def test_a_commit_is_marked_and_a_deployment_is_kept(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    async with reporting(tmp_path, database, github) as talk:
        await talk.deploy("feature-x")
        first = talk.origin.head("feature-x")
        marks = github.statuses[first]
        assert [(one["state"], one["context"]) for one in marks] == [
            ("pending", "octopod/feature-x"),
            ("success", "octopod/feature-x"),
        ]
        assert marks[-1]["target_url"] == "http://feature-x.localhost:8080"
        second = await talk.push("feature-x")
        third = await talk.push("feature-x", "Once more")
        await talk.report(talk.engine.ready, "feature-x")
        assert github.newest(first)["state"] == "success", "it was live"
        assert [one["state"] for one in github.statuses[second]] == ["pending", "error"]
        assert github.newest(second)["description"] == "replaced before it was live"
        assert github.newest(third)["state"] == "success"
        await talk.say("alice", "/octopod sleep feature-x")
        await talk.settled()
        await talk.say("alice", "/octopod delete feature-x --now")
        await talk.settled()
        assert {one["environment"] for one in github.deployments.values()} == {"staging/feature-x"}
        assert [github.states(id)[-1] for id in github.deployments] == ["inactive"] * 3
        assert github.newest(third)["state"] == "success", "what was live keeps its mark"


async def test_a_pull_request_that_is_opened_later_is_told_of_too(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    async with reporting(tmp_path, database, github, [Part.COMMENT]) as talk:
        await talk.deploy("feature-x")
        assert github.changes() == []
        pull = github.open("feature-x")
        await talk.pull("feature-x", number=pull)
        assert "is live" in github.comment_on(pull)


async def test_the_pull_request_of_a_fork_is_told_of_what_somebody_answered_for(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    mine, theirs = github.open("patch-1", number=6), github.open("patch-1", number=7)
    github.pulls[theirs]["head"]["label"] = "mallory:patch-1"
    async with reporting(tmp_path, database, github, roles=Roles(admin=("@alice",))) as talk:
        commit = a_fork(talk)
        await talk.say("alice", f"/octopod deploy #7 --fork {commit}")
        await talk.report(talk.engine.ready, "pull-7")
        assert "🟢 **shop / pull-7** is live" in github.comment_on(theirs)
        assert github.newest(commit)["context"] == "octopod/pull-7"
        assert not [one for one in github.comments.values() if one["issue"] == mine]
        await talk.say("alice", "/octopod delete pull-7 --now")
        await talk.settled()
        assert "`/octopod deploy #7` in Slack makes it anew" in github.comment_on(theirs)


async def test_a_comment_that_somebody_deleted_comes_back_with_the_next_release(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    pull = github.open("feature-x")
    async with reporting(tmp_path, database, github, [Part.COMMENT]) as talk:
        await talk.deploy("feature-x")
        github.comments.clear()
        await talk.say("alice", "/octopod sleep feature-x")
        await talk.settled()
        await talk.say("alice", "/octopod wake feature-x")
        await talk.settled()
        assert not github.comments, "it is not forced on them"
        await talk.push("feature-x")
        assert "release 2" in github.comment_on(pull)


async def test_answers_that_are_lost_double_nothing(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    pull, github.lose_first = github.open("feature-x"), True
    changes = {(one.method, one.path) for one in github.routes() if one.method != "GET" and not one.by_app}
    async with reporting(tmp_path, database, github) as talk:
        await talk.deploy("feature-x")
        await talk.until(lambda _: github.lost == changes and github.last() == "success")
    assert "is live" in github.comment_on(pull), "there is one"
    assert len(github.deployments) == 1


async def test_what_is_refused_keeps_nothing_else_from_being_told(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    github.open("feature-x")
    github.forbidden = {"/comments"}
    async with reporting(tmp_path, database, github) as talk:
        await talk.deploy("feature-x")
        assert github.newest(talk.origin.head("feature-x"))["state"] == "success"
        assert [github.states(id)[-1] for id in github.deployments] == ["success"]
        assert not github.comments


async def test_what_can_not_be_told_now_keeps_nothing_else_waiting(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    pull = github.open("feature-x")
    github.overloaded = {"/comments"}
    async with reporting(tmp_path, database, github) as talk:
        await talk.deploy("feature-x")
        # What was live before it was told for the first time may have to wait for the next try of all.
        await talk.until(lambda _: github.newest(talk.origin.head("feature-x"))["state"] == "success")
        assert not github.comments
        github.overloaded.clear()
        await talk.until(lambda _: github.comments)
        assert "is live" in github.comment_on(pull), "nobody had to ask for it again"


async def test_stagings_of_one_repository_are_told_apart(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    async with reporting(tmp_path, database, github, [Part.STATUS]) as talk:
        shop = talk.bot.projects["shop"]
        other = type(shop)("docs", shop.repo, shop.source, "stagings", "stagings", host=shop.host)
        talk.bot.projects.replace({"shop": shop, "docs": other})
        await talk.say("alice", "/octopod deploy feature-x --project shop")
        await talk.settled()
    assert github.newest(talk.origin.head("feature-x"))["context"] == "octopod/shop/feature-x"


async def test_ci_that_nobody_tells_of_is_asked_for(tmp_path: Path, database: Path) -> None:
    github = GitHubStandin()
    pull = github.open("feature-x")
    async with github.serving() as url:
        project = {"host": a_host(HostKind.GITHUB, url), "image": "ghcr.io/acme/shop:${commit}"}
        async with talking(tmp_path, database, hosts=hosts, images=lambda _: NoImages(), project=project) as talk:
            await talk.say("alice", "/octopod deploy feature-x")
            await talk.settled()
            assert "🟡 **shop / feature-x** waits for its image" in github.comment_on(pull)
            github.workflows = [a_run(talk.origin.head("feature-x"))]
            await _asked(talk)
            assert "CI run" in (await talk.card("feature-x")).text and "812" in (await talk.card("feature-x")).text
            failed = {"status": "completed", "conclusion": "failure", "updated_at": "2026-11-28T10:09:00Z"}
            github.workflows = [a_run(talk.origin.head("feature-x"), **failed)]
            await _asked(talk)
            assert "has *failed*" in (await talk.card("feature-x")).text, "nobody waits any longer"
            assert "🔴 **shop / feature-x** has failed" in github.comment_on(pull)


async def _asked(talk: Talk) -> None:
    for _ in range(2):  # the first time it is put down, and asked for later
        await talk.bot.asker.round()
        await talk.later(seconds=70)
    await talk.bot.asker.round()
    await talk.settled()


# --- CI --------------------------------------------------------------------------------------------------------------


class NoImages:
    async def has(self, image: str, project: str) -> bool:
        return False


class Ears:
    def __init__(self) -> None:
        self.said: list[tuple[Sequence[str], Hearsay]] = []

    async def heard(self, source: str, delivery: str, projects: Sequence[str], said: Sequence[Hearsay]) -> bool:
        self.said += [(projects, one) for one in said]
        return True

    @property
    def runs(self) -> list[tuple[str, CiState]]:
        return [(one.name, one.state) for _, one in self.said if isinstance(one, CiRun)]


@pytest.fixture
async def waiting(tmp_path: Path, database: Path) -> AsyncIterator[tuple[Talk, GitHubStandin, Asker, Ears]]:
    """A staging that waits for its image, and what asks for CI; the bot's own does not, so that the test says when."""
    github, ears = GitHubStandin(), Ears()
    async with AsyncExitStack() as stack:
        host = a_host(HostKind.GITHUB, await stack.enter_async_context(github.serving()))
        project = {"host": host, "image": "ghcr.io/acme/shop:${commit}"}
        talk = await stack.enter_async_context(
            talking(tmp_path, database, images=lambda _: NoImages(), project=project)
        )
        await talk.say("alice", "/octopod deploy feature-x")
        await talk.settled()
        assert "is *waiting*" in (await talk.card("feature-x")).text
        how = Gently(first=timedelta(seconds=10), longest=timedelta(seconds=40))
        yield talk, github, Asker(talk.bot.service, hosts(talk.slack.http), ears, how), ears


def a_run(commit: str, **changes: Any) -> dict[str, Any]:
    run = {
        "head_sha": commit,
        "name": "Image",
        "run_number": 812,
        "html_url": "https://ci/812",
        "status": "in_progress",
    }
    return {
        **run,
        "conclusion": None,
        "run_started_at": "2026-11-28T10:00:00Z",
        "updated_at": "2026-11-28T10:05:00Z",
        **changes,
    }


async def test_ci_is_asked_while_something_waits_and_told_once(
    waiting: tuple[Talk, GitHubStandin, Asker, Ears],
) -> None:
    talk, github, asker, ears = waiting
    commit = talk.origin.head("feature-x")
    github.workflows = [a_run(commit)]
    await asker.round()
    assert not github.asked, "it may be heard by itself"
    looks = []
    for second in range(0, 100, 5):
        talk.clock.ahead = timedelta(seconds=second + 6)
        before = len(github.asked)
        await asker.round()
        looks += [second] if len(github.asked) > before else []
    assert looks == [5, 15, 35, 75], "gently"
    assert ears.runs == [("Image", CiState.RUNNING)], "what is known is not told again"
    github.workflows = [a_run(commit, status="completed", conclusion="failure")]
    talk.clock.ahead += timedelta(minutes=1)
    await asker.round()
    assert ears.runs[1:] == [("Image", CiState.FAILED)]


async def test_ci_that_tells_by_itself_is_hardly_asked(waiting: tuple[Talk, GitHubStandin, Asker, Ears]) -> None:
    talk, github, asker, ears = waiting
    commit = talk.origin.head("feature-x")
    await asker.round()
    await asker.heard("github", "1", ["shop"], [CiRun(commit, CiState.RUNNING, "Image")])
    assert ears.runs == [("Image", CiState.RUNNING)]
    talk.clock.ahead += timedelta(minutes=4)
    await asker.round()
    assert not github.asked
    talk.clock.ahead += timedelta(minutes=2)
    await asker.round()
    assert github.asked, "webhooks may be lost"


async def test_ci_is_not_asked_when_nothing_waits_any_more(waiting: tuple[Talk, GitHubStandin, Asker, Ears]) -> None:
    talk, github, asker, _ = waiting
    await asker.round()
    await talk.say("alice", "/octopod delete feature-x --now")
    await talk.settled()
    talk.clock.ahead += timedelta(minutes=1)
    await asker.round()
    assert not github.asked


async def test_a_host_that_does_not_tell_is_left_alone_for_a_while(
    waiting: tuple[Talk, GitHubStandin, Asker, Ears],
) -> None:
    talk, github, asker, ears = waiting
    github.forbidden = {"/actions"}
    await asker.round()
    for minutes in (1, 2, 9):
        talk.clock.ahead = timedelta(minutes=minutes)
        await asker.round()
    assert len(github.asked) == 1
    github.forbidden, github.workflows = set(), [a_run(talk.origin.head("feature-x"))]
    talk.clock.ahead = timedelta(minutes=12)
    await asker.round()
    assert ears.runs == [("Image", CiState.RUNNING)]
