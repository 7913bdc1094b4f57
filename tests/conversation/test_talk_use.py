"""What is used is known, and is not taken away from whoever uses it."""

from pathlib import Path

from talk_kit import Talk, talking

HOST = "feature-y.localhost:8080"


async def opened(talk: Talk, host: str = HOST) -> None:
    """An access log tells that somebody opened a page there."""
    status, said = await talk.hears("/webhooks/visits", {"host": host})
    assert status == 202, said


async def test_the_last_visit_is_in_info_and_list(talk: Talk) -> None:
    await talk.deploy("feature-y")
    assert "No visit yet" in await talk.say("alice", "/octopod info feature-y")
    await opened(talk)
    assert "Last visit <!date^" in await talk.say("alice", "/octopod info feature-y")
    assert "^{ago}|" in (said := await talk.say("alice", "/octopod list")) and "last visit" in said


async def test_a_visit_to_nothing_of_ours_changes_nothing(talk: Talk) -> None:
    await talk.deploy("feature-y")
    await opened(talk, "elsewhere.example.com")
    assert "No visit yet" in await talk.say("alice", "/octopod info feature-y")
    status, said = await talk.hears("/webhooks/visits", {"host": "http://x/"})
    assert (status, said) == (400, '{"errors": ["host must be a host."]}')


async def test_a_branch_that_ended_does_not_take_along_what_somebody_uses(talk: Talk) -> None:
    card = await talk.deploy("feature-y")
    await talk.drop("feature-y")
    await talk.later(minutes=55)
    await opened(talk)
    await talk.later(minutes=6)
    stays = (await talk.thread(card))[-1]
    assert stays.text.startswith(
        "<@U01ALICE> feature-y was to go now, as its branch was deleted, but somebody used it "
    )
    assert set(stays.buttons) == {"extend", "sleep", "delete"}
    assert "live" in (await talk.card("feature-y")).text and talk.engine.removed == []
    await talk.later(minutes=61)
    assert len(talk.engine.removed) == 1, "nobody used it for an hour"


async def test_it_stays_as_long_as_somebody_says(talk: Talk) -> None:
    card = await talk.deploy("feature-y")
    await talk.later(days=2, hours=23, minutes=55)
    await opened(talk)
    await talk.later(minutes=6)
    stays = (await talk.thread(card))[-1]
    assert "as it expired, but somebody used it" in stays.text
    assert "feature-y lives until" in await talk.click("alice", stays, "extend")
    await talk.later(hours=23)
    assert "live" in (await talk.card("feature-y")).text


async def test_what_runs_for_nobody_is_listed_on_mondays(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"ttl": None}) as talk:
        await talk.deploy("feature-x")
        await talk.deploy("feature-y", user="bob")
        await talk.deploy("main")
        await talk.say("alice", "/octopod keep main")
        await talk.later(days=6)
        await opened(talk)
        assert not await lists(talk), "nothing was idle for a week yet"
        await talk.later(days=8)
        (first,) = await lists(talk, 1)
        assert "2 stagings of shop" in first and "*feature-x* of <@U01ALICE> · deployed <!date^" in first
        assert "*feature-y* of <@U02BOB>" in first and "last visit" in first and "`/octopod sleep NAME`" in first
        assert "*main*" not in first, "what is kept is meant to be there"
        assert "keeps `data`" in first and "runs 1 replica" in first
        await talk.say("bob", "/octopod sleep feature-y")
        await talk.later(days=7)
        assert "A staging of shop" in (await lists(talk, 2))[-1]


async def lists(talk: Talk, count: int = 0) -> list[str]:
    """The weekly ones, as soon as there are so many."""
    await talk.until(lambda state: str(state).count("nobody deployed or opened") >= 2 * count)  # each as text and shown
    return [one.text for one in await talk.posts() if "nobody deployed or opened" in one.text]
