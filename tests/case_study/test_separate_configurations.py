"""*Separate configurations*: one staging runs against production payments, the others don't notice."""

import pytest
from case_kit import Story, Tell

pytestmark = [pytest.mark.case_study, pytest.mark.timeout(300)]
pytest_plugins = ["kube_fixtures", "case_fixtures"]

PROFILES = """\
    profiles:
      production-payments:
        description: Real money
        env: {PAYMENTS: production}
        allowed: "@alice"
"""
OTHERS = ("main", "green-button")
# The shop fills in what stands in braces.
GREETING = "Real money, = {{really}} ☂"


async def test_one_staging_runs_against_production_payments(tell: Tell) -> None:
    story = await tell(keys=PROFILES)
    for branch in OTHERS:
        await story.live("bob", branch)
    before = await _others(story)
    assert [env for _, env in before] == [{"PAYMENTS": "sandbox"}] * 2

    refused = await story.say("bob", "/octopod deploy orange-button --profile production-payments")
    assert "`production-payments` is for @alice: ask them" in refused

    typed = f'--profile production-payments --env GREETING="{GREETING}" --set web.replicas=2'
    card = await story.live("alice", "orange-button", typed)
    assert "`production-payments` · `GREETING=" in card.text and "`web.replicas=2`" in card.text
    await story.reply("orange-button", "web 2/2")
    assert await story.engine.environment("orange-button") == {"PAYMENTS": "production", "GREETING": GREETING}
    if story.engine.runs:
        page = (await story.engine.ask("orange-button", "/")).text
        assert GREETING in page and "production payments" in page
        assert "sandbox payments" in (await story.engine.ask("main", "/")).text

    shown = await story.say("bob", "/octopod config orange-button")
    assert "`PAYMENTS` = `production` · profile `production-payments`, default `sandbox`" in shown
    known = await story.known("orange-button")
    assert "Release 2" in await story.say("alice", "/octopod config orange-button --unset-env GREETING")
    await story.reply("orange-button", "Live at", known=known)
    assert await story.engine.environment("orange-button") == {"PAYMENTS": "production"}
    assert "is for @alice" in await story.say("bob", "/octopod config orange-button --env PAYMENTS=sandbox")

    assert await _others(story) == before, "the others have not noticed"


async def _others(story: Story) -> list[tuple[str, object]]:
    """Cards, which say release and URL, and what their applications were configured with."""
    return [((await story.card(name, "live")).text, await story.engine.environment(name)) for name in OTHERS]
