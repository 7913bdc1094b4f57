"""For the tests of the page: a person who looks at it and presses keys.

Everything is done through the page. What the bot did is seen in it, or at the URL of a staging.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

DESKTOP, PHONE = (1280, 800), (390, 844)


class Person:
    """One browser tab. `complaints`: what the browser had to say against the page, refused by its CSP included."""

    def __init__(self, page: "Page", url: str) -> None:
        self.page, self.url = page, url
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.messages, self.thread = page.locator("#messages"), page.locator("#thread")
        self.composer, self.inspector = page.locator("#composer textarea"), page.locator("#inspector")

    async def type(self, text: str) -> None:
        """Into the composer, and send it."""
        await self.composer.fill(text)
        await self.page.keyboard.press("Escape")  # whatever is suggested
        await self.page.keyboard.press("Enter")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    def card(self, name: str) -> "Locator":
        """The one message of a staging in its channel."""
        return self.messages.locator(".message:not(.ephemeral)").filter(has_text=name).filter(has_text="Branch").last

    def private(self) -> "Locator":
        """The last answer that nobody else sees."""
        return self.messages.locator(".message.ephemeral").last

    def button(self, name: str, inside: "Locator | None" = None) -> "Locator":
        return (inside or self.page).get_by_role("button", name=name)

    async def live(self, name: str) -> "Locator":
        """The card, as soon as it says so."""
        await see(self.card(name), f"{name} is live")
        return self.card(name)

    async def act_as(self, name: str) -> None:
        await self.page.locator("#people").get_by_label(name).check(force=True)

    async def look(self, name: str) -> None:
        """With OCTOPOD_SCREENSHOTS=FOLDER: pictures of what is seen now, light, dark and as a phone shows it."""
        if folder := os.environ.get("OCTOPOD_SCREENSHOTS"):
            for way, size in {"light": DESKTOP, "dark": DESKTOP, "phone": PHONE}.items():
                await self.page.emulate_media(color_scheme="dark" if way == "dark" else "light")
                await self.resize(size)
                await self.page.mouse.move(0, 0)
                await self.page.screenshot(path=Path(folder, f"{name}-{way}.png"))
            await self.page.emulate_media(color_scheme="light")
            await self.resize(DESKTOP)

    async def resize(self, size: tuple[int, int]) -> None:
        width, height = size
        await self.page.set_viewport_size({"width": width, "height": height})


async def see(what: "Locator", text: str) -> None:
    from playwright.async_api import expect

    await expect(what).to_contain_text(text)


async def there(what: "Locator", is_there: bool = True) -> None:
    from playwright.async_api import expect

    await (expect(what).to_be_visible() if is_there else expect(what).not_to_be_visible())


async def focused(what: "Locator") -> None:
    from playwright.async_api import expect

    await expect(what).to_be_focused()
