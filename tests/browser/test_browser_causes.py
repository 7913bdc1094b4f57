"""What goes wrong in the playground, through the page only, and what #stagings-alerts says of it."""

import json
from typing import TYPE_CHECKING

import pytest
from browser_kit import Person, see
from crash_kit import Playground
from git_kit import until

if TYPE_CHECKING:
    from playwright.async_api import Locator

pytest_plugins = ("browser_fixtures",)
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

BASELINE = True
SECONDS = 40.0


async def tries(person: Person, name: str) -> None:
    await person.page.get_by_role("button", name="Things to try").click()
    await person.page.get_by_role("menuitem", name=name).click()


async def goes_to(person: Person, channel: str) -> None:
    await person.page.locator("#sidebar").get_by_role("button", name=channel, exact=False).last.click()


async def alert(person: Person, *words: str) -> "Locator":
    """The newest, as soon as it says all that."""
    await goes_to(person, "stagings-alerts")
    newest = person.messages.locator(".message:not(.ephemeral)").last
    for text in words:
        await see(newest, text)
    return newest


async def healthy(play: Playground, name: str) -> None:
    """What is checked of it was asked often enough to count."""

    def asked() -> int:
        folders = (path for path in (play.data / "local").iterdir() if (path / "spec.json").exists())
        mine = (path for path in folders if json.loads((path / "spec.json").read_text())["name"] == name)
        logs = (log for path in mine for log in path.glob("logs/*/*web*.log"))
        return sum(log.read_text(errors="replace").count("GET /login ") for log in logs)

    enough = asked() + 3
    await until(lambda: asked() >= enough, SECONDS)


async def test_a_commit_breaks_the_login_and_its_author_is_called(person: Person, play: Playground) -> None:
    await person.live("main")
    await healthy(play, "main")
    await person.page.get_by_role("button", name="break the login").click()
    await person.live("broken-login")
    differs = "Only this feature differs: 2 commits by @alice"
    told = await alert(person, "broken-login breaks login: /login answers 500.", differs)
    await person.look("alert")
    for name in ("Logs", "Compare with main", "Mute 1 h"):
        await see(person.button(name, told), name)


async def test_a_key_breaks_the_shelf_and_is_taken_back(person: Person, play: Playground) -> None:
    await person.type("/octopod deploy orange-button")
    await person.live("orange-button")
    await healthy(play, "orange-button")
    await tries(person, "misspell a configuration")
    told = await alert(person, "shelf fails on orange-button", "It is its configuration: GREETING", "by @alice")
    await person.look("alert-configuration")
    await person.button("Revert GREETING", told).click()
    await see(told, "has recovered")


async def test_an_odd_name_breaks_the_shelf_by_what_is_stored(person: Person, play: Playground) -> None:
    await healthy(play, "orange-button")
    await tries(person, "order under an odd name")
    await see(person.private(), "Ada  Lovelace bought a mug at orange-button.")
    told = await alert(person, "shelf fails on orange-button", "A guess", "what it has stored")
    await person.look("alert-data-guess")
    await person.button("Try with fresh data", told).click()
    await alert(person, "the same commit with fresh data", "It is what it has stored")
    await person.look("alert-data")


async def test_main_breaks_and_nobody_who_starts_there_is_blamed(person: Person, play: Playground) -> None:
    await tries(person, "break main")
    await alert(person, "main breaks login", "1 commit by @alice")
    await person.look("alert-main")
    await goes_to(person, "stagings")
    await tries(person, "start from a broken main")
    await tries(person, "deploy what started there")
    await see(person.card("late is"), "late is broken")
    await person.card("late is").locator(".thread-summary").click()
    await see(person.thread, "Not your branch: login fails on main as well")
    await person.look("not-your-branch")
    await tries(person, "mend main")
    await alert(person, "login fails on late", "main is well again, first seen at", "the branch is 1 commit behind")
    await person.look("alert-behind")
