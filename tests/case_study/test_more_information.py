"""*More information*: what broke a staging, which feature, commit and person did it, told where all look."""

import re

import pytest
from case_kit import Story, Tell
from talk_kit import Seen

pytestmark = [pytest.mark.case_study, pytest.mark.timeout(300)]
pytest_plugins = ["kube_fixtures", "case_fixtures"]

CHECKS = """\
    health_checks:
      - {name: login, path: /login}
      - {name: shelf, path: /}
"""
LOGIN = "web/login.py"


async def test_the_login_is_broken_by_a_feature_and_the_alert_says_by_which_commits_of_whom(tell: Tell) -> None:
    story = await tell(keys=CHECKS)
    await story.live("bob", "main")
    guilty = story.head("broken-login")
    story.engine.fails_by("/login", guilty)
    await story.live("alice", "broken-login")

    alert = await story.alert("broken-login", "breaks *login*", "`/login` answers 500")
    latest = f"the latest `{guilty[:7]}` “Greet people by their first name on the login page”"
    assert f"Only this feature differs: 2 commits by <@U01ALICE>, {latest}." in alert.text
    assert "the commit it started from" in alert.text and "with the same configuration" in alert.text
    assert called(alert) == ["U01ALICE"] and {"logs", "compare", "mute"} <= {*alert.buttons}
    await story.card("broken-login", "broken", "login")
    assert await story.phase("main", "live"), "the others don't notice"

    why = await story.say("carol", "/octopod why broken-login")
    assert latest in why and "<@" not in why

    fixed = story.push(
        "broken-login", LOGIN, 'customer.split("@")', '(customer or "you").split("@")', "Greet strangers"
    )
    await story.engine.built(story.repository, fixed)
    await story.host_tells("broken-login")
    await over(story, "broken-login", alert)
    told = await story.say("carol", "/octopod what-happened broken-login")
    assert "it broke: login: `/login` answers 500. Found: the code of broken-login, 2 commits by Alice" in told, told


async def test_what_main_broke_is_blamed_on_main_and_nobody_else_is_told_of_it(tell: Tell) -> None:
    story = await tell(keys=CHECKS, follow="{baseline: true}")
    await story.engine.built(story.repository, story.head("main"))
    await story.card("main", "live")
    await story.healthy("main")
    broken = await story.trunk("bob", "break")
    alert = await story.alert("|main>* breaks *login*", broken[:7], "1 commit by <@U02BOB>")

    await story.say("alice", "/playground branch late")
    await story.live("alice", "late")
    told = await story.reply("late", "Not your branch", "login", "`main`")
    assert called(told) == []

    await story.trunk("carol", "mend")
    await over(story, "main", alert)
    assert [m.text for m in await story.alerts() if called(m) and "late" in m.text] == []


async def test_a_branch_that_is_behind_is_told_where_main_was_mended(tell: Tell) -> None:
    story = await tell(keys=CHECKS, follow="{baseline: true}")
    await story.engine.built(story.repository, story.head("main"))
    await story.card("main", "live")
    await story.healthy("main")
    await story.trunk("bob", "break")
    alert = await story.alert("|main>* breaks *login*")
    await story.say("alice", "/playground branch late")
    mended = await story.trunk("bob", "mend")
    await over(story, "main", alert)

    await story.live("alice", "late")
    alert = await story.alert("late", "*login* fails", "It is not what this branch changes")
    assert f"`main` is well again, first seen at `{mended[:7]}`; the branch is 1 commit behind" in alert.text
    assert called(alert) == []


async def test_a_configuration_that_breaks_is_told_with_who_changed_which_key_and_taken_back(tell: Tell) -> None:
    story = await tell(keys=CHECKS)
    await story.live("bob", "main")
    await story.live("alice", "orange-button")
    await story.healthy("orange-button")
    greeting = "Already {order} sold"
    story.engine.fails_by("/", greeting)
    await story.say("bob", f'/octopod config orange-button --env "GREETING={greeting}"')

    alert = await story.alert("*shelf* fails on", "orange-button", "It is its configuration: `GREETING`")
    assert f"to `{greeting}` by <@U02BOB>" in alert.text and called(alert) == ["U02BOB"]
    await story.click("carol", alert, "revert_key")
    await over(story, "orange-button", alert)
    assert "GREETING" not in await story.engine.environment("orange-button")


async def test_data_that_breaks_one_staging_is_told_from_code_by_trying_the_commit_with_fresh_data(tell: Tell) -> None:
    story = await tell(keys=CHECKS)
    await story.live("bob", "main")
    await story.live("alice", "orange-button")
    await story.healthy("orange-button")
    await orders(story, "Ada  Lovelace", mended=False)

    alert = await story.alert("*shelf* fails on", "orange-button")
    assert called(alert) == []
    await story.click("bob", alert, "fresh_data")
    alert = await story.alert("orange-button", "It is what it has stored", "the same commit with fresh data")
    assert called(alert) == []
    assert await story.phase("main", "live"), "the others don't notice"

    await orders(story, "Ada Lovelace", mended=True)
    await over(story, "orange-button", alert)
    for name in ("orange-button", "main"):
        await story.say("carol", f"/octopod delete {name} --now")
        await story.gone(name)
    await story.at_rest()


async def orders(story: Story, who: str, *, mended: bool) -> None:
    """Somebody buys something at orange-button, where the newest order is shown."""
    if story.engine.runs:
        await story.say("bob", f"/playground order orange-button {who}")
    story.engine.spoils("orange-button", "/", mended=mended)


async def over(story: Story, name: str, alert: Seen) -> None:
    """The alert is edited, and answered once."""
    edited = await story.alert(name, "has recovered. It was broken for")
    assert edited.ts == alert.ts
    told = await story.alert("has recovered after")
    assert told.raw["thread_ts"] == alert.ts
    await story.card(name, "live")


def called(message: Seen) -> list[str]:
    """Who is mentioned."""
    return sorted(set(re.findall(r"<@(\w+)>", message.text)))


async def test_a_staging_that_breaks_is_named_and_so_is_its_recovery(tell: Tell) -> None:
    story = await tell()
    await story.live("bob", "main")
    await story.live("alice", "orange-button")
    assert await story.alerts() == []

    await story.engine.fall_ill("orange-button")
    alert = await story.alert("orange-button", "is broken", "api")
    assert "logs" in alert.buttons and called(alert) == []
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
