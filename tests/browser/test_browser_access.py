"""Everybody can use the page: axe finds nothing, in light and dark; everything can be reached and seen by keyboard."""

from typing import Any

import pytest
from browser_kit import PHONE, Person, focused, see, there

pytest_plugins = ("browser_fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

# A textarea as a combobox: the ARIA Authoring Practices know single lines only, and a message has several.
EXCEPT = {"aria-allowed-role": {"enabled": False}}


async def refuse_none(person: Person, where: str) -> None:
    from axe_playwright_python.async_playwright import Axe

    found: Any = await Axe().run(person.page, options={"rules": EXCEPT})
    wrong = [
        f"{one['id']}: {node['html'][:150]} {node.get('failureSummary', '')}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]
    assert not wrong, where + "\n" + "\n".join(wrong)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(person: Person, scheme: Any) -> None:
    page = person.page
    await page.emulate_media(color_scheme=scheme)
    await there(person.messages)
    await refuse_none(person, "at first")
    await person.type("/octopod deploy orange-button")
    card = await person.live("orange-button")
    await card.locator(".thread-summary").click()
    await person.press("Alt+i")
    await there(person.inspector.locator(".call").first)
    await person.composer.fill("/octopod de")
    await refuse_none(person, "thread, inspector, suggestions")
    await person.composer.fill("")
    await person.press("Alt+i")
    await person.button("Delete", card).click()
    await refuse_none(person, "a question")
    await person.press("Escape")
    await page.get_by_role("button", name="Things to try").click()
    await refuse_none(person, "a menu")
    await person.press("Escape")
    await person.press("Control+Slash")
    await refuse_none(person, "the shortcuts")
    await person.press("Escape")
    await person.resize(PHONE)
    await refuse_none(person, "on a phone")


async def test_the_first_tabs_lead_past_the_side(person: Person) -> None:
    page = person.page
    await there(person.messages)
    await page.evaluate("document.activeElement.blur()")
    await person.press("Tab")
    await focused(page.get_by_role("link", name="Skip to the messages"))
    await person.press("Tab", "Enter")
    await focused(person.composer)


async def test_whatever_has_the_focus_shows_it(person: Person) -> None:
    page = person.page
    await there(person.messages)
    await page.evaluate("document.activeElement.blur()")
    seen: set[str] = set()
    for _ in range(40):
        await person.press("Tab")
        name, shown = await page.evaluate(
            """() => { const node = document.activeElement;
              const style = getComputedStyle(node.closest('label') ?? node.closest('form.composer') ?? node);
              return [node.outerHTML.slice(0, 90), node === document.body || style.outlineStyle !== 'none'
                || style.boxShadow !== 'none' || node.matches('.skip')]; }"""
        )
        assert shown, name
        seen.add(name)
    assert len(seen) > 12  # all of the page, and round again


async def test_the_menu_and_the_question_by_keyboard(person: Person) -> None:
    page = person.page
    await page.get_by_role("button", name="Things to try").focus()
    await person.press("ArrowDown")
    await focused(page.get_by_role("menuitem").first)
    await person.press("ArrowUp")
    await focused(page.get_by_role("menuitem").last)
    await person.press("Escape")
    await focused(page.get_by_role("button", name="Things to try"))
    await person.press("Enter", "Enter")
    card = await person.live("orange-button")
    await person.button("Delete", card).focus()
    await person.press("Enter")
    await there(page.get_by_role("dialog"))
    await person.press("Escape")
    await there(page.get_by_role("dialog"), False)
    await focused(person.button("Delete", card))
    await see(card, "is live")


async def test_who_wants_no_motion_gets_none(person: Person) -> None:
    await person.type("/octopod help")
    await there(person.private())
    assert await person.private().evaluate("node => getComputedStyle(node).animationName") == "none"
