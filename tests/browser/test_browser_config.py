"""[Config…] in the page: what the dialog shows, mistakes at their fields, a secret, and who may not."""

import pytest
from browser_kit import Person, see, there
from crash_kit import Playground

pytest_plugins = ("browser_fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]


async def test_a_configuration_of_ones_own(person: Person, play: Playground) -> None:
    changes = "--profile production-payments --env GREETING=hello --env SHELF=x"
    await person.type(f"/octopod deploy orange-button as own {changes}")
    card = await person.live("own")
    await see(card, "production-payments")
    await see(card, "GREETING=hello")

    await person.button("Config…", card).click()
    dialog = person.page.get_by_role("dialog")
    await see(dialog, "Changed here:")
    await see(dialog, "octopod.yaml does not know this key")
    further = dialog.locator('[data-block="more"] textarea')
    assert await further.input_value() == "SHELF=x"
    assert await dialog.locator('[data-block="env:GREETING"] input').input_value() == "hello"
    await person.look("config-dialog")

    await further.fill("SHELF=y\nnonsense\n1X=2")
    await person.button("Save", dialog).click()
    await see(dialog, "“nonsense” must be KEY=VALUE.")
    await see(dialog, "1X can't be a key of env")
    await person.look("config-mistakes")
    await further.fill("SHELF=y")
    await dialog.locator('[data-block="env:SESSION_KEY"] input').fill("open-sesame-77")
    await person.button("Save", dialog).click()
    await see(dialog, "Release 2 of own rolls out the change")
    await person.look("config-saved")
    await person.page.keyboard.press("Escape")
    await see(card, "SESSION_KEY=•••")
    await see(await person.live("own"), "release 2")
    await person.type("/octopod diff own last-good")
    await see(person.private(), "compared with release 1")
    await person.look("diff")
    await there(person.page.get_by_text("open-sesame"), False)

    await person.act_as("Bob")
    await person.button("Config…", card).click()
    await see(dialog, "The profile production-payments is for @alice, @carol")
    await person.page.keyboard.press("Escape")
    await there(dialog, False)
    assert person.complaints == []
    await person.act_as("Alice")
