"""What is used is known, and is not taken away from whoever uses it."""

from talk_kit import Talk

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
