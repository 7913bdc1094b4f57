"""Pull requests: named in chat, shown on cards, making stagings by themselves; and those of forks."""

from talk_kit import Talk

LINK = "<https://github.com/acme/shop/pull/7|#7 Spreadsheet export>"


async def test_a_card_shows_the_pull_request_of_its_branch(talk: Talk) -> None:
    await talk.pull("feature-x")
    await talk.deploy("feature-x")
    assert f"*Pull request*\n{LINK} · bob" in (await talk.card("feature-x")).text
    await talk.pull("feature-x", action="edited", title="Orders as a spreadsheet")
    assert "#7 Orders as a spreadsheet>" in (await talk.card("feature-x")).text


async def test_one_that_opens_later_is_shown_then(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.pull("feature-x")
    assert LINK in (await talk.card("feature-x")).text
    await talk.pull("feature-x", action="closed", state="closed")
    assert "goes" not in " ".join(await talk.replies("feature-x")), "it was deployed by hand"
