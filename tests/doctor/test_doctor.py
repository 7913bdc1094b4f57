"""The doctor: a line for all that the bot needs, ✓, or ✗ and what to do; the stand-in for Slack, real repositories."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import chdir
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from doctor_kit import lines, octopod_yaml, only, settings
from git_kit import Origin
from helm_stub import Stub
from standin_kit import Workspace, workspace

from bot.doctor.report import Answer, line
from bot.doctor.slack import SCOPES
from bot.playground import api

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with workspace(tmp_path / "slack") as there:
        yield there


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path) -> Iterator[None]:
    """So that nobody's own `.env` is read."""
    with chdir(tmp_path):
        yield


async def test_all_is_well(tmp_path: Path, slack: Workspace, origin: Origin) -> None:
    origin.branch("feature-x")
    said = await lines(settings(tmp_path, slack, octopod_yaml(tmp_path, origin.path)))
    assert [one for one in said if one.startswith("✗")] == []
    assert [one.partition(":")[0] for one in said] == [
        "✓ settings",
        "✓ octopod.yaml",
        "✓ Slack bot token",
        "✓ Slack scopes",
        "✓ Slack way in",
        "✓ Slack channel #stagings",
        "✓ data folder",
        "✓ git",
        "✓ repository of shop",
    ]
    assert only(said, "repository of shop").endswith("can be read, 2 branches")
    assert not list((tmp_path / "data" / "git").glob("*.git")), "nothing is cloned"


async def test_settings_that_are_wrong_are_all_told_and_the_rest_says_that_it_waits(tmp_path: Path) -> None:
    config = octopod_yaml(tmp_path, tmp_path / "origin")
    said = await lines({"OCTOPOD_CONFIG": str(config), "OCTOPOD_HTTP_PORT": "x"})
    assert said[:3] == [
        "✗ settings: SLACK_BOT_TOKEN is not set. → Set it right in the environment or in .env; "
        ".env.example explains each.",
        "✗ settings: Set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP). → Set it right in the "
        "environment or in .env; .env.example explains each.",
        "✗ settings: OCTOPOD_HTTP_PORT must be a port from 1 to 65535. → Set it right in the environment or in .env; "
        ".env.example explains each.",
    ]
    assert only(said, "octopod.yaml").startswith("✓ ")
    for what in ("Slack", "data folder", "git"):
        assert only(said, what) == f"✗ {what}: not looked at, as “settings” must be set right first"


async def test_a_wrong_octopod_yaml_does_not_hide_the_rest(tmp_path: Path, slack: Workspace) -> None:
    said = await lines(settings(tmp_path, slack, tmp_path / "none.yaml"))
    assert only(said, "octopod.yaml").startswith("✗ octopod.yaml: There is no ")
    assert only(said, "Slack bot token").startswith("✓ ") and only(said, "data folder").startswith("✓ ")
    for what in ("Slack channels", "hosts", "repositories"):
        assert only(said, what) == f"✗ {what}: not looked at, as “octopod.yaml” must be set right first"


async def test_places_of_secrets_are_looked_at_and_their_values_not_told(
    tmp_path: Path, slack: Workspace, origin: Origin
) -> None:
    more = """\
    secrets: {SMTP: "env:SMTP_PASSWORD"}
    profiles:
      live: {secrets: {KEY: "env:LIVE_KEY", OTHER: "env:OTHER_KEY"}}
"""
    environ = settings(tmp_path, slack, octopod_yaml(tmp_path, origin.path, more=more))
    said = await lines(environ | {"SMTP_PASSWORD": "hush-hush"})
    assert only(said, "secrets of shop").startswith("✗ secrets of shop: 2 of 3 missing. → ")
    assert only(said, "secret KEY of shop, profile live") == (
        "✗ secret KEY of shop, profile live: The bot's own environment has no variable `LIVE_KEY`. → Put it there, or "
        "change `secrets:` in octopod.yaml."
    )
    assert "no variable `OTHER_KEY`" in only(said, "secret OTHER of shop, profile live")
    assert "hush-hush" not in "".join(said) and not [one for one in said if "secret SMTP" in one]


async def test_tokens_that_slack_refuses(tmp_path: Path, slack: Workspace, origin: Origin) -> None:
    environ = settings(tmp_path, slack, octopod_yaml(tmp_path, origin.path))
    said = await lines(environ | {"SLACK_BOT_TOKEN": "xoxb-other", "SLACK_APP_TOKEN": "xapp-other"})
    assert only(said, "Slack bot token") == (
        "✗ Slack bot token: Slack refuses the token (invalid_auth). → Copy it anew from your app's page, OAuth & "
        "Permissions, as SLACK_BOT_TOKEN."
    )
    assert only(said, "Slack way in").startswith("✗ Slack way in: Slack refuses the app token (invalid_auth). → Make")
    for what in ("Slack scopes", "Slack channels"):
        assert only(said, what) == f"✗ {what}: not looked at, as “Slack bot token” must be set right first"
    assert only(said, "repository of shop").startswith("✓ ")


async def test_a_slack_that_cannot_be_reached(tmp_path: Path, slack: Workspace, origin: Origin) -> None:
    environ = settings(tmp_path, slack, octopod_yaml(tmp_path, origin.path))
    said = await lines(environ | {"SLACK_API_URL": f"http://127.0.0.1:{unused_port()}/api/"})
    assert only(said, "Slack bot token").startswith("✗ Slack bot token: Slack cannot be reached: ")
    assert only(said, "Slack bot token").endswith("→ See that this machine reaches SLACK_API_URL.")


async def test_channels_where_the_bot_is_not(tmp_path: Path, slack: Workspace, origin: Origin) -> None:
    state = await slack.state()
    foreign = [channel["name"] for channel in state["channels"] if not channel["bot_member"]]
    alerts = foreign[0] if foreign else "elsewhere"
    config = octopod_yaml(tmp_path, origin.path, more=f"    alerts: {alerts}\n", channel="nowhere")
    said = await lines(settings(tmp_path, slack, config))
    assert only(said, "Slack channel #nowhere") == (
        "✗ Slack channel #nowhere: the bot sees none of this name. → Make it, or invite the bot: type /invite @Octopod "
        "in #nowhere."
    )
    assert only(said, f"Slack channel #{alerts}").startswith("✗ ")


async def test_scopes_that_are_missing(tmp_path: Path, slack: Workspace, origin: Origin) -> None:
    """A Slack app that was made by hand, or by an older manifest."""

    async def answer(request: web.Request) -> web.Response:
        body = {"ok": True, "user": "octopod", "team": "Acme", "channels": [{"name": "stagings", "is_member": False}]}
        return web.json_response(body, headers={"x-oauth-scopes": ",".join(SCOPES - {"commands", "groups:read"})})

    app = web.Application()
    app.router.add_route("*", "/api/{method}", answer)
    async with TestServer(app) as server:
        environ = settings(tmp_path, slack, octopod_yaml(tmp_path, origin.path))
        said = await lines(environ | {"SLACK_API_URL": str(server.make_url("/api/"))})
    assert only(said, "Slack bot token") == "✓ Slack bot token: it is @octopod of Acme"
    assert only(said, "Slack scopes").startswith("✗ Slack scopes: the token lacks commands, groups:read. → Paste ")
    assert only(said, "Slack channel #stagings").startswith("✗ Slack channel #stagings: the bot is not in it. → Invite")


async def test_without_socket_mode_the_secret_cannot_be_tried(tmp_path: Path, slack: Workspace, origin: Origin) -> None:
    environ = settings(tmp_path, slack, octopod_yaml(tmp_path, origin.path))
    del environ["SLACK_APP_TOKEN"]
    said = await lines(environ | {"SLACK_SIGNING_SECRET": "s3cret"})
    assert only(said, "Slack way in").startswith("✓ Slack way in: by HTTP; whether SLACK_SIGNING_SECRET is right shows")
    assert "s3cret" not in "".join(said)


@pytest.mark.parametrize(
    ("repo", "more", "text"),
    [
        ("elsewhere", "", "There is no repository at {repo}"),
        ("origin", "    baseline: trunk\n", "{repo} shows 1 branch, but it is not called trunk. → Set `baseline:`"),
        ("origin", "    credentials: NO_SUCH_TOKEN\n", "The credentials NO_SUCH_TOKEN are not there"),
    ],
)
async def test_repositories_that_cannot_be_read(
    tmp_path: Path, slack: Workspace, origin: Origin, repo: str, more: str, text: str
) -> None:
    path = origin.path.with_name(repo)
    said = await lines(settings(tmp_path, slack, octopod_yaml(tmp_path, path, more=more)))
    assert only(said, "repository of shop").startswith(f"✗ repository of shop: {text.format(repo=path)}")


async def test_a_data_folder_that_cannot_be_used(tmp_path: Path, slack: Workspace, origin: Origin) -> None:
    (tmp_path / "file").touch()
    environ = settings(tmp_path, slack, octopod_yaml(tmp_path, origin.path))
    said = await lines(environ | {"OCTOPOD_DATA": str(tmp_path / "file" / "data")})
    assert "can't be written to: Not a directory. → Give it to" in only(said, "data folder")
    assert only(said, "git") == "✗ git: not looked at, as “data folder” must be set right first"


def test_the_scopes_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load((ROOT / "manifests" / "slack-app.yaml").read_text())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES == set(api.SCOPES.split(","))


def test_an_answer_is_one_line() -> None:
    assert line(Answer("x", False, "a\nb.", "Do\nthis.")) == "✗ x: a b. → Do this."
    assert line(Answer("x", True, "fine", "never shown")) == "✓ x: fine"


async def test_the_command_tells_by_its_exit_code(tmp_path: Path, slack: Workspace, origin: Origin) -> None:
    environ = settings(tmp_path, slack, octopod_yaml(tmp_path, origin.path))

    async def doctor(**changes: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "bot", "doctor"]
        given = environ | {"PYTHONPATH": str(ROOT)} | changes
        done = await asyncio.to_thread(subprocess.run, command, env=given, capture_output=True, text=True, timeout=60)
        assert done.stderr == ""
        return done.returncode, done.stdout

    code, said = await doctor()
    assert code == 0 and len(re.findall("^✓ ", said, re.MULTILINE)) == len(said.splitlines()) == 9
    code, said = await doctor(SLACK_BOT_TOKEN="xoxb-other")
    assert code == 1 and "✗ Slack bot token: " in said and "✓ git: version " in said


async def test_helm_is_looked_for_where_a_project_needs_it(tmp_path: Path, slack: Workspace, origin: Origin) -> None:
    plain = await lines(settings(tmp_path, slack, octopod_yaml(tmp_path, origin.path)))
    assert not any(line[2:].startswith("helm:") for line in plain)
    config = octopod_yaml(tmp_path, origin.path)
    config.write_text(config.read_text().replace("{manifests: deploy}", "{helm: {chart: deploy}}"))
    missing = only(await lines(settings(tmp_path, slack, config, OCTOPOD_HELM="no-helm-here")), "helm")
    assert missing.startswith("✗ helm: Helm is not installed") and "OCTOPOD_HELM" in missing
    there = only(
        await lines(settings(tmp_path, slack, config, OCTOPOD_HELM=str(Stub(tmp_path / "stub").program))), "helm"
    )
    assert there == "✓ helm: version v4.3.1"
