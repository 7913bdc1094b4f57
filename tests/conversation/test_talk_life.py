"""Stories of a staging's life: extended, warned of, deleted by people and by the clock."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standin_kit import Json
from talk_kit import Seen, Talk, talking

from bot.ports import ProbeResult


def expiry(card: Seen) -> datetime:
    """What the card says, in minutes or finer."""
    found = re.search(r"\*Expires\*\n<!date\^(\d+)\^", card.text)
    assert found, card.text
    return datetime.fromtimestamp(int(found[1]), UTC)


async def test_a_double_click_is_one_extension(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    before = expiry(card)
    assert timedelta(days=2, hours=23) < before - datetime.now(UTC) <= timedelta(days=3)
    assert "feature-x lives until" in await talk.click("bob", card, "extend")
    assert await talk.press("U02BOB", card, "extend") == 200  # still drawn for the same time
    again = await talk.card("feature-x")
    assert expiry(again) - before == timedelta(days=1)
    await talk.click("bob", again, "extend")
    assert expiry(await talk.card("feature-x")) - before == timedelta(days=2)


async def test_extending_by_a_typed_time(talk: Talk) -> None:
    before = expiry(await talk.deploy("feature-x"))
    await talk.say("alice", "/octopod extend feature-x by 2d")
    assert expiry(await talk.card("feature-x")) - before == timedelta(days=2)
    told = await talk.say("alice", "/octopod extend feature-x by 3000d")
    assert "365 days from now at most" in told
    assert "must be a duration" in await talk.say("alice", "/octopod extend feature-x by soon")
    assert expiry(await talk.card("feature-x")) - before == timedelta(days=2)


async def test_a_deploy_lets_it_live_longer_again(talk: Talk) -> None:
    before = expiry(await talk.deploy("feature-x"))
    await talk.later(days=1)
    talk.origin.commit("feature-x", {"README": "more\n"})
    after = expiry(await talk.deploy("feature-x"))
    assert timedelta(days=1) <= after - before < timedelta(days=1, minutes=2)


async def test_a_confirmed_delete_takes_everything_and_says_who_did_it(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    asked = card.buttons["delete"]["confirm"]
    assert "`data`" in asked["text"]["text"] and asked["title"]["text"] == "Delete feature-x?"
    assert await talk.click("bob", card, "delete", confirm=False) == ""
    assert talk.engine.removed == [] and "is *live*" in (await talk.card("feature-x")).text
    talk.engine.slow_to_remove = True
    assert "Deleting feature-x" in await talk.click("bob", card, "delete")
    assert "is *deleting*" in (await talk.card("feature-x")).text
    await talk.later(minutes=16)
    await talk.report(talk.engine.gone, talk.engine.removed[0])
    card = await talk.card("feature-x")
    assert "is *deleted*" in card.text and "by <@U02BOB>" in card.text and card.buttons == {}
    last = (await talk.replies("feature-x"))[-1]
    assert last.startswith("Deleted by <@U02BOB>") and "`data`" in last and "`/octopod deploy feature-x`" in last
    assert "There is no staging yet" in await talk.say("alice", "/octopod list")


async def test_a_typed_delete_asks_when_there_is_data(talk: Talk) -> None:
    await talk.deploy("feature-x")
    told = await talk.say("alice", "/octopod delete feature-x")
    assert "Its data goes too" in told and "--yes" in told and talk.engine.removed == []
    asked = (await talk.private("alice"))[-1]
    assert "Deleting feature-x" in await talk.click("alice", asked, "delete")
    assert talk.engine.removed == [] and "is *deleting*" in (await talk.card("feature-x")).text


async def test_yes_and_the_absence_of_data_need_no_question(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.deploy("feature-y")
    assert "Deleting feature-x" in await talk.say("alice", "/octopod delete feature-x —yes")  # as phones send it
    assert "Deleting feature-y" in await talk.say("alice", "/octopod rm feature-y")
    assert len(talk.engine.removed) == 1  # only what has no data goes at once


async def test_a_stale_delete_button_explains_itself(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.say("alice", "/octopod delete feature-x")
    stale = (await talk.private("alice"))[-1]
    talk.origin.commit("feature-x", {"README": "more\n"})
    await talk.deploy("feature-x", user="bob")
    told = await talk.click("alice", stale, "delete")
    assert "out of date: feature-x has release 2 now and is live" in told and talk.engine.removed == []


async def test_the_delete_button_of_an_older_look_of_the_card_deletes_nothing(talk: Talk) -> None:
    old = await talk.deploy("feature-x")
    talk.origin.commit("feature-x", {"README": "more\n"})
    await talk.deploy("feature-x")
    assert await talk.press("U02BOB", old, "delete") == 200
    assert talk.engine.removed == [] and "is *live*" in (await talk.card("feature-x")).text


async def test_a_new_deploy_after_a_delete_is_a_new_staging_with_a_new_card(talk: Talk) -> None:
    old = await talk.deploy("feature-x")
    await talk.say("alice", "/octopod delete feature-x --now")
    await talk.deploy("feature-x")
    first, second = await talk.posts()
    assert first.ts == old.ts and "is *deleted*" in first.text and "is *live*" in second.text
    assert "release 1" in second.text


async def test_a_deploy_during_a_delete_waits_for_its_end(talk: Talk) -> None:
    await talk.deploy("feature-x")
    talk.engine.slow_to_remove = True
    await talk.say("alice", "/octopod delete feature-x --now")
    await talk.say("bob", "/octopod deploy feature-x")
    assert len(talk.engine.orders) == 1
    await talk.report(talk.engine.gone, talk.engine.removed[0])
    await talk.until(lambda state: len(talk.engine.orders) == 2 or None)
    await talk.report(talk.engine.ready, "feature-x")
    assert "is *live*" in (await talk.card("feature-x")).text


async def test_a_delete_takes_back_a_deploy_that_waits_for_an_earlier_delete(talk: Talk) -> None:
    await talk.deploy("feature-x")
    talk.engine.slow_to_remove = True
    await talk.say("alice", "/octopod delete feature-x --now")
    await talk.say("bob", "/octopod deploy feature-x")
    before = await talk.private("bob")
    await talk.say("alice", "/octopod delete feature-x --yes")
    await talk.report(talk.engine.gone, talk.engine.removed[0])
    await talk.until(lambda state: _told_private(state, "U02BOB") > len(before) or None)
    told = (await talk.private("bob"))[-1].text
    assert "feature-x was deleted after this deploy was asked for" in told and "`/octopod deploy feature-x`" in told
    assert len(talk.engine.orders) == 1 and len(await talk.posts()) == 1
    assert "is *deleted*" in (await talk.card("feature-x")).text


def _told_private(state: Json, user: str) -> int:
    messages = (message for channel in state["channels"] for message in channel["messages"])
    return sum(message["ephemeral_to"] == user for message in messages)


async def test_a_release_that_is_never_steady_fails_in_the_end(talk: Talk) -> None:
    talk.prober.result = ProbeResult(False, "502 Bad Gateway")
    await talk.say("alice", "/octopod deploy feature-y")
    for _ in range(3):
        talk.engine.ready("feature-y")
        await talk.until(lambda state: "✅ ready" in _progress(state) or None)
        talk.engine.starting("feature-y", "web exited with code 1")
        await talk.until(lambda state: "⏳ ready" in _progress(state) or None)
        await talk.later(minutes=2)
    assert "has *failed*" in (await talk.card("feature-y")).text
    said = (await talk.replies("feature-y"))[-1]
    assert "ready and not ready by turns" in said and "```web exited with code 1" in said


def _progress(state: Json) -> str:
    messages = (message for channel in state["channels"] for message in channel["messages"])
    return next((str(m["blocks"]) for m in messages if str(m["text"]).startswith("Release 1:")), "")


async def test_expiry_is_warned_of_once_and_then_comes(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.later(days=1, hours=23, minutes=55)
    assert await talk.direct("alice") == []
    await talk.later(minutes=10)
    (first,) = await talk.direct("alice")
    assert "|feature-x>* of shop expires <!date^" in first.text
    assert set(first.buttons) == {"extend", "sleep", "delete"}
    assert len(await talk.replies("feature-x")) == 1, "a day before, the thread is left in peace"
    await talk.later(hours=23)
    await talk.later(minutes=1)
    _, last = await talk.direct("alice")
    warning = (await talk.replies("feature-x"))[-1]
    assert warning.startswith("feature-x expires <!date^"), "its owner was called already"
    assert "Its data (`data`) goes with it" in warning and "Its data (`data`) goes with it" in last.text
    assert len(await talk.replies("feature-x")) == 2
    said = (await talk.thread(await talk.card("feature-x")))[-1]
    assert set(said.buttons) == set(last.buttons) == {"extend", "sleep", "delete"}
    await talk.later(minutes=53)
    assert talk.engine.removed == []
    await talk.later(minutes=1)
    card = await talk.card("feature-x")
    assert "is *deleting*" in card.text and "by the clock" in card.text and talk.engine.removed == []
    await talk.later(minutes=16)
    card = await talk.card("feature-x")
    assert "is *deleted*" in card.text and "by the clock" in card.text
    assert "Deleted by the clock, because it expired" in (await talk.replies("feature-x"))[-1]


async def test_from_a_direct_message_it_is_extended_put_to_sleep_or_deleted(talk: Talk) -> None:
    for branch in ("main", "feature-x", "feature-y"):
        await talk.deploy(branch)
    await talk.later(days=2, minutes=1)
    told = {one.text.split("|")[1].split(">")[0]: one for one in await talk.direct("alice")}
    assert "main lives until" in await talk.click("alice", told["main"], "extend")
    assert "Putting feature-x to sleep" in await talk.click("alice", told["feature-x"], "sleep")
    assert "Deleting feature-y" in await talk.click("alice", told["feature-y"], "delete")
    await talk.later(hours=23)
    (last,) = (await talk.direct("alice"))[3:]
    assert "|feature-x>* of shop expires" in last.text and "It is asleep, which does not stop that." in last.text
    assert set(last.buttons) == {"extend", "delete"}


@pytest.mark.parametrize("fault", [{"error": "user_disabled"}, {"error": "restricted_action"}, {"when": "after"}])
async def test_who_can_get_no_direct_message_is_called_in_the_thread(talk: Talk, fault: dict[str, Any]) -> None:
    """Nor is it repeated if it is not known whether it arrived."""
    await talk.deploy("feature-x")
    assert (await talk.slack.post("fault", method="chat.postMessage", **fault))["ok"]
    await talk.later(days=2, minutes=1)
    await talk.later(seconds=1)  # whatever is tried again is due
    assert (await talk.replies("feature-x"))[-1].startswith("<@U01ALICE> feature-x expires <!date^")
    assert len(await talk.direct("alice")) == ("when" in fault)


async def test_an_extension_from_the_warning_saves_it(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    await talk.later(days=2, hours=23, minutes=30)
    warning = (await talk.thread(card))[-1]
    await talk.click("alice", warning, "extend")
    await talk.later(hours=2)
    assert talk.engine.removed == [] and "is *live*" in (await talk.card("feature-x")).text
    await talk.later(hours=22)  # and it is warned of again
    assert "expires" in (await talk.replies("feature-x"))[-1] and len(await talk.replies("feature-x")) == 3


async def test_the_clock_wakes_by_itself(tmp_path: Path, database: Path) -> None:
    """Nothing moves this clock, and nobody pokes it when the time has come."""
    async with talking(tmp_path, database, project={"ttl": timedelta(seconds=3)}) as talk:
        await talk.say("alice", "/octopod deploy feature-y")
        await talk.until(lambda state: talk.engine.removed or None, 15)
        await talk.settled()
        replies = await talk.replies("feature-y")
        assert "expires" in replies[0] and "Deleted by the clock" in replies[-1]


async def test_without_a_ttl_nothing_expires(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"ttl": None}) as talk:
        card = await talk.deploy("feature-x")
        assert "*Expires*\nnever" in card.text and "extend" not in card.buttons
        assert "never expires" in await talk.say("alice", "/octopod extend feature-x")
        await talk.later(days=400)
        assert talk.engine.removed == [] and len(await talk.replies("feature-x")) == 1
