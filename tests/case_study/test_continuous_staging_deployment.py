"""*Continuous staging deployment*: a push is a deploy, and one staging always is what `main` is."""

import pytest
from case_kit import Story, Tell

pytestmark = [pytest.mark.case_study, pytest.mark.timeout(300)]
pytest_plugins = ["kube_fixtures", "case_fixtures"]

FILE = "web/settings.py"
OLD, NEW, NEWEST = "Good things that the tide brought in.", "Eight arms full of new things.", "Rinsed twice."


async def test_a_push_is_a_deploy_and_main_always_has_a_staging(tell: Tell) -> None:
    story = await tell(follow="{baseline: true}")
    await story.engine.built(story.repository, story.head("main"))
    card = await story.card("main", "live")
    assert "the project" in card.text and "never, it is kept" in card.text, "nobody had to ask for it"

    story.push("greeting", FILE, OLD, NEW, "Greet people better")
    await story.live("alice", "greeting")
    await _says(story, "greeting", NEW)
    await _says(story, "main", OLD)

    await _pushed(story, "greeting", NEW, NEWEST, "Greet people in two words")
    update = await story.reply("greeting", "1 new commit", "Greet people in two words", "release 2")
    assert "<@" not in update.text, "a push calls nobody"
    await story.reply("greeting", "Live at", known={m for m in await story.known("greeting") if m <= update.ts})
    await story.card("greeting", "live", story.head("greeting")[:7])
    await _says(story, "greeting", NEWEST)
    await _says(story, "main", OLD)

    await story.say("bob", "/playground merge greeting")
    await story.engine.built(story.repository, story.head("main"))
    await story.reply("greeting", "was merged by Bob", "this staging goes")
    await story.reply("main", "new commit", "release 2")
    await story.reply("main", "Live at", known={m for m in await story.known("main") if m <= update.ts})
    await story.card("main", "live", story.head("main")[:7])
    await _says(story, "main", NEWEST)


async def test_a_push_that_breaks_leaves_the_old_release_serving(tell: Tell) -> None:
    """Played pods do not break by what is pushed: there, its image is not built."""
    story = await tell()
    story.push("greeting", FILE, OLD, NEW, "Greet people better")
    await story.live("alice", "greeting")
    commit = story.push("greeting", FILE, 'env.get("GREETING"', 'env.gone("GREETING"', "Break it")
    if not story.engine.runs:
        await story.host_tells("greeting")
        await story.card("greeting", "waiting", "Release 1 serves until the new one is ready")
        return
    await _built_and_told(story, "greeting", commit)
    failed = await story.reply("greeting", "<@U01ALICE>", "Release 2 failed")
    assert "The previous release (1) still serves" in failed.text
    await _says(story, "greeting", NEW)


async def _pushed(story: Story, branch: str, old: str, new: str, subject: str) -> None:
    await _built_and_told(story, branch, story.push(branch, FILE, old, new, subject))


async def _built_and_told(story: Story, branch: str, commit: str) -> None:
    """CI builds what was pushed, and the git host tells of it."""
    await story.engine.built(story.repository, commit)
    await story.host_tells(branch)


async def _says(story: Story, staging: str, words: str) -> None:
    if story.engine.runs:
        page = await story.engine.ask(staging, "/")
        assert page.status == 200 and words in page.text
