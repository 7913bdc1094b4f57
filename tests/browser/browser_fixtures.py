"""The playground as a process, Debian's Chromium, and a person in it."""

import shutil
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from browser_kit import DESKTOP, Person
from crash_kit import Playground, playground

if TYPE_CHECKING:
    from playwright.async_api import Browser

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000
MISSING = "The tests of the page need {}: `{}`, then `make test-browser`."


@pytest.fixture(scope="module")
def play(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    """A playground in which nobody has done anything yet. `BASELINE = True` in a module: nor left out its main."""
    baseline = getattr(request.module, "BASELINE", False)
    with playground(tmp_path_factory.mktemp("playground"), baseline=baseline) as made:
        for channel in made.state()["channels"]:
            for message in channel["messages"]:  # it was asked for help until it heard
                made.post("dismiss", user="alice", channel=channel["id"], ts=message["ts"])
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator["Browser"]:
    try:
        from playwright.async_api import async_playwright, expect
    except ImportError:
        pytest.fail(MISSING.format("Playwright", "scripts/bootstrap browser"))
    if shutil.which(CHROMIUM) is None:
        pytest.fail(MISSING.format("Chromium", "apt-get install chromium fonts-noto-color-emoji"))
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def person(browser: "Browser", play: Playground) -> AsyncIterator[Person]:
    """Alice, on her first visit, at a desk."""
    context = await browser.new_context(reduced_motion="reduce", locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(PATIENCE_MS)
    made = Person(await context.new_page(), f"http://localhost:{play.port}")
    await made.resize(DESKTOP)
    await made.page.goto(made.url)
    yield made
    assert made.complaints == []
    await context.close()
