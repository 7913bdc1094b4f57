"""Any number of stagings at once; those no longer needed are removed."""

import json

import pytest
from case_kit import Story, Tell

pytestmark = [pytest.mark.case_study, pytest.mark.timeout(300)]
pytest_plugins = ["kube_fixtures", "case_fixtures"]

NEEDED = {"main": "alice", "green-button": "bob", "slow-start": "carol"}


async def test_several_at_once_and_the_clock_removes_what_nobody_extends(tell: Tell) -> None:
    story = await tell(ttl="30s", keys="    undo: 1s\n")
    for branch, user in NEEDED.items():
        await story.live(user, branch)
        assert f"{branch} lives until" in await story.say(user, f"/octopod extend {branch} by 1d")
    card = await story.live("alice", "orange-button")
    said = await story.say("bob", "/octopod list")
    assert all(branch in said for branch in (*NEEDED, "orange-button"))
    await _each_answers(story, *NEEDED, "orange-button")

    warning = await story.reply("orange-button", "orange-button expires", "is deleted then")
    assert "extend" in warning.buttons and warning.raw["thread_ts"] == card.ts
    await story.reply("orange-button", "Deleted by the clock")
    await story.gone("orange-button")
    for branch in NEEDED:
        assert await story.phase(branch, "live") and await story.engine.left_of(branch) != []
    await _each_answers(story, *NEEDED)
    assert await story.alerts() == []


async def _each_answers(story: Story, *branches: str) -> None:
    """As that branch has it."""
    if not story.engine.runs:
        return
    for branch in branches:
        about = json.loads((await story.engine.ask(branch, "/about.json")).text)
        assert (about["branch"], about["commit"]) == (branch, story.head(branch))
