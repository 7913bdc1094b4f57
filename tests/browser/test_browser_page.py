"""The page as a place: completion, people, unread marks, threads, the inspector, the phone; all of it by keyboard."""

import re

import pytest
from browser_kit import PHONE, Person, focused, see, there
from crash_kit import Playground

pytest_plugins = ("browser_fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]


async def test_a_command_is_completed_by_keyboard(person: Person) -> None:
    page, box = person.page, person.composer
    options = page.locator("#composer [role=option]")
    await box.focus()
    await page.keyboard.type("/oct")
    await see(options.first, "/octopod")
    await person.press("Tab")
    assert await box.input_value() == "/octopod "
    await see(options.first, "deploy [BRANCH]")
    await page.keyboard.type("dep")
    await see(page.locator("#composer [aria-selected=true]"), "deploy [BRANCH]")
    assert await box.get_attribute("aria-expanded") == "true"
    active = await box.get_attribute("aria-activedescendant")
    assert active and await page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    await person.press("Enter")
    assert await box.input_value() == "/octopod deploy "
    await page.keyboard.type("gre")
    await person.look("completion")
    await person.press("ArrowDown", "ArrowUp", "Enter")
    assert await box.input_value() == "/octopod deploy green-button "
    await see(options.first, "as NAME")
    await person.press("Escape")
    await there(page.locator("#composer [role=listbox]"), False)
    await person.press("Enter")
    assert await box.input_value() == ""
    await person.live("green-button")
    await page.keyboard.type("/playground branch x fr")
    await see(options.first, "from BRANCH")
    await person.press("Tab")
    await see(options.filter(has_text="orange-button"), "Make the order buttons orange · Alice")
    await box.fill("")


async def test_another_person_has_other_news(person: Person) -> None:
    page = person.page
    stagings = page.locator("#channels button").filter(has_text=re.compile("stagings$|stagings\\d"))
    await person.button("general").click()
    await person.act_as("Bob")
    await see(page.locator("#channel-name"), "#general")
    await person.composer.fill("@alice have a look")
    await person.press("Escape", "Enter")
    await see(person.messages, "@alice have a look")
    await page.locator("[data-spot=C02STAGINGS]").click()
    await person.type("/octopod deploy main")
    await person.live("main")
    await person.act_as("Carol")
    await there(person.private(), False)
    await person.act_as("Alice")
    await see(page.locator("[data-spot=C01GENERAL] .mentioned"), "1 unread, 1 for you")
    await there(stagings.locator(".count"), False)  # she is there
    await page.reload()
    await see(page.locator("[data-spot=C01GENERAL] .mentioned"), "1 unread, 1 for you")
    await page.locator("[data-spot=C01GENERAL]").click()
    await there(page.locator("[data-spot=C01GENERAL] .count"), False)


async def test_a_thread_by_keyboard(person: Person) -> None:
    page = person.page
    await person.type("/octopod deploy main as by-keyboard")
    await person.live("by-keyboard")
    await person.messages.focus()
    await person.press("ArrowUp")
    await focused(person.messages.locator(".message").last)
    while not await person.card("by-keyboard").evaluate("node => node === document.activeElement"):
        await person.press("ArrowUp")
    await person.press("Enter")
    await focused(page.locator("#reply-composer textarea"))
    await page.keyboard.type("@octopod lo")
    await see(page.locator("#reply-composer [role=option]").first, "logs")
    await person.press("Escape")
    await there(person.thread)  # Escape closed the suggestions only
    await page.keyboard.type("gs")
    await person.press("Enter")
    await there(person.thread.locator("pre").first)
    place = page.url
    await page.reload()
    await see(person.thread.locator("h2"), "Thread in #stagings")
    assert page.url == place
    await page.locator("#reply-composer textarea").focus()
    await person.press("Escape")
    await there(person.thread, False)
    await focused(person.card("by-keyboard"))


async def test_what_is_typed_and_read_stays(person: Person, play: Playground) -> None:
    page = person.page
    for n in range(12):
        await person.type(f"line {n}\nand\nmore")
    await see(person.messages, "line 11")
    await person.composer.fill("half a thou")
    await person.messages.evaluate("node => { node.scrollTop = 0; }")
    play.post("message", user="bob", channel="stagings", text="while you read")
    await there(page.locator("#channel .newer"))
    assert await person.messages.evaluate("node => node.scrollTop") == 0
    await focused(person.composer)
    await page.reload()
    assert await person.composer.input_value() == "half a thou"
    await person.composer.fill("")


async def test_what_only_i_see_can_be_put_away(person: Person) -> None:
    await person.type("/octopod help deploy")
    await see(person.private(), "deploy [BRANCH]")
    before = await person.messages.locator(".message.ephemeral").count()
    await person.private().get_by_role("button", name="Dismiss").click()
    await there(person.messages.locator(".message.ephemeral").nth(before - 1), False)


async def test_the_inspector_shows_both_directions(person: Person, play: Playground) -> None:
    page = person.page
    await person.type("/octopod deploy slow-start")
    await person.live("slow-start")
    await person.press("Alt+i")
    rows = person.inspector.locator(".call")
    await see(rows.filter(has_text="deploy slow-start").first, "/octopod")
    await rows.filter(has_text="chat.update").last.click()
    await see(person.inspector.locator(".detail"), '"ok": true')
    await person.look("inspector")
    await rows.filter(has_text="deploy slow-start").first.click()
    await see(person.inspector.locator(".detail"), "envelope_id")
    said = await person.inspector.inner_text()
    token = play.env()["SLACK_BOT_TOKEN"]
    assert token not in said and "xoxb-" not in await page.content()

    await person.inspector.get_by_label("Filter").fill("no such thing")
    await there(rows.first, False)
    await person.inspector.get_by_label("Filter").fill("")
    await person.card("slow-start").hover()
    await person.card("slow-start").get_by_role("button", name="Show the call that made this").click()
    await see(person.inspector.locator(".detail h3"), "chat.update")
    await person.inspector.get_by_text("Show the message").click()
    await focused(person.card("slow-start"))
    await page.reload()
    await there(person.inspector)  # remembered
    await person.press("Alt+i")
    await there(person.inspector, False)


async def test_a_fault_is_marked_in_the_inspector(person: Person, play: Playground) -> None:
    play.fault(method="chat.update", status=500)
    await person.type("/octopod deploy orange-button")
    await person.live("orange-button")
    await person.press("Alt+i")
    await person.inspector.get_by_label("Which").select_option("wrong")
    await see(person.inspector.locator(".went-wrong").first, "chat.update")
    await see(person.inspector.locator(".detail"), "500 instead, nothing was done")


async def test_the_home_tab_shows_what_the_bot_published(person: Person, play: Playground) -> None:
    page = person.page
    await page.locator("#apps").get_by_role("button", name="Home").click()
    await see(page.locator("#channel-name"), "Octopod: home")
    await there(page.locator("#messages > *").first)
    published = play.state()["homes"].get("U01ALICE")
    await there(page.locator("#messages .home-tab" if published else "#messages .unknown"))
    await person.look("home")
    await page.keyboard.press("Alt+ArrowDown")
    await there(page.locator("#composer"))


async def test_on_a_phone_there_is_one_pane_at_a_time(person: Person) -> None:
    page = person.page
    await person.type("/octopod deploy main as on-the-phone")
    await person.live("on-the-phone")
    await person.resize(PHONE)
    side = page.locator("#sidebar")
    await there(side, False)
    await see(page.locator("#not-slack"), "a stand-in, not Slack")
    await page.get_by_role("button", name="Channels and people").click()
    await there(side)
    await focused(page.locator("[data-spot=C02STAGINGS]"))
    await page.locator("[data-spot=C01GENERAL]").click()
    await there(side, False)
    await see(page.locator("#channel-name"), "#general")
    await page.go_back()
    await person.card("on-the-phone").locator(".thread-summary").click()
    await there(person.thread)
    await there(page.locator("#channel"), False)
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE[0]
    await page.get_by_role("button", name="Back to the channel").click()
    await there(page.locator("#channel"))
    for place in ("#messages", "#composer", "#channel > header"):
        box = await page.locator(place).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0]
