"""What the inspector shows: calls and deliveries, in memory, bounded, without secrets; and what can be completed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from standin_kit import Json, Workspace, bolt_app, in_socket_mode, section, workspace

from bot.domain.grammar import usage
from bot.playground.builtin import WORDS
from bot.playground.completion import app_commands, manifest
from bot.playground.example import make_repository
from bot.playground.record import LARGEST, MOST


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with workspace(tmp_path / "slack") as there:
        yield there


async def asked(slack: Workspace, door: str, **query: Any) -> Json:
    async with slack.http.get(f"{slack.base}/_workspace/{door}", params=query) as answer:
        made: Json = await answer.json()
        return made


async def entries(slack: Workspace, since: int = 0) -> list[Json]:
    found: list[Json] = (await asked(slack, "traffic", since=since))["entries"]
    return found


async def test_a_call_is_told_with_its_message(slack: Workspace) -> None:
    ts = await slack.posted("hello", channel="stagings")
    await slack.call("chat.update", channel="C02STAGINGS", ts=ts, text="changed")
    await slack.call("chat.update", channel="C02STAGINGS", ts="1.000001", text="no such")
    posted, changed, failed = await entries(slack)
    assert (posted["direction"], posted["kind"], posted["method"]) == ("from_bot", "web_api", "chat.postMessage")
    assert posted["body"]["text"] == "hello" and posted["answer"]["ok"] and posted["error"] == ""
    assert posted["message"] == changed["message"] == {"channel": "C02STAGINGS", "ts": ts}
    assert (failed["error"], failed["message"]) == ("message_not_found", None)


async def test_a_command_is_told_with_its_envelope_and_what_came_of_it(slack: Workspace) -> None:
    app: AsyncApp = bolt_app(slack)

    async def answer(ack: AsyncAck) -> None:
        await ack("You are heard.")

    app.command("/octopod")(answer)
    async with in_socket_mode(slack, app):
        await slack.post("command", user="bob", channel="stagings", text="/octopod hello")
        entry = (await entries(slack))[-1]
    assert (entry["direction"], entry["kind"], entry["method"]) == ("to_bot", "slash_commands", "/octopod")
    assert entry["body"]["text"] == "hello"
    assert entry["envelope"]["type"] == "slash_commands" and entry["envelope"]["accepts_response_payload"] is True
    assert entry["answer"] == {"ok": True, "body": {"text": "You are heard."}}
    message = (await slack.messages("stagings"))[-1]
    assert message["ephemeral_to"] == "U02BOB" and entry["message"]["ts"] == message["ts"]


async def test_what_nobody_heard_is_told_with_slackbots_words(slack: Workspace) -> None:
    await slack.post("command", user="bob", channel="stagings", text="/octopod hello")
    entry = (await entries(slack))[-1]
    assert (entry["error"], entry["envelope"]) == ("dispatch_failed", None)
    assert entry["message"]["ts"] == (await slack.messages("stagings"))[-1]["ts"]


async def test_faults_and_rate_limits_are_marked(tmp_path: Path) -> None:
    async with workspace(tmp_path, rate_limits=True) as slack:
        await slack.post("fault", method="auth.test", when="before", status=503)
        async with slack.http.post(f"{slack.base}/api/auth.test") as answer:
            assert answer.status == 503
        await slack.post("fault", method="auth.test", when="after", error="fatal_error", delay_ms=1)
        await slack.call("auth.test")
        for _ in range(10):
            await slack.call("chat.postMessage", channel="stagings", text="x")
        found = await entries(slack)
    assert found[0]["fault"] == "fault: 503 instead, nothing was done"
    assert found[1]["fault"] == "fault: 200 fatal_error instead, 1 ms late, after it was done"
    assert found[1]["answer"]["ok"]
    assert [entry["error"] for entry in found[2:]].count("ratelimited") > 0


async def test_no_token_is_ever_told(slack: Workspace) -> None:
    mine = slack.secrets
    lost = "xoxp-123-somebody-elses"
    said = f"{mine.bot_token} {mine.app_token} {mine.signing_secret} {lost}"
    await slack.posted(said, blocks=[section(said)])
    await slack.post("command", user="alice", channel="stagings", text=f"/octopod {said}")
    text = str(await entries(slack))
    assert "chat.postMessage" in text
    assert not any(secret in text for secret in (mine.bot_token, mine.app_token, mine.signing_secret, lost))


async def test_it_is_bounded_in_number_and_size(slack: Workspace) -> None:
    await slack.posted("y" * (LARGEST + 5))
    (long,) = await entries(slack)
    assert len(long["body"]["cut"]) == LARGEST
    assert "cut here: it has" in long["body"]["note"]
    for _ in range(MOST + 3):
        await slack.call("api.test")
    found = await asked(slack, "traffic")
    assert (len(found["entries"]), found["last"]) == (MOST, MOST + 4)
    assert found["entries"][0]["n"] == 5


async def test_it_waits_for_news(slack: Workspace) -> None:
    await slack.posted()
    waiting = asyncio.create_task(asked(slack, "traffic", since=1, wait=30))
    await slack.posted("news")
    answer = await waiting
    assert answer["last"] == 2 and [entry["n"] for entry in answer["entries"]] == [2]


async def test_numbers_of_another_run_begin_anew(slack: Workspace) -> None:
    await slack.posted()
    answer = await asked(slack, "traffic", since=99, wait=30)
    assert answer["last"] == 1 and len(answer["entries"]) == 1


async def test_what_one_person_sees_can_be_put_away_by_them_only(slack: Workspace) -> None:
    await slack.post("command", user="bob", channel="stagings", text="/nothing")
    shared, private = await slack.posted(), (await slack.messages("stagings"))[0]["ts"]
    for user, ts in (("alice", private), ("bob", shared), ("bob", "1.000001")):
        assert not (await slack.post("dismiss", user=user, channel="stagings", ts=ts))["ok"]
    assert (await slack.post("dismiss", user="bob", channel="stagings", ts=private))["ok"]
    assert [message["ts"] for message in await slack.messages("stagings")] == [shared]


# -- what can be completed


async def test_commands_come_from_where_they_are_defined(slack: Workspace) -> None:
    octopod, own = (await asked(slack, "completion"))["commands"]
    assert (octopod["command"], own["command"]) == ("/octopod", "/playground")
    assert octopod["hint"].startswith("deploy BRANCH")
    assert [word["word"] for word in octopod["words"]] == [one.syntax.split()[0] for one in usage()]
    assert [word["word"] for word in own["words"]] == [word.word for word in WORDS]
    deploy = octopod["words"][0]["arguments"]
    assert deploy[:2] == [
        {"label": "BRANCH", "intro": "", "required": False},
        {"label": "NAME", "intro": "as", "required": False},
    ]
    assert own["words"][1]["arguments"][1] == {"label": "BRANCH", "intro": "from", "required": False}


def test_of_another_apps_commands_the_words_are_not_known() -> None:
    other = manifest().read_text().replace("command: /octopod", "command: /other")
    assert [(one["command"], one["words"]) for one in app_commands(other)] == [("/other", [])]


async def test_branches_are_the_repositorys_as_they_are_now(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop.git")
    async with workspace(tmp_path / "slack", repository=tmp_path / "shop.git") as slack:
        await slack.post("command", user="alice", channel="stagings", text="/playground branch brand-new")
        await slack.post("command", user="alice", channel="stagings", text="/playground push brand-new Be first")
        values = (await asked(slack, "completion"))["values"]
    assert values["BRANCH"][0] == {"value": "brand-new", "meaning": "Be first · Alice"}
    assert {"main", "orange-button"} <= {one["value"] for one in values["BRANCH"]}
    assert "deploy" in {one["value"] for one in values["COMMAND"]}


async def test_without_a_repository_only_words_are_completed(slack: Workspace) -> None:
    assert (await asked(slack, "completion"))["values"]["BRANCH"] == []
