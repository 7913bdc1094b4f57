"""*Independent state*: "the 1000th customer of the day" happens on one staging only; each has its own data."""

import re

import pytest
from case_engines import Page
from case_kit import Story, Tell

pytestmark = [pytest.mark.case_study, pytest.mark.timeout(300)]
pytest_plugins = ["kube_fixtures", "case_fixtures"]

OTHERS = ("main", "green-button")
SEED = 'os.environ.get("SEED_ORDERS") or '


async def test_the_thousandth_customer_comes_to_one_staging_only(tell: Tell) -> None:
    story = await tell()
    story.push("on-the-house", "api/migrate.py", f"{SEED}0", f"{SEED}999", "Open with 999 customers")
    for branch in ("on-the-house", *OTHERS):
        await story.live("alice", branch)
    places = [place for branch in ("on-the-house", *OTHERS) for place in await story.engine.data(branch)]
    assert len(set(places)) == 3, "each staging keeps its data at a place of its own"
    if story.engine.runs:
        await _the_thousandth_buys(story)

    kept = await story.engine.data("on-the-house")
    await story.say("alice", "/playground push on-the-house")
    await story.live("alice", "on-the-house")
    assert await story.engine.data("on-the-house") == kept, "an update keeps it"
    if story.engine.runs:
        assert await customers(story, "on-the-house") == 1000

    await _sleeps_and_wakes(story, kept)
    await _is_reset(story)
    await _is_deleted(story)
    for branch in OTHERS:
        assert len(await story.engine.data(branch)) == 1 and await story.phase(branch, "live")


async def _sleeps_and_wakes(story: Story, kept: list[str]) -> None:
    await story.say("bob", "/octopod sleep on-the-house")
    assert "is kept" in (await story.card("on-the-house", "asleep")).text
    assert await story.engine.data("on-the-house") == kept
    await story.say("alice", "/octopod wake on-the-house")
    await story.reply("on-the-house", "Awake again")
    await story.card("on-the-house", "live")
    assert await story.engine.data("on-the-house") == kept
    if story.engine.runs:
        assert await customers(story, "on-the-house") == 1000, "as it was"


async def _is_reset(story: Story) -> None:
    assert "`shop-data`) is wiped" in await story.say("alice", "/octopod reset on-the-house"), "it asks first"
    await story.say("alice", "/octopod reset on-the-house --yes")
    await story.reply("on-the-house", "Reset at", "its data (`shop-data`) was wiped")
    await story.card("on-the-house", "live")
    if story.engine.runs:
        assert await customers(story, "on-the-house") == 999, "seeded again"


async def _is_deleted(story: Story) -> None:
    """Once by mistake."""
    kept = await story.engine.data("on-the-house")
    assert "`shop-data`) is lost" in await story.say("bob", "/octopod delete on-the-house --yes")
    known = await story.known("on-the-house")
    await story.say("alice", "/octopod undo on-the-house")
    await story.reply("on-the-house", "on-the-house is back", known=known)
    assert await story.engine.data("on-the-house") == kept
    await story.say("bob", "/octopod delete on-the-house --now")
    await story.gone("on-the-house")


async def _the_thousandth_buys(story: Story) -> None:
    assert [await customers(story, branch) for branch in ("on-the-house", *OTHERS)] == [999, 0, 0]
    assert "This one is on the house!" in (await _buys(story, "on-the-house")).text
    assert "This one is on the house!" not in (await _buys(story, "main")).text
    assert [await customers(story, branch) for branch in ("on-the-house", *OTHERS)] == [1000, 1, 0]


async def _buys(story: Story, staging: str) -> Page:
    """The page that thanks for it."""
    bought = await story.engine.ask(staging, "/order", {"product": "mug"})
    return await story.engine.ask(staging, bought.headers["Location"])


async def customers(story: Story, staging: str) -> int:
    """Of today, as its page says."""
    found = re.search(r'data-count="(\d+)"', (await story.engine.ask(staging, "/")).text)
    assert found
    return int(found[1])
