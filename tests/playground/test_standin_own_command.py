"""/playground: a command of the stand-in itself. Real commits on a real repository; the bot is told by its webhook."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standin_kit import Json, Workspace, workspace

from bot.forge.signatures import signed
from bot.playground.builtin import NOT_HEARD, WORDS
from bot.playground.example import make_repository
from bot.playground.repository import WORDS as GREETINGS
from bot.playground.secrets import load_or_make

IDS = {"alice": "U01ALICE", "bob": "U02BOB"}
BRANCHES = ("broken-login", "broken-start", "green-button", "main", "orange-button", "slow-start")


class Example:
    """The repository, and a person at the composer."""

    def __init__(self, slack: Workspace, folder: Path) -> None:
        self.slack, self.folder = slack, folder

    async def says(self, text: str, user: str = "alice") -> str:
        """What the person is told, privately, by Slackbot."""
        answer = await self.slack.post("command", user=user, channel="stagings", text=text)
        assert answer["ok"], answer
        told: Json = (await self.slack.messages("stagings"))[-1]
        assert (told["user"], told["ephemeral_to"]) == ("USLACKBOT", IDS[user])
        return str(told["text"])

    def git(self, *arguments: str) -> str:
        command = ["git", f"--git-dir={self.folder}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("made") / "shop.git"
    make_repository(folder)
    yield folder


@pytest.fixture
async def example(made: Path, tmp_path: Path) -> AsyncIterator[Example]:
    folder = tmp_path / "shop.git"
    shutil.copytree(made, folder)
    async with workspace(tmp_path / "slack", repository=folder) as slack:
        yield Example(slack, folder)


@pytest.mark.parametrize("branch", BRANCHES)
async def test_a_push_is_a_commit_that_changes_the_shops_words(example: Example, branch: str) -> None:
    before = example.git("rev-parse", branch)
    told = await example.says(f"/playground push {branch} Say it   in other words", "bob")
    after = example.git("rev-parse", branch)
    assert example.git("log", "-1", "--format=%an <%ae> %s %P", branch) == (
        f"Bob <bob@example.com> Say it in other words {before}"
    )
    assert example.git("diff", "--stat", "--format=", before, after, "--", "web/settings.py").endswith("1 deletion(-)")
    assert example.git("diff", "--name-only", before, after) == "web/settings.py"
    assert GREETINGS[0] in example.git("show", f"{branch}:web/settings.py")
    assert after[:7] in told and "Say it in other words" in told and f"`/octopod deploy {branch}`" in told
    example.git("fsck", "--strict")


@pytest.mark.parametrize("branch", [branch for branch in BRANCHES])
async def test_the_login_page_is_broken_by_a_commit_and_mended_by_another(example: Example, branch: str) -> None:
    before = example.git("rev-parse", branch)
    told = await example.says(f"/playground break {branch}", "bob")
    broken = example.git("rev-parse", branch)
    assert broken[:7] in told and "#stagings-alerts" in told
    assert example.git("log", "-1", "--format=%an %s %P", branch) == (
        f"Bob Write names with capital letters on the login page {before}"
    )
    assert example.git("diff", "--name-only", before, broken) == "web/login.py"
    assert "can't be broken by this" in await example.says(f"/playground break {branch}")
    told = await example.says(f"/playground mend {branch}")
    mended = example.git("rev-parse", branch)
    assert mended[:7] in told and example.git("rev-parse", f"{mended}^") == broken
    assert example.git("diff", before, mended) == ""
    assert "can't be mended by this" in await example.says(f"/playground mend {branch}")


async def test_it_can_be_pushed_again_and_again(example: Example) -> None:
    said = [await example.says("/playground push main") for _ in range(len(GREETINGS) + 1)]
    assert example.git("rev-list", "--count", "main") == str(3 + len(GREETINGS) + 1)
    assert len(set(said)) == len(said)
    assert example.git("log", "-1", "--format=%s", "main") == f"Greet people with “{GREETINGS[0]}”"


async def test_pushes_at_the_same_time_lose_nothing(example: Example) -> None:
    posts = (
        example.slack.post("command", user=user, channel="stagings", text=f"/playground push main by {user}")
        for user in ("alice", "bob", "carol")
    )
    await asyncio.gather(*posts)
    subjects = example.git("log", "-3", "--format=%an %s", "main").splitlines()
    assert sorted(subjects) == ["Alice by alice", "Bob by bob", "Carol by carol"]


async def test_branches_are_made_and_dropped(example: Example) -> None:
    told = await example.says("/playground branch feature/blue from orange-button")
    assert example.git("rev-parse", "feature/blue") == example.git("rev-parse", "orange-button")
    assert "`/octopod deploy feature/blue`" in told and "`/playground push feature/blue`" in told
    await example.says("/playground branch plain")
    assert example.git("rev-parse", "plain") == example.git("rev-parse", "main")
    told = await example.says("/playground merge feature/blue")
    assert example.git("log", "-1", "--format=%an %s", "main") == "Alice Merge feature/blue"
    assert example.git("diff", "main", "orange-button") == "" and "goes in an hour" in told
    told = await example.says("/playground drop feature/blue")
    assert "feature/blue" not in example.git("branch", "--list", "--all")
    assert "`/octopod delete feature/blue`" in told


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("push", "Say which branch"),
        ("push nothing-there", "There is no branch `nothing-there`; there are: broken-login"),
        ("push main/x", "There is no branch `main/x`"),
        ("push <script>", "There is no branch `&lt;script&gt;`"),
        ("branch", "Say the name of the new branch"),
        ("branch main", "There is a branch `main` already"),
        ("branch main/below", "is in the way"),
        ("branch ..", "is no name for a branch"),
        ("branch -x", "does not begin with a dash"),
        ("branch " + "x" * 101, "1 to 100 characters"),
        ("branch new to main", "not understood"),
        ("branch new from nowhere", "There is no branch `nowhere`"),
        ("drop", "Say which branch"),
        ("drop main", "it stays"),
        ("merge", "Say which branch"),
        ("merge main", "is what branches are merged into"),
        ("merge nothing-there", "There is no branch"),
        ("drop nothing-there", "There is no branch"),
        ("break", "Say which branch"),
        ("break nothing-there", "There is no branch"),
        ("mend", "Say which branch"),
        ("order", "was not told of a bot"),
        ("dance", "`dance` is not something that `/playground` can do."),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_changed(example: Example, typed: str, told: str) -> None:
    before = example.git("for-each-ref")
    assert told in await example.says(f"/playground {typed}")
    assert example.git("for-each-ref") == before


async def test_without_the_greeting_it_says_how_to_push_else(example: Example, tmp_path: Path) -> None:
    empty = example.git("hash-object", "-w", "-t", "tree", "/dev/null")
    commit = example.git("-c", "user.name=B", "-c", "user.email=b@x.org", "commit-tree", empty, "-m", "Nothing")
    example.git("update-ref", "refs/heads/bare", commit)
    told = await example.says("/playground push bare")
    assert "has no greeting to change" in told and f"git clone {example.folder}" in told


@pytest.mark.parametrize("typed", ["/playground", "/playground help", "/playground HELP"])
async def test_help_tells_all_of_it(example: Example, typed: str) -> None:
    told = await example.says(typed)
    assert all(f"`/playground {word.syntax}`" in told for word in WORDS)


async def test_where_both_changed_the_same_the_branch_counts(example: Example) -> None:
    await example.says("/playground push main")
    await example.says("/playground push green-button")
    await example.says("/playground push green-button")
    await example.says("/playground merge green-button")
    assert GREETINGS[1] in example.git("show", "main:web/settings.py")
    example.git("fsck", "--strict")


@asynccontextmanager
async def a_shop(heard: list[tuple[str, str, str]], ordered: int) -> AsyncIterator[int]:
    """What the bot serves for a staging. `ordered`: the status that an order is answered with."""

    async def login(request: web.Request) -> web.Response:
        name = str((await request.post())["name"])
        heard.append((request.host, request.path, name))
        if request.host != "blue.localhost":
            return web.Response(status=404, headers={"Octopod-Tombstone": "1"})
        return web.Response(status=303, headers={"Set-Cookie": "customer=Ada.1; Path=/"})

    async def order(request: web.Request) -> web.Response:
        heard.append((request.host, request.path, request.headers["Cookie"]))
        return web.Response(status=ordered)

    app = web.Application()
    app.add_routes([web.post("/login", login), web.post("/order", order)])
    async with TestServer(app) as server:
        assert server.port
        yield server.port


@pytest.mark.parametrize(("ordered", "said"), [(303, "Ada  Lovelace bought a mug at blue."), (502, "It answers 502.")])
async def test_an_order_is_what_a_browser_would_send(tmp_path: Path, ordered: int, said: str) -> None:
    heard: list[tuple[str, str, str]] = []
    async with a_shop(heard, ordered) as port, workspace(tmp_path / "slack", bot_port=port) as slack:
        example = Example(slack, tmp_path)
        assert said in await example.says("/playground order blue Ada  Lovelace")
        assert heard == [("blue.localhost", "/login", "Ada  Lovelace"), ("blue.localhost", "/order", "customer=Ada.1")]
        assert "No shop answers as green just now" in await example.says("/playground order green")
        assert heard[-1] == ("green.localhost", "/login", "Alice")
        assert "Say at which staging" in await example.says("/playground order")


@asynccontextmanager
async def a_bot(secret: str) -> AsyncIterator[tuple[int, list[Json]]]:
    """Its port, and what it was told."""
    heard: list[Json] = []

    async def hear(request: web.Request) -> web.Response:
        body = await request.read()
        assert signed(body, request.headers["X-Octopod-Signature"], [secret])
        heard.append(json.loads(body))
        return web.json_response({"heard": []}, status=202)

    app = web.Application()
    app.router.add_post("/webhooks/generic", hear)
    async with TestServer(app) as server:
        assert server.port
        yield server.port, heard


async def test_the_bot_is_told_as_by_a_git_host(made: Path, tmp_path: Path) -> None:
    secret = load_or_make(tmp_path / "slack").webhook_secret
    shutil.copytree(made, tmp_path / "shop.git")
    async with (
        a_bot(secret) as (port, heard),
        workspace(tmp_path / "slack", repository=tmp_path / "shop.git", bot_port=port) as slack,
    ):
        example = Example(slack, tmp_path / "shop.git")
        for typed in ("push main", "branch blue from green-button", "merge blue", "drop blue", "push nowhere"):
            assert NOT_HEARD not in await example.says(f"/playground {typed}")
        about = {"repo": str(tmp_path / "shop.git"), "by": "Alice"}
        assert heard == [
            {**about, "branch": "main", "commit": example.git("rev-parse", "main^1")},
            {**about, "branch": "blue", "commit": example.git("rev-parse", "green-button")},
            {**about, "branch": "blue", "merged": True},
            {**about, "branch": "main", "commit": example.git("rev-parse", "main")},
            {**about, "branch": "blue", "deleted": True},
        ]
        async with slack.http.get(f"{slack.base}/_workspace/traffic") as answer:
            shown = await answer.text()
        assert "/webhooks/generic" in shown and secret not in shown


async def test_a_bot_that_does_not_run_is_said(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "shop.git")
    async with a_bot("") as (port, _):
        pass
    async with workspace(tmp_path / "slack", repository=tmp_path / "shop.git", bot_port=port) as slack:
        assert (await Example(slack, tmp_path).says("/playground push main")).endswith(NOT_HEARD)


async def test_not_in_threads_as_any_command(example: Example) -> None:
    ts = await example.slack.posted()
    body = {"user": "alice", "channel": "stagings", "thread_ts": ts, "text": "/playground push main"}
    assert (await example.slack.post("command", **body))["error"] == "not_supported_in_threads"


async def test_without_a_repository_it_says_so(tmp_path: Path) -> None:
    async with workspace(tmp_path) as slack:
        told = await Example(slack, tmp_path).says("/playground push main")
        assert "was not told of a repository" in told
        assert "push" in await Example(slack, tmp_path).says("/playground help")


async def test_a_repository_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "not.git").mkdir()
    async with workspace(tmp_path / "slack", repository=tmp_path / "not.git") as slack:
        told = await Example(slack, tmp_path).says("/playground push main")
        assert "could not be changed" in told and "not a git repository" in told
