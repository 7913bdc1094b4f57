"""Outside of its project's working hours a staging sleeps by itself, and is awake again when work begins."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from talk_kit import Talk, talking

from bot.domain.hours import Hours

ALWAYS_NOW = frozenset(range(7))


def around(now: datetime, before: timedelta, after: timedelta) -> Hours:
    """Hours that began `before` and end `after` now."""
    start, end = now - before, now + after
    return Hours("UTC", ALWAYS_NOW, start.hour * 60 + start.minute, end.hour * 60 + end.minute)


async def test_a_night(tmp_path: Path, database: Path) -> None:
    hours = around(datetime.now(UTC), timedelta(hours=2), timedelta(hours=8))
    async with talking(tmp_path, database, project={"hours": hours, "ttl": None}) as talk:
        card = await talk.deploy("feature-x")
        assert "sleeps <!date^" in card.text
        before = await talk.replies("feature-x")
        await talk.later(hours=9)
        card = await talk.card("feature-x")
        assert "is *asleep*" in card.text and "by the clock" in card.text
        assert "comes back <!date^" in card.text and "as its hours begin then" in card.text
        url = talk.bot.service.projects["shop"].hosts["web"].replace("${staging}", "feature-x")
        assert "It wakes by itself on " in (await talk.visit(f"http://{url}:8080/"))[1]
        await talk.later(hours=13)
        talk.engine.ready("feature-x")
        await talk.settled()
        assert "is *live*" in (await talk.card("feature-x")).text
        said = [reply for reply in await talk.replies("feature-x") if reply not in before]
        assert len(said) == 1 and "while it is asleep" in said[0], "each night the same is no news"


async def test_who_wakes_it_at_night_keeps_it(tmp_path: Path, database: Path) -> None:
    hours = around(datetime.now(UTC), timedelta(hours=2), timedelta(hours=8))
    async with talking(tmp_path, database, project={"hours": hours, "ttl": None}) as talk:
        await talk.deploy("feature-x")
        await talk.later(hours=9)
        await talk.say("bob", "/octopod wake feature-x")
        talk.engine.ready("feature-x")
        await talk.later(hours=3)
        assert "is *live*" in (await talk.card("feature-x")).text
        await talk.later(hours=21)
        assert "is *asleep*" in (await talk.card("feature-x")).text


async def test_hours_that_are_new_in_the_file_count_at_once(talk: Talk) -> None:
    await talk.deploy("feature-x")
    shop = talk.bot.service.projects["shop"]
    over = around(datetime.now(UTC), timedelta(hours=5), -timedelta(hours=1))
    talk.bot.service.projects.replace({"shop": replace(shop, hours=over)})
    await talk.later(minutes=1)
    await talk.until(lambda state: "is *asleep*" in str(state))
