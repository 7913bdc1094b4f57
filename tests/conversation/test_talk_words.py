"""Stories of asking: in threads, by half a name, twice, and in other people's words."""

import json
from typing import Any
from urllib.parse import urlencode

from structlog.testing import capture_logs
from talk_kit import Talk

from bot.domain.verbs import VERBS

ALICE, STAGINGS, TEAM = "U01ALICE", "C02STAGINGS", "T00OCTO"


async def test_help_lists_all_that_is_understood(talk: Talk) -> None:
    told = await talk.say("alice", "/octopod help")
    for verb in VERBS:
        assert f"`/octopod {verb.syntax}`" in told and f"`/octopod {verb.example}`" in told
    assert "delete" not in await talk.say("alice", "/octopod help deploy")
    assert await talk.say("alice", "/octopod") == told
    assert await talk.posts() == []


async def test_a_typing_error_gets_a_hint(talk: Talk) -> None:
    told = await talk.say("alice", "/octopod delpoy feature-x")
    assert "`delpoy` is not a command" in told and "`deploy`" in told
    assert "Which branch? `/octopod deploy BRANCH`" in await talk.say("alice", "/octopod deploy")
    assert "is not supported yet" in await talk.say("alice", "/octopod hold feature-x")
    assert talk.engine.orders == []


async def test_the_list_tells_phases_urls_and_threads(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.say("bob", "/octopod deploy feature-y")
    told = await talk.say("bob", "/octopod list")
    assert "*2 stagings*" in told and "🟢 *feature-x* live · <http://feature-x.localhost:8080" in told
    assert "🔵 *feature-y* rolling out\n" in told and told.count("|thread>") == 2
    mine = await talk.say("bob", "/octopod list mine")
    assert "feature-y" in mine and "feature-x" not in mine
    assert "You have no staging yet" in await talk.say("carol", "/octopod list mine")


async def test_info_tells_the_card_and_the_journal(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.say("bob", "/octopod extend feature-x")
    told = await talk.say("carol", "/octopod info feature-x")
    assert "is *live*" in told and "*Lately*" in told and "To its thread" in told
    lines = told.split("*Lately*\n")[1].splitlines()
    assert "<@U02BOB>: extend (until" in lines[0] and "<@U01ALICE>: create (feature-x at" in lines[2]
    assert "<@U01ALICE>: live (release 1)" in lines[1]


async def test_logs_come_privately(talk: Talk) -> None:
    talk.engine.lines = {"web": ["one", "two <b>", "three"], "api": []}
    card = await talk.deploy("feature-x")
    told = await talk.say("bob", "/octopod logs feature-x")
    assert "```one\ntwo &lt;b&gt;\nthree```" in told and "`api`" in told and "written nothing yet" in told
    assert "```three```" in await talk.say("bob", "/octopod logs feature-x web --lines 1")
    assert "Did you mean `web`" in await talk.say("bob", "/octopod logs feature-x wbe")
    assert "```one" in await talk.click("bob", card, "logs")
    assert len(await talk.replies("feature-x")) == 1


async def test_in_a_thread_the_name_may_be_left_out(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    await talk.deploy("feature-y")
    assert "*feature-x* is *live*" in await talk.say("bob", "@octopod info", thread=card)
    assert "listening" in await talk.say("bob", "@octopod logs web", thread=card)
    assert "feature-x lives until" in await talk.say("bob", "@octopod extend by 2d", thread=card)
    told = (await talk.private("bob"))[-1]
    assert told.raw["thread_ts"] == card.ts
    assert "*feature-y* is *live*" in await talk.say("bob", "@octopod info feature-y", thread=card)
    assert "Which staging?" in await talk.say("bob", "@octopod info")
    talk.origin.commit("feature-x", {"README": "more\n"})
    await talk.say("bob", "@octopod deploy feature-x", thread=card)
    assert talk.engine.order("feature-x") is talk.engine.orders[-1] and len(talk.engine.orders) == 3


async def test_half_a_name_offers_a_menu_that_acts(talk: Talk) -> None:
    for branch in ("feature-x", "feature-y"):
        await talk.deploy(branch)
    told = await talk.say("alice", "/octopod info feature")
    assert "`feature` could be one of 2 stagings" in told
    menu = (await talk.private("alice"))[-1]
    chosen = await talk.click("alice", menu, "choose", value="feature-y · feature-y")
    assert "*feature-y* is *live*" in chosen
    await talk.say("alice", "/octopod delete feature --yes")
    menu = (await talk.private("alice"))[-1]
    assert "Deleting feature-y" in await talk.click("alice", menu, "choose", value="feature-y · feature-y")
    assert talk.engine.removed == [talk.engine.order("feature-y").staging]


async def test_in_a_thread_its_branch_is_deployed(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    talk.origin.commit("feature-x", {"README": "more\n"})
    told = await talk.say("bob", "@octopod deploy", thread=card)
    assert "looking for branch `feature-x`" in told and "release 2" in told
    await talk.report(talk.engine.ready, "feature-x")
    assert "release 2" in (await talk.card("feature-x")).text
    await talk.say("bob", "@octopod deploy as again", thread=card)
    assert talk.engine.order("again").commit == talk.engine.order("feature-x").commit


async def test_half_a_name_with_too_much_for_a_menu_names_what_it_could_be(talk: Talk) -> None:
    for branch in ("feature-x", "feature-y"):
        await talk.deploy(branch)
    told = await talk.say("alice", f"/octopod logs feature {'w' * 160}")
    assert "could be one of 2 stagings" in told and "Did you mean `feature-x` or `feature-y`?" in told


async def test_an_unknown_staging_gets_a_hint(talk: Talk) -> None:
    await talk.deploy("feature-x")
    told = await talk.say("alice", "/octopod info feature-z")
    assert "There is no staging called `feature-z`" in told and "Did you mean `feature-x`" in told


async def test_an_event_that_slack_repeats_is_answered_once(talk: Talk) -> None:
    await talk.deploy("feature-x")
    for text in ("list", "extend feature-x", "logs feature-x", "deploy feature-y"):
        event = mention(f"<@U00OCTOPOD> {text}", f"Ev{text[:4]}")
        before = await talk.private("alice")
        assert [await talk.event(event) for _ in range(3)] == [200, 200, 200]
        await talk.settled()
        assert len(await talk.private("alice")) - len(before) <= 1, text
    told = await talk.say("alice", "/octopod info feature-x")
    assert told.count(": extend (") == 1
    assert len(talk.engine.orders) == 2


async def test_requests_that_are_not_slacks_are_refused(talk: Talk) -> None:
    body = json.dumps(mention("<@U00OCTOPOD> deploy feature-x", "Ev1")).encode()
    assert await talk.post(body, "application/json", secret="0" * 32) == 401
    command = urlencode({"command": "/octopod", "text": "deploy feature-x", "user_id": ALICE}).encode()
    assert await talk.post(command, "application/x-www-form-urlencoded", secret="guessed") == 401
    async with talk.slack.http.post(f"{talk.url}/slack/events", data=body) as unsigned:
        assert unsigned.status == 401
    await talk.settled()
    assert talk.engine.orders == [] and await talk.posts() == []


async def test_another_workspace_is_refused(talk: Talk) -> None:
    foreign = mention("<@U00OCTOPOD> deploy feature-x", "Ev2") | {"team_id": "T99OTHER"}
    foreign["authorizations"] = [{**foreign["authorizations"][0], "team_id": "T99OTHER"}]
    await talk.event(foreign)
    form = {"command": "/octopod", "text": "deploy feature-x", "user_id": ALICE, "channel_id": STAGINGS}
    form |= {"team_id": "T99OTHER", "trigger_id": "1.2.3", "channel_name": "stagings"}
    await talk.post(urlencode(form).encode(), "application/x-www-form-urlencoded")
    await talk.settled()
    assert talk.engine.orders == [] and await talk.posts() == [] and await talk.private("alice") == []
    await talk.event(mention("<@U00OCTOPOD> deploy feature-x", "Ev2"))  # the same from home is heard
    await talk.settled()
    assert len(talk.engine.orders) == 1


async def test_a_mention_by_nobody_is_acked_and_asks_for_nothing(talk: Talk) -> None:
    by_a_workflow = mention("<@U00OCTOPOD> deploy feature-x", "Ev4")
    del by_a_workflow["event"]["user"]
    with capture_logs() as said:
        assert await talk.event(by_a_workflow) == 200
        await talk.settled()
    assert talk.engine.orders == [] and [line for line in said if line["log_level"] == "error"] == []


async def test_what_the_app_is_subscribed_to_but_has_no_answer_for(talk: Talk) -> None:
    message = mention("hello", "Ev3")
    message["event"] = {"type": "message", "channel": STAGINGS, "user": ALICE, "text": "hello", "ts": "1.000001"}
    assert await talk.event(message) == 200


def mention(text: str, event_id: str) -> dict[str, Any]:
    event = {"type": "app_mention", "user": ALICE, "text": text, "ts": "1800000000.000100", "channel": STAGINGS}
    authorization = {"team_id": TEAM, "user_id": "U00OCTOPOD", "is_bot": True, "enterprise_id": None}
    return {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": "A00OCTOPOD",
        "event": {**event, "event_ts": event["ts"]},
        "event_id": event_id,
        "event_time": 1_800_000_000,
        "authorizations": [authorization],
    }
