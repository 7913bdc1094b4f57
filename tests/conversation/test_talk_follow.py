"""Branches are followed: what pushes, merges and deletes do, and what people see of it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from talk_kit import Talk, talking

from bot.domain.following import Rhythm
from bot.domain.project import Follow, Profile, Updates

SOON = timedelta(seconds=0.1)
OFTEN = Rhythm(least=SOON, most=SOON, apart=SOON, pause=SOON, longest=SOON, settle=timedelta(), patience=3 * SOON)


async def test_a_push_updates_the_staging_and_says_who_did_it(talk: Talk) -> None:
    await talk.deploy("feature-x")
    commit = await talk.push("feature-x", "Rework the login form")
    talk.engine.ready("feature-x")
    await talk.settled()
    replies = await talk.replies("feature-x")
    assert f"*1 new commit* by Zoë: “Rework the login form” `{commit[:7]}` · updating, release 2" in replies
    assert replies[-1].startswith("Live at "), "a push calls nobody"
    assert commit[:7] in (await talk.card("feature-x")).text
    assert [order.commit for order in talk.engine.orders][1:] == [commit]


async def test_what_was_pushed_in_one_go_is_one_update(talk: Talk) -> None:
    await talk.deploy("feature-x")
    talk.origin.commit("feature-x", {"README": "1"}, "One")
    commit = talk.origin.commit("feature-x", {"README": "2"}, "Two")
    for _ in range(3):
        await talk.tell("feature-x", commit)
    assert [reply for reply in await talk.replies("feature-x") if "updating" in reply] == [
        f"*2 new commits* by Zoë: “Two” `{commit[:7]}` · updating, release 2"
    ]


async def test_history_that_was_rewritten_is_said_to_be(talk: Talk) -> None:
    await talk.deploy("feature-x")
    talk.origin.git("update-ref", "refs/heads/feature-x", talk.origin.head("main"))
    await talk.push("feature-x", "Begin again")
    assert any(
        reply.startswith("The branch was rewritten by Zoë: “Begin again”") for reply in await talk.replies("feature-x")
    )


async def test_a_failed_update_calls_the_owner_and_the_old_release_serves(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.push("feature-x", "Break it")
    talk.engine.failed("feature-x", "web: exit code 1")
    await talk.settled()
    last = (await talk.replies("feature-x"))[-1]
    assert last.startswith("<@U01ALICE> 🔴 Release 2 failed")
    assert "The previous release (1) still serves" in last


async def test_a_lost_webhook_is_made_up_for(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, rhythm=OFTEN) as talk:
        await talk.deploy("feature-x")
        commit = talk.origin.commit("feature-x", {"README": "new"}, "Nobody told")
        await talk.until(lambda state: commit[:7] in str(state))


async def test_frozen_stays_and_its_card_says_what_it_misses(talk: Talk) -> None:
    await talk.deploy("feature-x")
    said = await talk.say("alice", "/octopod freeze feature-x")
    assert "pushes do not update it any more" in said and "`/octopod unfreeze feature-x`" in said
    commit = await talk.push("feature-x")
    card = await talk.card("feature-x")
    assert "frozen: pushes do not update it" in card.text
    assert f"its branch has newer commits, up to `{commit[:7]}`" in card.text
    assert not any("updating" in reply for reply in await talk.replies("feature-x"))
    assert "with the next one" in await talk.say("bob", "/octopod unfreeze feature-x")
    newer = await talk.push("feature-x")
    assert newer[:7] in (await talk.card("feature-x")).text


async def test_a_sleeping_staging_is_not_woken_by_a_push(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.say("alice", "/octopod sleep feature-x")
    commit = await talk.push("feature-x")
    assert "asleep" in (await talk.card("feature-x")).text
    await talk.say("alice", "/octopod wake feature-x")
    talk.engine.ready("feature-x")
    await talk.settled()
    await talk.tell("feature-x", commit)
    assert commit[:7] in (await talk.card("feature-x")).text, "awake, it follows again"


async def test_a_push_takes_no_rollback_back_and_the_next_one_does(talk: Talk) -> None:
    first = talk.origin.head("feature-x")
    await talk.deploy("feature-x")
    second = await talk.push("feature-x")
    talk.engine.ready("feature-x")
    await talk.settled()
    await talk.say("alice", "/octopod rollback feature-x")
    await talk.tell("feature-x", second)
    assert first[:7] in (await talk.card("feature-x")).text
    third = await talk.push("feature-x")
    assert third[:7] in (await talk.card("feature-x")).text


async def test_what_runs_with_a_guarded_profile_waits_for_somebody(tmp_path: Path, database: Path) -> None:
    guarded = {"live": Profile("live", {"PAYMENTS": "production"}, allowed=("@alice",))}
    async with talking(tmp_path, database, project={"profiles": guarded}) as talk:
        await talk.say("alice", "/octopod deploy feature-x --profile live")
        talk.engine.ready("feature-x")
        await talk.settled()
        await talk.push("feature-x")
        thread = await talk.thread(await talk.card("feature-x"))
        told = next(one for one in thread if "not deployed by itself" in one.text)
        assert "it runs with live" in told.text
        assert "is for @alice" in await talk.click("bob", told, "choose")
        await talk.click("alice", told, "choose")
        assert "release 2" in (await talk.card("feature-x")).text


async def test_a_branch_that_is_deleted_takes_its_staging_along_after_an_hour(talk: Talk) -> None:
    await talk.deploy("feature-y")
    await talk.drop("feature-y")
    reply = (await talk.thread(await talk.card("feature-y")))[-1]
    assert reply.text.startswith("<@U01ALICE> Its branch `feature-y` was deleted; this staging goes ")
    assert [button["text"]["text"] for button in reply.buttons.values()] == ["Keep a day", "Delete"]
    assert "its branch was deleted, so it goes" in (await talk.card("feature-y")).text
    await talk.later(minutes=59)
    assert "live" in (await talk.card("feature-y")).text
    await talk.later(minutes=2)
    await talk.report(talk.engine.gone, "feature-y")
    assert "because its branch was deleted" in (await talk.replies("feature-y"))[-1]


async def test_keep_a_day_and_keep(talk: Talk) -> None:
    await talk.deploy("feature-y")
    await talk.drop("feature-y")
    reply = (await talk.thread(await talk.card("feature-y")))[-1]
    await talk.click("alice", reply, "extend")
    await talk.later(hours=3)
    assert "live" in (await talk.card("feature-y")).text
    assert "it never expires" in await talk.say("alice", "/octopod keep feature-y")
    await talk.later(days=30)
    card = (await talk.card("feature-y")).text
    assert "live" in card and "never, it is kept" in card
    assert "not kept any more, so it expires" in await talk.say("alice", "/octopod unkeep feature-y")


async def test_a_merge_is_told_with_who_did_it_and_a_delete_after_it_says_nothing_more(talk: Talk) -> None:
    await talk.deploy("feature-y")
    await talk.merged("feature-y", "alice-on-github")
    await talk.drop("feature-y")
    ends = [reply for reply in await talk.replies("feature-y") if "Its branch" in reply]
    assert len(ends) == 1 and "was merged by alice-on-github" in ends[0]


async def test_any_git_host_can_tell_of_a_merge(talk: Talk) -> None:
    await talk.deploy("feature-y")
    told = {"repo": str(talk.origin.path), "branch": "feature-y", "merged": True, "by": "Alice"}
    status, said = await talk.hears("/webhooks/generic", told)
    assert status == 202 and "feature-y was merged" in said
    assert "was merged by Alice" in (await talk.replies("feature-y"))[-1]


async def test_a_branch_that_is_merged_and_deleted_is_known_to_be_merged_by_looking(talk: Talk) -> None:
    await talk.deploy("feature-y")
    talk.origin.git("update-ref", "refs/heads/main", talk.origin.head("feature-y"))
    await talk.drop("feature-y")
    assert "was merged; this staging goes" in (await talk.replies("feature-y"))[-1]


async def test_a_branch_that_comes_back_keeps_its_staging(talk: Talk) -> None:
    await talk.deploy("feature-y")
    await talk.drop("feature-y")
    commit = await talk.push("feature-y", "Back again")
    replies = await talk.replies("feature-y")
    assert any(reply.startswith("Its branch `feature-y` is there again; this staging stays until") for reply in replies)
    assert commit[:7] in (await talk.card("feature-y")).text
    await talk.later(hours=2)
    assert "deleting" not in (await talk.card("feature-y")).text


async def test_a_host_that_is_down_removes_nothing_and_is_told_once(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, rhythm=OFTEN) as talk:
        await talk.deploy("feature-x")
        elsewhere = talk.origin.path.rename(tmp_path / "elsewhere")
        await talk.until(lambda state: "could not be looked at" in str(state))
        elsewhere.rename(talk.origin.path)
        await talk.until(lambda state: "can be looked at again" in str(state))
        alerts = [one.text for one in await talk.posts("stagings-alerts")]
        assert [text.split()[0] for text in alerts] == ["🟠", "🟢"]
        assert "nothing is removed" in alerts[0]
        assert "live" in (await talk.card("feature-x")).text


async def test_the_baseline_always_has_a_staging(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"follow": Follow()}) as talk:
        await talk.push("main")
        talk.engine.ready("main")
        await talk.settled()
        card = (await talk.card("main")).text
        assert "live" in card and "never, it is kept" in card and "the project" in card
        commit = await talk.push("main")
        assert commit[:7] in (await talk.card("main")).text
        await talk.say("carol", "/octopod delete main --now")
        assert "so a new one is made by itself" in (await talk.replies("main"))[-1]
        await talk.tell("main", commit)
        assert "rolling out" in (await talk.card("main")).text


async def test_what_is_pushed_while_updates_are_paused_follows_afterwards(tmp_path: Path, database: Path) -> None:
    paused = Follow(updates=Updates.PAUSED, baseline=False)
    async with talking(tmp_path, database, project={"follow": paused}) as talk:
        await talk.deploy("feature-x")
        commit = await talk.push("feature-x")
        assert not any("updating" in reply for reply in await talk.replies("feature-x"))
        shop = talk.bot.projects["shop"]
        talk.bot.projects.replace({"shop": replace(shop, follow=Follow(baseline=False))})
        await talk.tell("feature-x", commit)
        assert commit[:7] in (await talk.card("feature-x")).text
