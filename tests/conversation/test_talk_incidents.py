"""Stories of several stagings that break of the same cause: one message, in the alerts' channel."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from talk_kit import Talk, talking

from bot.domain.checks import HealthCheck, Stand

ALERTS = "stagings-alerts"
CART = HealthCheck("cart", "/cart")
SHOP: dict[str, Any] = {"health_checks": (CART,)}


@pytest.fixture
async def shop(tmp_path: Path, database: Path) -> AsyncIterator[Talk]:
    async with talking(tmp_path, database, project=SHOP) as there:
        for name in ("feature-x", "feature-y"):
            await there.deploy(name)
            await checked(there, name, ok=True)
        await there.later(minutes=5)
        yield there


async def checked(talk: Talk, name: str, ok: bool) -> None:
    """It is decided how its cart is."""
    staging = await talk.bot.service.looking.named("shop", name)
    assert staging.live
    stand = Stand("cart", ok, f"`/cart` answers {200 if ok else 502}", talk.clock())
    known = next((one for one in staging.checks if one.check == "cart"), None)
    assert await talk.bot.service.checking.decided(staging.id, staging.live.id, stand, known, CART.mark)
    await talk.settled()


async def test_two_that_miss_the_same_are_told_as_one(shop: Talk) -> None:
    shop.engine.lines = {"web": ["payments.example.com:443: connection refused"]}
    await checked(shop, "feature-x", ok=False)
    await checked(shop, "feature-y", ok=False)
    await shop.later(seconds=6)
    together = next(post for post in await shop.posts(ALERTS) if "broke together" in post.text)
    assert "2 stagings broke together" in together.text and "address payments.example.com:443" in together.text
    for name in ("feature-x", "feature-y"):
        card = await shop.card(name)
        assert f"p{card.ts.replace('.', '')}|{name}>*: cart: `/cart` answers 502." in together.text
    alone = [post for post in await shop.posts(ALERTS) if post.ts != together.ts]
    assert len(alone) <= 1 and all("shares with others" in post.text for post in alone), "who came first had one"

    await checked(shop, "feature-x", ok=True)
    await shop.later(seconds=6)
    assert "is well again" in (await again(shop, together.ts)).text
    await checked(shop, "feature-y", ok=True)
    await shop.later(seconds=6)
    assert "🟢 Over:" in (await again(shop, together.ts)).text
    [reply] = await shop.thread(together)
    assert reply.text.startswith("🟢 Over after") and "all 2 stagings are well again." in reply.text


async def again(talk: Talk, ts: str) -> Any:
    return next(post for post in await talk.posts(ALERTS) if post.ts == ts)


async def test_what_happens_at_the_same_time_is_no_incident(shop: Talk) -> None:
    await checked(shop, "feature-x", ok=False)
    await checked(shop, "feature-y", ok=False)
    await shop.later(seconds=6)
    assert len(await shop.posts(ALERTS)) == 2
    assert not any("together" in post.text for post in await shop.posts(ALERTS))
