"""Every method that the bot calls, failing in every way: the engine goes on, messages follow in order, each once.

`make test` plays a sample of the cells, `make test-crash` all of them, and prints the table.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from standin_kit import Json
from structlog.testing import capture_logs
from talk_kit import Talk, talking

from bot.slack.workspace import Socket

FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"when": "before", "status": 500},
    "answer lost": {"when": "after", "status": "drop"},
    "429": {"when": "before", "status": 429, "retry_after": 1},
    "503": {"when": "before", "status": 503},
    "slow": {"when": "after", "status": 200, "delay_ms": 400},
    "cut": {"when": "before", "status": "drop"},
}
# How often: the bot asks the first four only now and then, and tries again after seconds.
METHODS = {
    "auth.test": 1,
    "apps.connections.open": 1,
    "users.list": 1,
    "usergroups.list": 1,
    "conversations.list": 2,
    "conversations.history": 2,
    "conversations.replies": 2,
    "chat.postMessage": 3,
    "chat.update": 3,
    "chat.delete": 2,
    "views.publish": 3,
    "chat.postEphemeral": 1,
    "response_url": 1,
}
CELLS = [(method, fault) for method in METHODS for fault in FAULTS]
SAMPLE = [("chat.delete", "cut"), ("chat.postEphemeral", "refused"), *random.Random(3).sample(CELLS, 4)]
AT_THE_START = ("auth.test", "users.list", "usergroups.list", "conversations.list")
LOOKING = ("conversations.history", "conversations.replies")
ALICE = "U01ALICE"


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[tuple[str, str], str]]:
    """Told at the end as a table."""
    found: dict[tuple[str, str], str] = {}
    yield found
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n".join(_table(found)))


def _table(found: Mapping[tuple[str, str], str]) -> Iterator[str]:
    yield ""
    yield f"| method | {' | '.join(FAULTS)} |"
    yield "|---" * (len(FAULTS) + 1) + "|"
    for method in METHODS:
        yield f"| `{method}` | {' | '.join(found.get((method, fault), '–') for fault in FAULTS)} |"


@pytest.mark.parametrize(("method", "fault"), SAMPLE)
async def test_a_cell(tmp_path: Path, database: Path, method: str, fault: str) -> None:
    await played(tmp_path, database, method, fault)


@pytest.mark.crash
@pytest.mark.parametrize(("method", "fault"), CELLS)
async def test_every_cell(
    tmp_path: Path, database: Path, outcomes: dict[tuple[str, str], str], method: str, fault: str
) -> None:
    outcomes[method, fault] = await played(tmp_path, database, method, fault)


async def played(folder: Path, database: Path, method: str, fault: str) -> str:
    """One story, in which this method fails as often as METHODS says. What became of it, in a word."""
    spec = {"method": method, "times": METHODS[method], **FAULTS[fault]}
    at_start = [spec] if method in AT_THE_START else []
    with capture_logs() as said:
        way = "none" if method == "apps.connections.open" else "http"
        async with talking(folder, database, way=way, faults=at_start) as talk, _socket(talk, method, spec):
            if not at_start and method not in ("apps.connections.open", "chat.delete"):
                await _set(talk, spec)
            if method in LOOKING:
                await _set(talk, {"method": "chat.postMessage", "times": 3, "when": "after", "status": "drop"})
            outcome = await _story(talk, spec)
    bad = [line for line in said if line["log_level"] in ("error", "critical")]
    assert not bad, bad
    return outcome


@asynccontextmanager
async def _socket(talk: Talk, method: str, spec: Json) -> AsyncIterator[None]:
    """For the row of Socket Mode: it connects while asking for its address fails."""
    if method != "apps.connections.open":
        yield
        return
    await _set(talk, spec)
    socket = Socket(talk.bot.slack.bolt, talk.slack.secrets.app_token, talk.bot.slack.workspace)
    running = asyncio.create_task(socket.run())
    try:
        heard = {"user": "carol", "channel": "general", "text": "/octopod help"}
        async with asyncio.timeout(
            30
        ):  # each try that is not heard leaves a message, so there is something to wait for
            while not (await talk.slack.post("command", **heard))["ok"]:
                await talk.slack.state((await talk.slack.state())["seq"], 0.1)
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _set(talk: Talk, spec: Json) -> None:
    assert (await talk.slack.post("fault", **spec))["ok"]


async def _story(talk: Talk, spec: Json) -> str:
    """Deployed, live, broken off by nothing; asked about in both ways that are answered privately."""
    method = spec["method"]
    if method == "views.publish":
        assert (await talk.slack.post("home", user="alice"))["ok"]
    assert (await talk.slack.post("command", user="alice", channel="stagings", text="/octopod deploy feature-x"))["ok"]
    await talk.until(lambda state: talk.engine.orders or None)  # whatever Slack does
    if method == "chat.delete":  # a reply whose thread somebody removed lands in the channel, and is taken back
        await talk.until(lambda state: len(_public(state)) == 2)
        await talk.settled()
        for message in reversed(_public(await talk.slack.state())):
            await talk.slack.client.chat_delete(channel="C02STAGINGS", ts=message["ts"])
        await _set(talk, spec)
    talk.engine.ready("feature-x")
    await talk.until(lambda state: talk.prober.asked or None)
    await talk.until(lambda state: [m for m in _public(state) if m["thread_ts"] and "Live at" in m["text"]], 40)
    await talk.until(lambda state: [m for m in _public(state) if m["text"].endswith("feature-x is live")], 40)
    if method != "chat.delete":
        await talk.until(lambda state: [m for m in _public(state) if m["text"].startswith("Release 1: live")], 40)
    if method == "views.publish":
        await talk.until(lambda state: "feature-x>* · live" in str(state["homes"].get(ALICE)), 40)
    await talk.settled()
    answers = await _asked(talk)
    _check(_public(await talk.slack.state()), method)
    return "once" if answers == 2 else "not repeated"


async def _asked(talk: Talk) -> int:
    """How many of the two private answers arrived; each at most once."""
    before = len(await talk.private("alice"))
    assert (await talk.slack.post("command", user="alice", channel="stagings", text="/octopod logs feature-x"))["ok"]
    await talk.settled()
    text = "<@U00OCTOPOD> info feature-x"
    assert (await talk.slack.post("message", user="alice", channel="stagings", text=text, raw=True))["ok"]
    await talk.settled()
    told = (await talk.private("alice"))[before:]
    assert sum("listening" in m.text for m in told) <= 1 and sum("*Lately*" in m.text for m in told) <= 1
    return len(told)


def _public(state: Json) -> list[Json]:
    found = next(c["messages"] for c in state["channels"] if c["name"] == "stagings")
    return [m for m in found if m["by_app"] and not m["ephemeral_to"] and not m["deleted"]]


def _check(messages: list[Json], method: str) -> None:
    """One card, one progress message before one reply; nothing else, and nothing outside the thread."""
    cards = [m for m in messages if not m["thread_ts"]]
    replies = [m for m in messages if m["thread_ts"]]
    assert len(cards) == 1, [m["text"] for m in messages]
    progress = [m for m in replies if m["text"].startswith("Release 1: live after")]
    live = [m for m in replies if "Live at" in m["text"]]
    assert len(live) == 1 and len(replies) == len(live) + len(progress), [m["text"] for m in replies]
    assert len(progress) == (method != "chat.delete"), "what somebody deleted is not forced on them again"
    assert all(m["thread_ts"] == cards[0]["ts"] for m in replies)
