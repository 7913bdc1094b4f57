"""Stories of people who want to know why: alerts and their buttons, `why`, and `what-happened`."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from talk_kit import Seen, Talk, talking

from bot.domain.checks import HealthCheck, Stand
from bot.domain.events import CheckSeen
from bot.domain.project import Key
from bot.store import history

ALERTS = "stagings-alerts"
SHOP: dict[str, Any] = {
    "health_checks": (HealthCheck("login", "/login"),),
    "env": {"PAYMENTS": "sandbox"},
    "keys": {"TOKEN": Key(secret=True)},
}


@pytest.fixture
async def shop(tmp_path: Path, database: Path) -> AsyncIterator[Talk]:
    async with talking(tmp_path, database, project=SHOP) as there:
        yield there


async def checked(talk: Talk, name: str, ok: bool) -> None:
    """It is decided how its login is."""
    staging = await talk.bot.service.looking.named("shop", name)
    assert staging.live
    stand = Stand("login", ok, f"`/login` answers {200 if ok else 500}", talk.clock())
    async with talk.bot.store.write() as connection:
        mark = SHOP["health_checks"][0].mark
        await history.decided(connection, staging.id, staging.live.id, stand, talk.clock(), mark)
    await talk.bot.service.happened(staging.id, CheckSeen(staging.live.id, stand))
    await talk.settled()


async def well(talk: Talk, *names: str) -> None:
    for name in names:
        await talk.deploy(name)
        await checked(talk, name, ok=True)


async def broken_by_a_key(talk: Talk) -> Seen:
    """Bob changes a key, and login fails. The alert."""
    await well(talk, "feature-x")
    await talk.later(minutes=10)
    await talk.say("bob", "/octopod config feature-x --env PAYMENTS=production")
    await talk.report(talk.engine.ready, "feature-x")
    await checked(talk, "feature-x", ok=False)
    await talk.later(seconds=6)
    return (await talk.posts(ALERTS))[-1]


async def test_a_changed_key_is_told_and_reverted_by_its_button(shop: Talk) -> None:
    alert = await broken_by_a_key(shop)
    assert "*login* fails on" in alert.text and "`/login` answers 500" in alert.text
    assert "Release 1 was well." in alert.text and "`PAYMENTS` from `sandbox` to `production`" in alert.text
    assert {"logs", "compare", "revert_key", "rollback", "mute"} <= set(alert.buttons)

    said = await shop.click("alice", alert, "revert_key")
    assert "Release 3 of feature-x rolls out the change: nothing differs from the defaults any more" in said
    assert "out of date: feature-x has release 3 now" in await shop.click("alice", alert, "revert_key")
    await shop.report(shop.engine.ready, "feature-x")
    staging = await shop.bot.service.looking.named("shop", "feature-x")
    assert staging.attempt.env["PAYMENTS"] == "sandbox"
    [over] = await shop.posts(ALERTS)
    assert "has recovered" in over.text and over.buttons == {}


async def test_why_tells_how_it_is_at_any_time(shop: Talk) -> None:
    await well(shop, "feature-y")
    assert (
        "is well: release 1" in (said := await shop.say("carol", "/octopod why feature-y")) and "*login* passes" in said
    )
    alert = await broken_by_a_key(shop)
    said = await shop.say("carol", "/octopod explain feature-x")
    assert "*login* fails on" in said and "`PAYMENTS` from `sandbox` to `production` by bob" in said
    assert "• *login* fails since" in said and "Mute 1 h" in said and "<@" not in said
    await shop.click("alice", alert, "revert_key")
    assert "*rolling out*: release 3" in await shop.say("carol", "/octopod why feature-x")
    await shop.report(shop.engine.ready, "feature-x")
    said = await shop.say("carol", "/octopod why feature-x")
    assert "is well: release 3" in said and "Of *login* nothing is decided yet" in said
    assert "*Its last breakage* was" in said and "`PAYMENTS`" in said
    await shop.say("alice", "/octopod sleep feature-y")
    assert "is *asleep*. Nothing of it runs" in await shop.say(
        "carol", "@octopod why", thread=await shop.card("feature-y")
    )


async def test_what_happened_narrates_the_journal(shop: Talk) -> None:
    await broken_by_a_key(shop)
    await shop.say("alice", "/octopod rollback feature-x")
    await shop.report(shop.engine.ready, "feature-x")
    for _ in range(2):
        await shop.say("alice", "/octopod extend feature-x by 1d")
    told = (await shop.say("carol", "/octopod what-happened feature-x")).splitlines()
    assert told[0] == "*What happened to feature-x* in the last day"
    made, changed, broke, back, longer = (line for line in told if line.startswith("•"))
    assert (
        "<@U01ALICE> made it of `feature-x`: release 1, " in made and "“Keep orders” by " in made and "🟢 live" in made
    )
    assert "<@U02BOB> changed its configuration (PAYMENTS=production): release 2" in changed
    assert "🟠 it broke: login: `/login` answers 500. Found: its configuration: PAYMENTS" in broke
    assert "when the next release was live" in broke
    assert "<@U01ALICE> rolled it back: release 3" in back and "as in release 1; 🟢 live" in back
    assert "<@U01ALICE> extended it, 2 times: until <!date^" in longer


async def test_the_story_of_one_that_is_deleted(shop: Talk) -> None:
    await well(shop, "feature-y")
    await shop.say("bob", "/octopod delete feature-y --yes")
    said = await shop.say("alice", "/octopod history feature-y")
    assert "<@U02BOB> deleted it" in said and "Nothing of it is left" in said and "Now it is *deleted*" in said
    await shop.later(days=4)
    said = await shop.say("alice", "/octopod story feature-y last 2d")
    assert "Nothing happened to *feature-y* in the last 2 days. The last thing before:" in said
    assert "<@U02BOB> deleted it" in await shop.say("alice", "/octopod story feature-y 5d")
    assert "There is no staging yet" in await shop.say("alice", "/octopod why feature-y")
    await well(shop, "feature-y")
    assert "There is no staging called `feature-q`" in await shop.say("alice", "/octopod what-happened feature-q")
    assert "Now it is *live*" in await shop.say("alice", "/octopod story feature-y"), "the one that is there is meant"


async def test_a_value_that_became_secret_is_told_by_neither(shop: Talk) -> None:
    await broken_by_a_key(shop)
    project = shop.bot.service.projects["shop"]
    shop.bot.service.projects.replace({"shop": replace(project, keys={"PAYMENTS": Key(secret=True)})})
    for question in ("why", "what-happened"):
        assert "production" not in await shop.say("carol", f"/octopod {question} feature-x")


async def test_the_merge_base_is_tried_by_a_button(shop: Talk) -> None:
    await well(shop, "main")
    shop.origin.commit("main", {"README": "newer\n"}, "Newer")
    await well(shop, "main")
    await shop.deploy("feature-x")
    await checked(shop, "feature-x", ok=False)
    await shop.later(seconds=6)
    [alert] = await shop.posts(ALERTS)
    said = await shop.click("alice", alert, "check_base")
    assert "is tried with the configuration of feature-x and fresh data" in said
    assert shop.engine.orders[-1].name.startswith("octopod-witness")
    assert "is being tried already" in await shop.click("alice", alert, "check_base")
