"""Stories of trouble: Slack refuses, forgets or does not answer; somebody deletes messages; the bot has a bug."""

import time
from datetime import timedelta
from typing import Any

import pytest
from talk_kit import PACE, Seen, Talk

from bot.checkpoints import nowhere
from bot.slack.sender import Sender
from bot.store import stagings
from bot.worker.slack import SlackWork


async def erase(talk: Talk, message: Seen) -> None:
    channel = "C02STAGINGS" if message.channel == "stagings" else message.channel
    await talk.slack.client.chat_delete(channel=channel, ts=message.ts)


async def fault(talk: Talk, **spec: Any) -> None:
    assert (await talk.slack.post("fault", **spec))["ok"]


async def test_a_deleted_card_is_posted_anew_when_it_changes(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    old = await talk.card("feature-x")
    await erase(talk, old)  # its thread stays, below a tombstone
    await talk.report(talk.engine.ready, "feature-x")
    card = await talk.card("feature-x")
    assert card.ts != old.ts and "is *live*" in card.text and len(await talk.posts()) == 1
    [live] = [message for message in await talk.seen() if "Live at" in message.text]
    assert live.raw["thread_ts"] in (old.ts, card.ts)


async def test_a_reply_follows_a_card_that_was_deleted_with_its_thread(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    old = await talk.card("feature-x")
    for message in [*await talk.thread(old), old]:
        await erase(talk, message)
    await talk.report(talk.engine.ready, "feature-x")
    card = await talk.card("feature-x")
    assert card.ts != old.ts and len(await talk.posts()) == 1, "what Slack put into the channel was taken back"
    assert ["Live at" in text for text in await talk.replies("feature-x")] == [True]


async def test_a_reply_waits_for_its_card_that_vanished_after_it_was_claimed(talk: Talk) -> None:
    """Another of the workers claims it, while this one may not send: so the moment between the two can be had."""
    await talk.say("alice", "/octopod deploy feature-x")
    await fault(talk, method="chat.postMessage", times=1, when="before", status=429, retry_after=3600)
    await talk.report(talk.engine.ready, "feature-x")
    talk.clock.ahead += timedelta(hours=2)
    work, now = _another(talk), talk.bot.service.now()
    assert await work.next_due()
    [claim] = await work.claim("another", now + timedelta(minutes=1), 1)
    [found] = await talk.bot.service.looking.everything()
    async with talk.bot.store.write() as connection:
        await stagings.save_card(connection, found.staging.id, None)
    said = len(await talk.posts())
    await work.perform(claim)
    assert len(await talk.posts()) == said, "it is nobody's business outside its thread"
    async with talk.bot.store.write() as connection:
        await stagings.save_card(connection, found.staging.id, found.card)
    assert await work.next_due()
    [claim] = await work.claim("another", now + timedelta(minutes=1), 1)
    await work.perform(claim)
    assert ["Live at" in text for text in await talk.replies("feature-x")] == [True]


def _another(talk: Talk) -> SlackWork:
    slack, service = talk.bot.slack, talk.bot.service
    sender = Sender(slack.client, slack.session, slack.directory, service.projects, "local", None, time.monotonic)
    return SlackWork(service, talk.bot.store, sender, nowhere, PACE)


async def test_a_deleted_progress_message_stays_deleted(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    [progress] = await talk.thread(await talk.card("feature-x"))
    await erase(talk, progress)
    await talk.report(talk.engine.ready, "feature-x")
    assert await talk.progress("feature-x") == [] and len(await talk.replies("feature-x")) == 1


async def test_messages_wait_until_the_bot_is_invited(talk: Talk) -> None:
    await talk.slack.post("channel", channel="stagings", bot_member=False)
    await talk.slack.post("command", user="alice", channel="general", text="/octopod deploy feature-x")
    await talk.until(lambda state: talk.engine.orders or None)
    talk.engine.ready("feature-x")
    await talk.until(lambda state: talk.prober.asked or None)
    assert await talk.seen() == []
    await talk.slack.post("channel", channel="stagings", bot_member=True)
    await talk.until(lambda state: _said(state, "Live at"))
    await talk.settled()
    assert "is *live*" in (await talk.card("feature-x")).text
    assert len(await talk.posts()) == 1 and len(await talk.replies("feature-x")) == 1


async def test_an_answer_that_got_lost_doubles_nothing(talk: Talk) -> None:
    await fault(talk, method="chat.postMessage", when="after", times=2)
    await talk.slack.post("command", user="alice", channel="stagings", text="/octopod deploy feature-x")
    await talk.until(lambda state: _said(state, "rolling out") and talk.engine.orders)
    await fault(talk, method="chat.postMessage", when="after", times=1)
    talk.engine.ready("feature-x")
    await talk.until(lambda state: _said(state, "is *live*") and _said(state, "Live at"))
    await talk.settled()
    assert len(await talk.posts()) == 1
    assert len(await talk.progress("feature-x")) == 1 and len(await talk.replies("feature-x")) == 1


async def test_an_outage_of_slack_does_not_keep_the_engine_waiting(talk: Talk) -> None:
    for method in ("chat.postMessage", "chat.update", "conversations.history", "conversations.replies"):
        await fault(talk, method=method, when="before", status=503, times=10_000)
    await talk.slack.post("command", user="alice", channel="stagings", text="/octopod deploy feature-x")
    await talk.until(lambda state: talk.engine.orders or None)
    talk.engine.ready("feature-x")
    await talk.until(lambda state: talk.prober.asked or None)
    assert await talk.seen() == []
    await fault(talk, method="*", times=0)
    await talk.until(lambda state: _said(state, "is *live*") and _said(state, "Live at"))
    await talk.settled()
    assert len(await talk.posts()) == 1 and len(await talk.replies("feature-x")) == 1


async def test_a_refused_message_does_not_block_those_behind_it(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    await fault(talk, method="chat.postMessage", when="before", error="invalid_blocks", times=1)
    await talk.report(talk.engine.failed, "feature-x", "web exits with code 1")
    assert await talk.replies("feature-x") == []
    talk.origin.commit("feature-x", {"README": "more\n"})
    await talk.deploy("feature-x")
    [live] = await talk.replies("feature-x")
    assert "Live at" in live


async def test_a_bug_in_a_door_is_acked_with_its_id(talk: Talk) -> None:
    """A button that no version of the bot ever drew stands for a bug: its value is not what the door expects."""
    blocks = [{"type": "actions", "elements": [_button("extend", "nonsense")]}]
    posted = await talk.slack.client.chat_postMessage(channel="stagings", text="x", blocks=blocks)
    forged = Seen("stagings", posted["ts"], {"blocks": blocks})
    told = await talk.click("alice", forged, "extend")
    assert "went wrong inside Octopod" in told and "`" in told
    assert "feature-x" in (await talk.deploy("feature-x")).text, "and all goes on"


async def test_a_bug_in_the_engine_fails_the_release_with_its_id(talk: Talk) -> None:
    talk.engine.refusal = RuntimeError("nobody thought of this")
    await talk.say("alice", "/octopod deploy feature-x")
    [failed] = await talk.replies("feature-x")
    assert "An error in Octopod itself stopped it (id " in failed and "nobody thought" not in failed
    talk.engine.refusal = None
    card = await talk.card("feature-x")
    assert "has *failed*" in card.text
    await talk.click("alice", card, "retry")
    await talk.report(talk.engine.ready, "feature-x")
    assert "is *live*" in (await talk.card("feature-x")).text


async def test_a_repository_that_is_gone_is_told_privately(talk: Talk) -> None:
    talk.origin.path.rename(talk.origin.path.with_name("elsewhere"))
    await talk.slack.post("command", user="alice", channel="stagings", text="/octopod deploy feature-x")
    told = await talk.until(lambda state: [m for m in _private(state) if "On it" not in m["text"]])
    assert "feature-x" not in [m.text for m in await talk.posts()] and told[0]["ephemeral_to"] == "U01ALICE"


async def test_hosts_answer_politely_when_no_staging_does(talk: Talk) -> None:
    async def page(host: str) -> tuple[int, str, str]:
        async with talk.slack.http.get(talk.url, headers={"Host": host}) as answer:
            return answer.status, answer.headers.get("Octopod-Tombstone", ""), await answer.text()

    assert (await page("feature-x.localhost"))[:2] == (404, "unknown")
    await talk.say("alice", "/octopod deploy feature-x")
    status, phase, text = await page("feature-x.localhost:8080")
    assert (status, phase) == (503, "rolling out") and "is starting" in text
    await talk.report(talk.engine.ready, "feature-x")
    await talk.say("bob", "/octopod delete feature-x --now")
    status, phase, text = await page("FEATURE-X.localhost")
    assert (status, phase) == (410, "deleted") and "@bob removed it on" in text and "/octopod deploy feature-x" in text
    async with talk.slack.http.get(f"{talk.url}/healthz") as answer:
        assert (await answer.json())["ok"] is True
    async with talk.slack.http.get(f"{talk.url}/metrics") as answer:
        assert "octopod_" in await answer.text()


@pytest.mark.parametrize(
    "host", ["feature-x.localhost", "no_name.localhost:443", f"{'x' * 60}.localhost", "a.b.localhost."]
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/healthz"), ("GET", "/metrics"), ("POST", "/slack/events")])
async def test_at_the_hosts_of_stagings_none_of_the_bots_own_doors_is_open(
    talk: Talk, host: str, method: str, path: str
) -> None:
    async with talk.slack.http.request(method, f"{talk.url}{path}", headers={"Host": host}) as answer:
        assert (answer.status, answer.headers["Octopod-Tombstone"]) == (404, "unknown")
        assert answer.content_type == "text/html" and "No staging here" in await answer.text()


def _said(state: dict[str, Any], text: str) -> bool:
    return any(text in str(m) for channel in state["channels"] for m in channel["messages"] if not m["ephemeral_to"])


def _private(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [m for channel in state["channels"] for m in channel["messages"] if m["ephemeral_to"]]


def _button(action: str, value: str) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": "x"}, "action_id": action, "value": value}
