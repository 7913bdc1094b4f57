"""Makes docs/images: stills from what `make screenshots` kept, and a film of the first minute.

    run=".tools/bin/uv run --extra dev --extra browser --with pillow"
    $run scripts/pictures.py stills .screenshots docs/images
    $run scripts/pictures.py film http://localhost:8765 docs/images/first-minute.webp

The film needs a playground in which nobody has deployed anything yet: `make playground PLAYGROUND=--reset`.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, ViewportSize, sync_playwright

CHROMIUM = "/usr/bin/chromium"
STILLS = {
    "inspector-light": "inspector",
    "alert-light": "alert",
    "live-dark": "dark",
    "live-phone": "phone",
    "completion-light": "completion",
    "config-dialog-light": "config",
    "compare-light": "compare",
}
SIZE: ViewportSize = {"width": 1120, "height": 760}
WIDTH = 840
MOST_BYTES = 1_000_000


def stills(source: Path, goal: Path) -> None:
    """The chosen ones with a palette, which a page of few colours does not miss."""
    for name, short in STILLS.items():
        with Image.open(source / f"{name}.png") as image:
            small = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        small.save(goal / f"{short}.png", optimize=True)
        print(f"{short}.png: {(goal / f'{short}.png').stat().st_size // 1024} KB")


def film(url: str, goal: Path) -> None:
    """Real screenshots, each shown for as long as there is something to read."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce", locale="en-GB")
        page.goto(url)
        frames = list(_story(page))
        browser.close()
    images = [_frame(picture) for picture, _ in frames]
    images[0].save(goal, save_all=True, append_images=images[1:], duration=[ms for _, ms in frames], loop=0, quality=70)
    size = goal.stat().st_size
    print(f"{goal}: {len(frames)} frames, {size // 1024} KB")
    assert size < MOST_BYTES, "too large for the README"


def _frame(picture: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    return image.resize((WIDTH, image.height * WIDTH // image.width), Image.Resampling.LANCZOS)


def _story(page: Page) -> Iterator[tuple[bytes, int]]:
    """(what is seen, for how many ms)"""
    messages, thread = page.locator("#messages"), page.locator("#thread")
    card = messages.locator(".message").filter(has_text="orange-button is")
    messages.get_by_text("main is live").wait_for()
    page.locator(".offer").first.wait_for()
    yield page.screenshot(), 2200
    yield from _typed(page, "/octopod deploy or")
    page.keyboard.press("Enter")
    yield page.screenshot(), 500
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    card.locator(".thread-summary").click()
    yield from _while_not(page, thread.get_by_text("Live at"), 350)
    yield page.screenshot(), 2600
    with page.context.expect_page() as opened:
        thread.locator(".message").filter(has_text="Live at").locator("a").first.click()
    shop = opened.value
    shop.set_viewport_size(SIZE)
    shop.locator("button.order").first.wait_for()
    yield shop.screenshot(), 2600
    shop.close()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Things to try").click()
    yield page.screenshot(), 1300
    page.get_by_role("menuitem", name="push a commit").click()
    messages.get_by_text("You pushed").wait_for()
    yield page.screenshot(), 1500
    card.locator(".thread-summary").click()
    yield from _while_not(page, thread.get_by_text("Release 2 · live after"), 350)
    yield page.screenshot(), 2600
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+i")
    page.locator(".call").first.wait_for()
    yield page.screenshot(), 3200


def _typed(page: Page, text: str) -> Iterator[tuple[bytes, int]]:
    page.locator("#composer textarea").focus()
    for start in range(0, len(text), 3):
        page.keyboard.type(text[start : start + 3])
        yield page.screenshot(), 140


def _while_not(page: Page, wanted: Locator, ms: int) -> Iterator[tuple[bytes, int]]:
    while not wanted.count():
        yield page.screenshot(), ms


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["stills", source, goal]:
            stills(Path(source), Path(goal))
        case ["film", url, goal]:
            film(url, Path(goal))
        case _:
            sys.exit(__doc__)
