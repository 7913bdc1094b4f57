"""A key that becomes secret after somebody has said its value in the open: from then on nobody is told it any more."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from talk_kit import Talk, talking
from test_talk_config_dialog import fields, opened, save

from bot.domain.project import Key

OPEN = "plain-4711"
SHOP: dict[str, Any] = {"env": {"RETRIES": "3"}, "keys": {"PARTNER": Key("The partner's")}}


@pytest.fixture
async def shop(tmp_path: Path, database: Path) -> AsyncIterator[Talk]:
    """feature-x has it in the open; then octopod.yaml says that it is secret, and that counts."""
    async with talking(tmp_path, database, project=SHOP) as there:
        await there.say("alice", f"/octopod deploy feature-x --env PARTNER={OPEN} --env RETRIES=5")
        await there.report(there.engine.ready, "feature-x")
        card = await there.card("feature-x")
        assert f"PARTNER={OPEN}" in card.text and OPEN in await there.say("bob", "/octopod info feature-x")
        projects = there.bot.projects
        secret = replace(projects["shop"], keys={"PARTNER": Key("The partner's", secret=True)})
        projects.replace({"shop": secret})
        await there.bot.service.projects_changed()
        await there.settled()
        yield there


async def test_it_is_hidden_wherever_it_was_told(shop: Talk) -> None:
    assert "PARTNER=•••" in (await shop.card("feature-x")).text
    assert OPEN not in json.dumps([one.raw for one in await shop.seen()])
    info = await shop.say("bob", "/octopod info feature-x")
    assert "PARTNER=•••" in info and "`PARTNER` = •••" in info and "feature-x at" in info and OPEN not in info
    for words in ("config feature-x", "diff feature-x"):
        told = await shop.say("bob", f"/octopod {words}")
        assert "`PARTNER`" in told and "•••" in told and OPEN not in told
    told = await shop.say("alice", "/octopod config feature-x --env RETRIES=7")
    assert "PARTNER=•••" in told and "RETRIES=7" in told and OPEN not in told
    await shop.report(shop.engine.ready, "feature-x")
    told = await shop.say("bob", "/octopod diff feature-x last-good")
    assert "`RETRIES`" in told and "PARTNER" not in told, "it is the same on both"


async def test_its_dialog_does_not_tell_it_either_and_leaves_it_alone(shop: Talk) -> None:
    view = await opened(shop, "alice", await shop.card("feature-x"))
    assert OPEN not in json.dumps(view)
    assert "Entered here" in fields(view)["env:PARTNER"]["hint"]["text"]
    await save(shop, "alice", view, RETRIES="9")
    assert OPEN in str(shop.engine.order("feature-x").objects), "an empty field is no wish"
    view = await opened(shop, "alice", await shop.card("feature-x"))
    await save(shop, "alice", view, PARTNER="entered-now")
    assert OPEN not in str(shop.engine.order("feature-x").objects)
    assert "entered-now" not in (await shop.card("feature-x")).text


async def test_equal_or_not_is_told_without_telling_what(shop: Talk) -> None:
    await shop.deploy("feature-y")
    view = await opened(shop, "alice", await shop.card("feature-y"))
    await save(shop, "alice", view, PARTNER=OPEN)
    assert "PARTNER" not in await shop.say("bob", "/octopod diff feature-x feature-y")
    view = await opened(shop, "alice", await shop.card("feature-y"))
    await save(shop, "alice", view, PARTNER="another")
    told = await shop.say("bob", "/octopod diff feature-x feature-y")
    assert "`PARTNER` ••• differs" in told and OPEN not in told
