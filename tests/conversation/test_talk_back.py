"""Sleep, wake, undo, reset and rollback as people have them in Slack."""

from pathlib import Path

from talk_kit import Talk, talking

from bot.domain.errors import PermanentError
from bot.domain.project import Profile


async def open_url(talk: Talk, name: str) -> tuple[int, str, str]:
    """What a browser gets at the staging's host: status, our header, the page."""
    async with talk.slack.http.get(f"{talk.url}/", headers={"Host": f"{name}.localhost"}) as answer:
        shown = answer.status, answer.headers.get("Octopod-Tombstone", ""), await answer.text()
    await talk.settled()
    return shown


async def asleep(talk: Talk, name: str = "feature-x") -> None:
    await talk.deploy(name)
    await talk.say("bob", f"/octopod sleep {name}")


async def test_sleep_frees_it_and_wake_brings_back_exactly_what_ran(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    ran = talk.engine.order("feature-x")
    assert "Putting feature-x to sleep" in await talk.click("bob", card, "sleep")
    card = await talk.card("feature-x")
    assert "is *asleep*" in card.text and "*Asleep since*" in card.text and "Its data (`data`) is kept" in card.text
    assert "open" not in card.buttons and "http://" not in card.text
    slept = (await talk.replies("feature-x"))[-1]
    assert slept.startswith("<@U02BOB> put feature-x to sleep: nothing of it runs any more. Its data (`data`) is kept.")
    assert "💤 *feature-x* asleep since <!date^" in await talk.say("alice", "/octopod list")
    talk.origin.commit("feature-x", {"deploy/web.yaml": "not: what ran\n"})
    assert "release 1," in await talk.click("alice", card, "wake")
    assert "is *waking up*" in (await talk.card("feature-x")).text
    order = talk.engine.order("feature-x")
    assert (order.release, order.commit, order.objects) == (ran.release, ran.commit, ran.objects)
    await talk.report(talk.engine.ready, "feature-x")
    assert "is *live*" in (await talk.card("feature-x")).text and "release 1" in (await talk.card("feature-x")).text
    replies = await talk.replies("feature-x")
    assert replies[-1].startswith("<@U01ALICE> Awake again at <http://feature-x.localhost:8080> after ")
    assert replies[-1].endswith(" s, with release 1 as it was.")
    assert sum("Live at" in reply for reply in replies) == 1 and len(await talk.progress("feature-x")) == 1
    journal = await talk.say("alice", "/octopod info feature-x")
    assert journal.index("awake") < journal.index("wake") and "<@U02BOB>: sleep" in journal


async def test_the_first_visit_is_told_once_per_sleep(talk: Talk) -> None:
    await asleep(talk)
    status, header, page = await open_url(talk, "feature-x")
    assert (status, header) == (503, "asleep") and "@bob put it to sleep. Its data is kept." in page
    assert "<kbd>/octopod wake feature-x</kbd>" in page
    await open_url(talk, "feature-x")
    said = (await talk.thread(await talk.card("feature-x")))[-1]
    assert said.text.startswith("Somebody opened http://feature-x.localhost:8080 while it is asleep.")
    assert sum("Somebody opened" in reply for reply in await talk.replies("feature-x")) == 1
    await talk.click("alice", said, "wake")
    assert (await open_url(talk, "feature-x"))[:2] == (503, "waking up")
    await talk.report(talk.engine.ready, "feature-x")
    await talk.say("bob", "/octopod sleep feature-x")
    await open_url(talk, "feature-x")
    assert sum("Somebody opened" in reply for reply in await talk.replies("feature-x")) == 2


async def test_one_that_is_removed_by_hand_while_it_sleeps_says_what_is_lost_and_starts_anew(talk: Talk) -> None:
    await asleep(talk)
    staging = talk.engine.order("feature-x").staging
    await talk.report(talk.engine.gone, staging)
    said = (await talk.thread(await talk.card("feature-x")))[-1]
    assert said.text.startswith("<@U01ALICE> feature-x is gone: while it slept, somebody removed it from where it ran,")
    assert "*Its data (`data`) is lost.* `/octopod wake feature-x` starts release 1 anew" in said.text
    card = await talk.card("feature-x")
    assert "*Nothing of it is there any more*" in card.text and "is kept" not in card.text
    assert "nothing of it is there any more" in await talk.say("bob", "/octopod list")
    assert "Its data is kept" not in (await open_url(talk, "feature-x"))[2]
    await talk.report(talk.engine.gone, staging)
    assert sum("is gone:" in one for one in await talk.replies("feature-x")) == 1
    told = await talk.click("bob", said, "wake")
    assert "nothing of it was there any more, so release 1 starts anew" in told and talk.engine.wiped == [staging]
    await talk.report(talk.engine.ready, "feature-x")
    assert (await talk.replies("feature-x"))[-1].startswith(
        "<@U02BOB> Started anew at <http://feature-x.localhost:8080>"
    )
    card = await talk.card("feature-x")
    assert "is *live*" in card.text and "Its data goes too" in str(card.buttons["delete"])


async def test_what_is_seen_again_was_not_lost_and_what_is_lost_is_deleted_at_once(talk: Talk) -> None:
    await asleep(talk)
    staging = talk.engine.order("feature-x").staging
    await talk.report(talk.engine.gone, staging)
    await talk.report(talk.engine.asleep, "feature-x")
    assert "Its data (`data`) is kept." in (await talk.card("feature-x")).text
    await talk.report(talk.engine.gone, staging)
    assert "Its data (`data`) was lost already" in await talk.say("bob", "/octopod reset feature-x")
    await talk.say("bob", "/octopod delete feature-x")
    assert "is *deleted*" in (await talk.card("feature-x")).text and talk.engine.removed == [staging]


async def test_asleep_is_said_when_nothing_runs_and_why_that_takes_so_long(talk: Talk) -> None:
    await talk.deploy("feature-x")
    talk.engine.slow_to_sleep = True
    await talk.say("bob", "/octopod sleep feature-x")
    assert "is *falling asleep*" in (await talk.card("feature-x")).text
    await talk.report(talk.engine.down, "feature-x")
    await talk.later(minutes=1)
    assert "is *falling asleep*" in (await talk.card("feature-x")).text and await talk.posts("stagings-alerts") == []
    await talk.report(talk.engine.ending, "feature-x", "Pod `web-1` can't be ended.")
    card = await talk.card("feature-x")
    assert "*Not yet:* Pod `web-1` can't be ended." in card.text and set(card.buttons) == {"wake", "sleep", "delete"}
    assert "Putting feature-x to sleep" in await talk.click("alice", card, "sleep")
    assert len(talk.engine.slept) == 2
    await talk.report(talk.engine.asleep, "feature-x")
    assert "is *asleep*" in (await talk.card("feature-x")).text
    assert "is asleep already" in await talk.say("alice", "/octopod sleep feature-x")


async def test_what_does_not_come_back_is_told_and_can_be_left(talk: Talk) -> None:
    await asleep(talk)
    await talk.say("alice", "/octopod wake feature-x")
    await talk.report(talk.engine.failed, "feature-x", "web exited with code 1", "Traceback")
    told = (await talk.replies("feature-x"))[-1]
    assert "<@U01ALICE> 🟠 Release 1 did not come back: web exited with code 1" in told and "Traceback" in told
    assert "is *broken*" in (await talk.card("feature-x")).text
    assert "is broken (down)" in (await talk.posts("stagings-alerts"))[-1].text
    await talk.say("alice", "/octopod sleep feature-x")
    assert "was broken, and it is put to sleep" in (await talk.posts("stagings-alerts"))[-1].text
    talk.engine.refusal = PermanentError("The cluster refuses an object of this branch.")
    await talk.say("alice", "/octopod wake feature-x")
    assert "did not come back: The cluster refuses" in (await talk.replies("feature-x"))[-1]


async def test_a_deploy_wakes_a_staging_with_the_new_release(talk: Talk) -> None:
    await asleep(talk)
    talk.origin.commit("feature-x", {"README": "more\n"})
    card = await talk.deploy("feature-x")
    assert "is *live*" in card.text and "release 2" in card.text and len(await talk.posts()) == 1


async def test_a_delete_with_data_can_be_taken_back_for_a_while(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    told = await talk.click("bob", card, "delete")
    assert "Its data (`data`) is lost <!date^" in told and "`/octopod undo feature-x` brings everything back" in told
    card = await talk.card("feature-x")
    assert "is *deleting*" in card.text and set(card.buttons) == {"undo", "delete_now"}
    assert talk.engine.removed == [] and len(talk.engine.slept) == 1
    status, header, page = await open_url(talk, "feature-x")
    assert (status, header) == (410, "deleting") and "@bob deleted it; its data is kept until" in page
    assert "<kbd>/octopod undo feature-x</kbd>" in page
    await talk.later(minutes=14)
    assert "Bringing feature-x back" in await talk.click("alice", card, "undo")
    assert "<@U01ALICE> takes back the delete by <@U02BOB>: release 1" in (await talk.card("feature-x")).text
    await talk.report(talk.engine.ready, "feature-x")
    await talk.later(minutes=2)
    assert "is *live*" in (await talk.card("feature-x")).text and talk.engine.removed == []
    said = (await talk.replies("feature-x"))[-1]
    assert said.startswith("<@U01ALICE> feature-x is back at <http://feature-x.localhost:8080> after ")
    assert said.endswith("release 1 as it was: the delete by <@U02BOB> was taken back. Its data (`data`) is kept.")
    assert "there is no delete to take back" in await talk.say("alice", "/octopod undo feature-x")


async def test_when_the_time_is_over_everything_goes(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.say("bob", "/octopod delete feature-x --yes")
    await talk.later(minutes=16)
    assert len(talk.engine.removed) == 1 and "is *deleted*" in (await talk.card("feature-x")).text
    assert "Deleted by <@U02BOB>" in (await talk.replies("feature-x"))[-1]


async def test_a_delete_now_waits_for_nothing(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.say("bob", "/octopod delete feature-x --now")
    assert len(talk.engine.removed) == 1 and "is *deleted*" in (await talk.card("feature-x")).text
    card = await talk.deploy("feature-x")
    await talk.click("bob", card, "delete")
    await talk.click("bob", await talk.card("feature-x"), "delete_now")
    assert len(talk.engine.removed) == 2 and "is *deleted*" in (await talk.card("feature-x")).text


async def test_a_removal_that_failed_is_tried_again_whenever_somebody_asks(talk: Talk) -> None:
    """A failed removal is never the end."""
    await talk.deploy("feature-x")
    talk.engine.slow_to_remove = True
    await talk.say("bob", "/octopod delete feature-x --now")
    await talk.report(talk.engine.ending, "feature-x", "A finalizer holds it.")
    card = await talk.card("feature-x")
    assert "*Not gone yet:* A finalizer holds it." in card.text and set(card.buttons) == {"delete"}
    await talk.click("alice", card, "delete")
    await talk.say("alice", "/octopod delete feature-x")
    assert len(talk.engine.removed) == 3
    await talk.report(talk.engine.gone, talk.engine.removed[0])
    assert "is *deleted*" in (await talk.card("feature-x")).text


async def test_a_deploy_of_the_branch_takes_its_delete_back(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    await talk.click("bob", card, "delete")
    card = await talk.deploy("feature-x")
    assert "is *live*" in card.text and "release 2" in card.text
    await talk.later(minutes=20)
    assert talk.engine.removed == [] and len(await talk.posts()) == 1


async def test_a_reset_asks_once_wipes_and_starts_the_same_release(talk: Talk) -> None:
    await talk.deploy("feature-x")
    other = await talk.deploy("feature-y")
    first = talk.engine.order("feature-x")
    told = await talk.say("bob", "/octopod reset feature-x")
    assert "Reset *feature-x*? Its data (`data`) is wiped, and release 1 is started anew" in told
    assert talk.engine.wiped == []
    assert "Resetting feature-x" in await talk.click("bob", (await talk.private("bob"))[-1], "reset")
    assert talk.engine.wiped == [first.staging] and talk.engine.order("feature-x").release == first.release
    assert "is *resetting*" in (await talk.card("feature-x")).text
    await talk.report(talk.engine.ready, "feature-x")
    said = (await talk.replies("feature-x"))[-1]
    assert said.startswith("<@U02BOB> Reset at <http://feature-x.localhost:8080> after ")
    assert said.endswith(": its data (`data`) was wiped, and release 1 was started anew.")
    assert "is *live*" in (await talk.card("feature-x")).text
    assert (await talk.card("feature-y")).raw["blocks"] == other.raw["blocks"]
    await talk.say("bob", "/octopod reset feature-x --yes")
    assert len(talk.engine.wiped) == 2


async def test_a_rollback_returns_to_the_last_good_release(talk: Talk) -> None:
    await talk.deploy("feature-x")
    good = talk.engine.order("feature-x")
    talk.origin.commit("feature-x", {"README": "bad\n"})
    await talk.say("alice", "/octopod deploy feature-x")
    await talk.report(talk.engine.failed, "feature-x", "web exited with code 1")
    card = await talk.card("feature-x")
    told = await talk.click("bob", card, "rollback")
    assert f"release 3 has commit `{good.commit[:7]}` and the configuration of release 1" in told
    order = talk.engine.order("feature-x")
    assert order.commit == good.commit and order.release != good.release
    await talk.report(talk.engine.ready, "feature-x")
    card = await talk.card("feature-x")
    assert "is *live*" in card.text and "release 3, as release 1" in card.text
    assert "<@U02BOB> Live at" in (await talk.replies("feature-x"))[-1]
    assert "nothing to roll back to" in await talk.say("bob", "/octopod rollback feature-x")


async def test_a_release_can_be_chosen_by_number_or_from_a_menu(talk: Talk) -> None:
    for text in ("one", "two", "three"):
        talk.origin.commit("feature-x", {"README": f"{text}\n"}, text)
        await talk.deploy("feature-x")
    assert "Release 9 of feature-x never was live" in await talk.say("bob", "/octopod rollback feature-x 9")
    assert "Live were: 1, 2, 3." in (await talk.private("bob"))[-1].text
    assert "the configuration of release 2" in await talk.say("bob", "/octopod rollback feature-x")
    await talk.click("bob", (await talk.private("bob"))[-1], "releases")
    menu = (await talk.private("bob"))[-1]
    options = menu.buttons["choose"]["options"]
    assert [option["text"]["text"].split(" · ")[0] for option in options] == ["3", "2", "1"]
    assert options[2]["text"]["text"].endswith("one")
    told = await talk.click("bob", menu, "choose", value=options[2]["value"])
    assert "the configuration of release 1" in told
    await talk.report(talk.engine.ready, "feature-x")
    assert "release 5, as release 1" in (await talk.card("feature-x")).text


async def test_nobody_rolls_back_to_a_profile_that_is_not_theirs(tmp_path: Path, database: Path) -> None:
    profiles = {
        "production-payments": Profile("production-payments", env={"PAYMENTS": "production"}, allowed=("U01ALICE",))
    }
    async with talking(tmp_path, database, project={"profiles": profiles}) as talk:
        await talk.say("alice", "/octopod deploy feature-x --profile production-payments")
        await talk.report(talk.engine.ready, "feature-x")
        await talk.say("alice", "/octopod config feature-x --drop-profile production-payments")
        await talk.report(talk.engine.ready, "feature-x")
        orders = len(talk.engine.orders)
        assert "The profile `production-payments` is for" in await talk.say("bob", "/octopod rollback feature-x")
        assert len(talk.engine.orders) == orders
        await talk.say("alice", "/octopod rollback feature-x")
        assert "PAYMENTS: production" in str(talk.engine.order("feature-x").objects).replace("'", "")


async def test_a_reset_goes_on_when_its_project_leaves_octopod_yaml(talk: Talk) -> None:
    """It can't be started again then, and says so, instead of being reset for ever."""
    card = await talk.deploy("feature-x")
    talk.engine.slow_to_sleep = True
    await talk.say("alice", "/octopod reset feature-x --yes")
    talk.bot.projects.replace({})
    await talk.report(talk.engine.asleep, "feature-x")
    assert talk.engine.wiped
    said = [one.text for one in await talk.thread(card)]
    assert any("did not come back" in text and "octopod.yaml" in text for text in said), said


async def test_what_is_brought_back_before_anything_was_ended_is_back_at_once(talk: Talk) -> None:
    """The engine has nothing new to tell then: all runs as it did."""
    talk.engine.slow_to_sleep = True
    await talk.deploy("feature-x")
    await talk.say("bob", "/octopod delete feature-x --yes")
    await talk.say("alice", "/octopod undo feature-x")
    assert "feature-x is back at" in (await talk.replies("feature-x"))[-1]
    await talk.say("bob", "/octopod sleep feature-x")
    await talk.say("alice", "/octopod wake feature-x")
    assert "Awake again at" in (await talk.replies("feature-x"))[-1]
