"""Two side by side, and asleep and back, in the page. Last of all, as nobody has deployed main before."""

import os
from pathlib import Path

import pytest
from browser_kit import Person, see
from crash_kit import Playground

pytest_plugins = ("browser_fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]


async def test_side_by_side_with_main(person: Person, play: Playground) -> None:
    await person.type("/octopod deploy main")
    await person.live("main")
    await person.type("/octopod deploy green-button as beside")
    card = await person.live("beside")
    async with person.page.context.expect_page() as opened:
        await person.button("Compare with main", card).click()
    both = await opened.value
    await both.set_viewport_size({"width": 1280, "height": 800})
    await both.frame_locator("iframe >> nth=0").locator("button.order").first.wait_for()
    await both.frame_locator("iframe >> nth=1").locator("button.order").first.wait_for()
    if folder := os.environ.get("OCTOPOD_SCREENSHOTS"):
        await both.screenshot(path=Path(folder, "compare-light.png"))
    await both.get_by_label("Path").fill(f"http://main.localhost:{play.port}/login")
    await both.keyboard.press("Enter")
    for number in (0, 1):
        await see(both.frame_locator(f"iframe >> nth={number}").locator("body"), "Sign in")
    await both.close()


async def test_asleep_and_back(person: Person, play: Playground) -> None:
    await person.type("/octopod deploy green-button as beside")
    card = await person.live("beside")
    await person.button("Sleep", card).click()
    await see(card, "asleep")
    await see(card, "comes back when it is woken")
    await person.look("asleep")
    assert play.url("beside") == 503
    await person.button("Wake", card).click()
    await person.live("beside")
    assert play.url("beside") == 200
    await person.type("/octopod delete beside --now")
    await see(card, "deleted")
    assert person.complaints == []
