"""Stories of [Config…]: what the dialog shows, what it saves, what it refuses, and two people at once."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from standin_kit import Json
from structlog.testing import capture_logs
from talk_kit import Seen, Talk, talking
from test_talk_secrets import on_disk, secret_env

from bot.domain.project import Key, Profile

SHOP: dict[str, Any] = {
    "env": {"PAYMENTS": "sandbox", "RETRIES": "3"},
    "values": {"web": {"replicas": 1}},
    "keys": {"PAYMENTS": Key("Which payments", ("sandbox", "production")), "TOKEN": Key("The partner's", secret=True)},
    "profiles": {
        "live": Profile("live", env={"PAYMENTS": "production"}, allowed=("@platform",)),
        "many": Profile("many", env={"RETRIES": "9"}),
    },
}
IDS = {"alice": "U01ALICE", "bob": "U02BOB", "carol": "U03CAROL"}


@pytest.fixture
async def shop(tmp_path: Path, database: Path) -> AsyncIterator[Talk]:
    async with talking(tmp_path, database, project=SHOP) as there:
        yield there


async def opened(talk: Talk, user: str, card: Seen) -> Json:
    """The dialog that is open after a click on [Config…]."""
    await talk.click(user, card, "config")
    return await dialog(talk, user)


async def dialog(talk: Talk, user: str) -> Json:
    views = [view["view"] for view in (await talk.slack.state())["views"] if view["user"] == IDS[user]]
    found: Json = views[-1]
    return found


def said(view: Json) -> str:
    texts = [block.get("text", {}).get("text", "") for block in view["blocks"] if block["type"] == "section"]
    texts += [one["text"] for block in view["blocks"] if block["type"] == "context" for one in block["elements"]]
    return "\n".join(texts)


def fields(view: Json) -> dict[str, Json]:
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def held(view: Json) -> dict[str, Any]:
    """What is in the fields as they are drawn."""
    made: dict[str, Any] = {}
    for name, block in fields(view).items():
        element = block["element"]
        options = element.get("initial_options", [element["initial_option"]] if "initial_option" in element else [])
        chosen = [option["value"] for option in options]
        made[name] = chosen if element["type"].startswith("multi") else chosen[0] if chosen else None
        made[name] = element.get("initial_value", made[name])
    return made


async def save(talk: Talk, user: str, view: Json, **changed: Any) -> Json:
    """The bot's answer in words. A field is named by its key, or `more`, `values`, `profiles`."""
    given = {
        **held(view),
        **{name if name in fields(view) else f"env:{name}": value for name, value in changed.items()},
    }
    values = {name: {name: entry(fields(view)[name]["element"], value)} for name, value in given.items()}
    return await submitted(talk, user, view, values)


def entry(element: Json, value: Any) -> Json:
    match element["type"]:
        case "static_select":
            return {"type": "static_select", "selected_option": option(value)}
        case "multi_static_select":
            return {"type": "multi_static_select", "selected_options": [option(one) for one in value]}
        case kind:
            return {"type": kind, "value": value or None}


def option(value: str) -> Json:
    return {"text": {"type": "plain_text", "text": value}, "value": value}


async def submitted(talk: Talk, user: str, view: Json, values: Json) -> Json:
    """Straight to the door, signed, whatever is in it: what Slack sends, and what somebody might forge."""
    payload = {
        "type": "view_submission",
        "team": {"id": "T00OCTO"},
        "user": {"id": IDS[user]},
        "trigger_id": "1.2.3",
        "view": {**view, "state": {"values": values}},
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    answer = await talk.post_for_answer(body, "application/x-www-form-urlencoded")
    await talk.settled()
    return answer


def told(answer: Json) -> str:
    return said(answer["view"])


async def test_it_shows_what_was_changed_and_what_would_be_in_force_without(shop: Talk) -> None:
    card = await shop.deploy("feature-x")
    await shop.say(
        "alice", "/octopod config feature-x --env RETRIES=5 --env RETRYS=1 --set web.replicas=2 --profile many"
    )
    view = await opened(shop, "alice", card)
    assert "*feature-x*, release 2. Changed here: `many` · `RETRIES=5`" in said(view)
    found = fields(view)
    assert list(found) == ["profiles", "env:PAYMENTS", "env:RETRIES", "env:TOKEN", "more", "values"]
    assert held(view) == {
        "profiles": ["many"],
        "env:PAYMENTS": "default",
        "env:RETRIES": "5",
        "env:TOKEN": None,
        "more": "RETRYS=1",
        "values": "web.replicas=2",
    }
    assert found["env:RETRIES"]["element"]["placeholder"]["text"] == "9"
    assert [one["value"] for one in found["profiles"]["element"]["options"]] == ["many"]
    assert "live is for @platform: ask them." in found["profiles"]["hint"]["text"]
    assert found["env:PAYMENTS"]["element"]["options"][0]["text"]["text"] == "sandbox (default)"
    assert "did you mean RETRIES?" in found["more"]["hint"]["text"]
    assert "web.replicas=1" in found["values"]["hint"]["text"]


async def test_several_keys_are_one_release_and_empty_fields_take_back(shop: Talk) -> None:
    card = await shop.deploy("feature-x")
    view = await opened(shop, "bob", card)
    answer = await save(
        shop,
        "bob",
        view,
        PAYMENTS="=production",
        RETRIES="7",
        profiles=["many"],
        more='A=1\nB="x\\ny"',
        values="web={}\nt=1.10",
    )
    assert "Release 2 of feature-x rolls out the change" in told(
        answer
    ) and "⚠️ `A`: octopod.yaml does not know this key" in told(answer)
    [found] = [one.staging.attempt for one in await shop.bot.service.looking.everything()]
    assert found.overrides.env == {"PAYMENTS": "production", "RETRIES": "7", "A": "1", "B": "x\ny"}
    assert found.overrides.values == {"web": {}, "t": "1.10"} and found.overrides.profiles == ("many",)
    assert shop.engine.order("feature-x").objects[0]["data"]["B"] == "x\ny" and len(shop.engine.orders) == 2
    view = await opened(shop, "bob", card)
    assert held(view)["more"] == 'A=1\nB="x\\ny"' and held(view)["values"] == "web={}\nt=1.10"
    answer = await save(shop, "bob", view, PAYMENTS="default", RETRIES="", profiles=[], more="", values="")
    assert "nothing differs from the defaults any more" in told(answer)
    view = await opened(shop, "bob", card)
    assert "has this configuration already" in told(await save(shop, "bob", view)) and len(shop.engine.orders) == 3


async def test_mistakes_stand_at_their_fields(shop: Talk) -> None:
    view = await opened(shop, "bob", await shop.deploy("feature-x"))
    answer = await save(shop, "bob", view, more="1X=2\nTOKEN=hush", values="a..b=1")
    assert answer["response_action"] == "errors"
    assert "TOKEN has a field of its own above" in answer["errors"]["more"]
    answer = await save(shop, "bob", view, more="1X=2", values="a..b=1")
    assert "1X can't be a key of env" in answer["errors"]["more"] and "a..b can't be" in answer["errors"]["values"]
    answer = await save(shop, "bob", view, more="nonsense\nA=1\nA=2\n1X=2", values="a={b")
    wrong = answer["errors"]["more"].splitlines()
    assert wrong[:2] == ["“nonsense” must be KEY=VALUE.", "“A” is given twice."] and wrong[2].startswith("1X can't be")
    assert "looks like JSON" in answer["errors"]["values"]
    assert len(shop.engine.orders) == 1
    assert "rolls out the change" in told(await save(shop, "bob", view, more="X=2"))


async def test_a_secret_is_entered_and_never_seen_again(shop: Talk, tmp_path: Path) -> None:
    card = await shop.deploy("feature-x")
    with capture_logs() as lines:
        view = await opened(shop, "bob", card)
        answer = await save(shop, "bob", view, TOKEN="open-sesame-77")
        assert "`TOKEN=•••`" in told(answer)
        assert secret_env(shop, "feature-x") == {"TOKEN": "open-sesame-77"}
        again = await opened(shop, "bob", card)
        assert held(again)["env:TOKEN"] is None and "Entered here." in fields(again)["env:TOKEN"]["hint"]["text"]
        assert "already" in told(await save(shop, "bob", again))  # left empty it is kept
        assert "already" in told(await save(shop, "bob", await opened(shop, "bob", card), TOKEN="open-sesame-77"))
        await save(shop, "bob", await opened(shop, "bob", card), RETRIES="4")
        assert secret_env(shop, "feature-x") == {"TOKEN": "open-sesame-77"}
        assert "`TOKEN` = ••• · changed here" in await shop.say("bob", "/octopod config feature-x")
    assert "open-sesame" not in json.dumps(lines) and "open-sesame" not in json.dumps(await shop.slack.state())
    assert b"open-sesame" not in on_disk(tmp_path)
    await shop.say("bob", "/octopod config feature-x --unset-env TOKEN")
    assert [o["kind"] for o in shop.engine.order("feature-x").objects].count("Secret") == 0


async def test_two_people_change_different_keys_and_both_land(shop: Talk) -> None:
    card = await shop.deploy("feature-x")
    alices, bobs = await opened(shop, "alice", card), await opened(shop, "bob", card)
    await save(shop, "alice", alices, RETRIES="5", more="A=1")
    await save(shop, "bob", bobs, PAYMENTS="=production", values="web.replicas=2")
    [found] = [one.staging.attempt.overrides for one in await shop.bot.service.looking.everything()]
    assert found.env == {"RETRIES": "5", "A": "1", "PAYMENTS": "production"} and found.values == {"web.replicas": 2}


async def test_two_people_change_the_same_key_and_the_second_is_told(shop: Talk) -> None:
    card = await shop.deploy("feature-x")
    alices, bobs = await opened(shop, "alice", card), await opened(shop, "bob", card)
    await save(shop, "alice", alices, RETRIES="5", more="A=1")
    answer = await save(shop, "bob", bobs, RETRIES="7", more="B=2")
    assert answer["response_action"] == "update"
    assert "<@U01ALICE> changed `RETRIES` to `5`" in told(answer) and "Nothing is saved yet" in told(answer)
    assert len(shop.engine.orders) == 2
    again = {**answer["view"], "id": bobs["id"], "hash": "another"}
    assert held(again)["env:RETRIES"] == "7" and held(again)["more"] == "A=1\nB=2"  # nothing is lost
    assert "rolls out the change" in told(await save(shop, "bob", again))
    [found] = [one.staging.attempt.overrides for one in await shop.bot.service.looking.everything()]
    assert found.env == {"RETRIES": "7", "A": "1", "B": "2"}


async def test_a_double_click_on_save_is_one_release(shop: Talk) -> None:
    view = await opened(shop, "alice", await shop.deploy("feature-x"))
    await save(shop, "alice", view, RETRIES="5")
    assert await save(shop, "alice", view, RETRIES="5") == {}
    assert len(shop.engine.orders) == 2


async def test_who_may_not_use_a_profile_gets_it_in_no_way(shop: Talk) -> None:
    card = await shop.deploy("feature-x")
    view = await opened(shop, "bob", card)
    forged = held(view)
    values = {name: {name: entry(fields(view)[name]["element"], value)} for name, value in forged.items()}
    values["profiles"] = {"profiles": entry({"type": "multi_static_select"}, ["live"])}
    answer = await submitted(shop, "bob", view, values)
    assert "The profile live is for @platform" in json.dumps(answer["errors"], ensure_ascii=False)
    assert len(shop.engine.orders) == 1
    allowed = await opened(shop, "carol", card)
    await save(shop, "carol", allowed, profiles=["live"])
    assert len(shop.engine.orders) == 2
    answer = await save(shop, "bob", view, RETRIES="1")  # it was drawn before the profile came
    assert "is for @platform" in json.dumps(answer["errors"]) and len(shop.engine.orders) == 2
    assert "is for @platform" in said(await opened(shop, "bob", card))
    await shop.press(IDS["bob"], await shop.card("feature-x"), "config")
    assert len(shop.engine.orders) == 2


async def test_a_dialog_of_a_staging_that_is_gone(shop: Talk) -> None:
    card = await shop.deploy("feature-y")
    view = await opened(shop, "bob", card)
    await shop.say("bob", "/octopod delete feature-y --yes")
    answer = await save(shop, "bob", view, RETRIES="1")
    assert "feature-y is deleted already" in json.dumps(answer["errors"])
    forged = {**view, "private_metadata": json.dumps({"staging": "nobody", "release": "none"})}
    assert "no such staging" in json.dumps((await save(shop, "bob", forged, RETRIES="1"))["errors"])
