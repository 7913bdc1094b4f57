"""The main story, through the page only: a branch gets its staging, is changed, breaks, and is removed."""

import re

import pytest
from browser_kit import Person, focused, see, there
from crash_kit import Playground

pytest_plugins = ("browser_fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

BASELINE = True
ORANGE = "rgb(249, 115, 22)"


async def shop_button(person: Person, url: str) -> tuple[str, str]:
    """The colour of the shop's order buttons, and its headline."""
    page = await person.page.context.new_page()
    try:
        await page.goto(url)
        colour = await page.locator("button.order").first.evaluate("node => getComputedStyle(node).backgroundColor")
        return str(colour), await page.locator("h1").inner_text()
    finally:
        await page.close()


async def test_the_story_of_a_branch(person: Person, play: Playground) -> None:
    page = person.page

    # a first visit offers three things to try, each one click
    offers = person.messages.locator(".offer")
    await see(page.locator("#not-slack"), "a stand-in, not Slack")
    await see(await person.live("main"), "the project")
    assert await offers.count() == 3
    await there(offers.first)
    await person.look("first-visit")
    await offers.filter(has_text="deploy orange-button").click()

    # a card, progress in its thread, a word for who asked, the shop at its URL
    await see(person.private(), "Only visible to you")
    card = await person.live("orange-button")
    await there(page.locator(".welcome"), False)
    await card.locator(".thread-summary").click()
    await see(person.thread, "Release 1 · live after")
    reply = person.thread.locator(".message").filter(has_text="Live at")
    await see(reply, "@alice")
    await person.look("live")
    url = f"http://orange-button.localhost:{play.port}/"
    assert await reply.locator("a").first.get_attribute("href") in (url, url.rstrip("/"))
    async with page.context.expect_page() as opened:
        await reply.locator("a").first.click()
    shop = await opened.value
    await shop.wait_for_load_state()
    assert (await shop.locator("button.order").first.evaluate("b => getComputedStyle(b).backgroundColor")) == ORANGE
    await shop.close()

    # main is what it was
    assert (await shop_button(person, f"http://main.localhost:{play.port}/"))[0] != ORANGE

    # a commit is pushed from the menu, and the staging follows
    await page.get_by_role("button", name="Things to try").click()
    await page.get_by_role("menuitem", name="push a commit").click()
    await see(person.private(), "You pushed")
    await see(card, "release 2")
    await card.locator(".thread-summary").click()
    await see(person.thread, "1 new commit by Alice")
    await person.live("orange-button")
    assert await shop_button(person, url) == (ORANGE, "Fresh from this morning's tide.")

    # it lives longer, is listed, and shows its last lines
    before = await card.locator(".fields").inner_text()
    await person.button("Extend 1 day", card).click()
    await there(card.locator(".fields").filter(has_text=re.compile(re.escape(before))), False)
    await person.type("/octopod list")
    await see(person.private(), "orange-button")
    await person.type("/octopod logs orange-button")
    await see(person.private(), "web")
    await there(person.private().locator("pre").first)

    # deleting asks; no means no
    await person.button("Delete", card).click()
    dialog = page.get_by_role("dialog")
    await there(dialog)
    await focused(dialog.get_by_role("button").first)
    await person.look("delete")
    await dialog.get_by_role("button").first.click()
    await there(dialog, False)
    assert play.url("orange-button") == 200
    await person.button("Delete", card).click()
    await page.get_by_role("dialog").get_by_role("button", name=re.compile("Delete|Yes")).click()
    await see(card, "Until then it can be brought back")
    await person.button("Delete now", card).click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete now").click()
    await see(card, "deleted")
    await see(card, "Deleted")

    # the URL says politely what was here
    gone = await page.context.new_page()
    answer = await gone.goto(url)
    assert answer is not None and answer.status == 410
    await see(gone.locator("body"), "orange-button")
    await see(gone.locator("body"), "alice")
    await gone.close()


async def test_the_login_is_broken_on_one_staging_only(person: Person, play: Playground) -> None:
    await person.page.get_by_role("button", name="Things to try").click()
    await person.page.get_by_role("menuitem", name="break the login").click()
    await person.live("broken-login")
    for name, status in (("broken-login", 500), ("main", 200)):
        page = await person.page.context.new_page()
        answer = await page.goto(f"http://{name}.localhost:{play.port}/login")
        assert answer is not None and answer.status == status
        await page.close()


async def test_what_breaks_says_why(person: Person) -> None:
    await person.type("/octopod deploy broken-start")
    card = person.card("broken-start")
    await see(card, "broken-start has failed")
    await see(card, "Why:")
    await there(person.button("Retry", card))
    await card.locator(".thread-summary").click()
    await see(person.thread, "CARRIER_URL")
    await person.look("failed")


async def test_a_branch_is_made_deployed_merged_and_dropped(person: Person, play: Playground) -> None:
    await person.type("/playground branch a-rather-long-name-for-a-blue-button from green-button")
    await see(person.private(), "starts at")
    await person.type("/playground push nowhere")
    await see(person.private(), "There is no branch nowhere; there are: a-rather-long-name")
    await person.type("/octopod deploy a-rather-long-name-for-a-blue-button")
    card = await person.live("a-rather-long-name-for-a-blue-button")
    await person.type("/playground merge a-rather-long-name-for-a-blue-button")
    await see(card, "its branch was merged by Alice, so it goes")
    await see(person.card("main is live"), "Merge a-rather-long-name-for-a-blue-button")
    await person.look("merged")
    await person.type("/playground drop a-rather-long-name-for-a-blue-button")
    await see(person.private(), "is gone")
