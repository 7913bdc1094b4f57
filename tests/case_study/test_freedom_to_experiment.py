"""*Freedom to experiment*: an idea is deployed from a branch, tried and dropped. Nothing is left behind, and nobody has
to see to that: what becomes of the branch becomes of its staging."""

import pytest
from case_kit import Tell

pytestmark = [pytest.mark.case_study, pytest.mark.timeout(300)]
pytest_plugins = ["kube_fixtures", "case_fixtures"]


async def test_an_idea_is_deployed_tried_and_dropped(tell: Tell) -> None:
    story = await tell()
    engine = story.engine
    card = await story.live("alice", "orange-button")
    assert "<@U01ALICE>" in card.text and f"orange-button.{engine.domain}" in card.text
    assert await engine.left_of("orange-button") != []
    if engine.runs:
        page = await engine.ask("orange-button", "/")
        assert page.status == 200 and "--button: #f97316" in page.text
        bought = await engine.ask("orange-button", "/order", {"product": "plush"})
        assert bought.status == 303, "and she tries to buy something"

    await story.click("alice", card, "delete")
    card = await story.card("orange-button", "deleting")
    assert "Until then it can be brought back" in card.text
    await story.click("alice", card, "delete_now")
    told = await story.reply("orange-button", "Deleted by <@U01ALICE>", "processes, files and URL are gone")
    assert "Its data (`shop-data`) is gone." in told.text
    await story.gone("orange-button")
    if engine.name == "local":
        page = await engine.ask("orange-button", "/")
        assert page.status == 410 and "orange-button was deleted" in page.text

    assert "`orange-button` is gone" in await story.say("alice", "/playground drop orange-button")
    await story.say("alice", "/octopod deploy orange-button")
    await story.told("alice", "no branch", "orange-button")
    assert await engine.left_of("orange-button") == [], "what is no branch makes no staging"


@pytest.mark.parametrize("how", ["drop", "merge"])
async def test_what_becomes_of_the_branch_becomes_of_its_staging(tell: Tell, how: str) -> None:
    story = await tell(follow="{baseline: false, gone_after: 5s}", keys="    undo: none\n")
    engine = story.engine
    await story.say("alice", "/playground branch an-idea from orange-button")
    await story.live("alice", "an-idea")
    if engine.runs:
        assert (await engine.ask("an-idea", "/order", {"product": "plush"})).status == 303

    await story.say("bob", f"/playground {how} an-idea")
    ending = "deleted" if how == "drop" else "merged by Bob"
    told = await story.reply("an-idea", "<@U01ALICE>", f"was {ending}", "this staging goes")
    assert "extend" in told.buttons, "who needs it longer can say so"
    await story.reply("an-idea", "Deleted by the clock", f"its branch was {ending}")
    await story.gone("an-idea")
    if engine.name == "local":
        assert (await engine.ask("an-idea", "/")).status == 410
    await story.until(lambda _: not story.unfinished(), "nothing is left of it, and nothing is to be done")
    assert (how == "merge") == ("orange" in story.subjects("main"))


async def test_an_idea_that_does_not_even_start_is_dropped_as_well(tell: Tell) -> None:
    story = await tell()
    if story.engine.runs:
        await story.engine.built(story.repository, story.head("broken-start"))
    await story.say("bob", "/octopod deploy broken-start")
    if story.engine.runs:
        await story.reply("broken-start", "<@U02BOB>", "Release 1 failed")
    else:  # its image, which nobody has built
        await story.card("broken-start", "waiting")
    assert "Deleting broken-start" in await story.say("bob", "/octopod delete broken-start --now")
    await story.gone("broken-start")
