"""*More information*, as far as the bot gives it: a staging that breaks is named where all look, with its log."""

import pytest
from case_kit import Tell

pytestmark = [pytest.mark.case_study, pytest.mark.timeout(300)]
pytest_plugins = ["kube_fixtures", "case_fixtures"]


async def test_a_staging_that_breaks_is_named_and_so_is_its_recovery(tell: Tell) -> None:
    story = await tell()
    await story.live("bob", "main")
    await story.live("alice", "orange-button")
    assert await story.alerts() == []

    await story.engine.fall_ill("orange-button")
    alert = await story.alert("orange-button", "is broken", "api")
    assert "It was live before. <@U01ALICE> owns it." in alert.text and "logs" in alert.buttons
    if story.engine.runs:
        assert "the shop's tables are missing" in alert.text
    await story.card("orange-button", "broken")
    assert await story.phase("main", "live"), "the others don't notice"

    await story.engine.get_well("orange-button")
    over = await story.alert("orange-button", "has recovered. It was broken for")
    assert over.ts == alert.ts, "the same message, edited"
    told = await story.alert("has recovered after")
    assert told.raw["thread_ts"] == alert.ts
    await story.card("orange-button", "live")
    assert {m.ts for m in await story.alerts()} == {over.ts, told.ts}
    if story.engine.runs:
        assert (await story.engine.ask("orange-button", "/")).status == 200
