"""The App Home: what people find there, how it follows, and what its buttons do and say."""

from standin_kit import Json
from talk_kit import Talk

IDS = {"alice": "U01ALICE", "bob": "U02BOB"}


async def opened(talk: Talk, user: str = "alice") -> list[str]:
    assert (await talk.slack.post("home", user=user))["ok"]
    await talk.settled()
    return await home(talk, user)


async def home(talk: Talk, user: str = "alice") -> list[str]:
    """The texts of the Home, one per block."""
    view = (await talk.slack.state())["homes"][IDS[user]]
    return [block["text"]["text"] for block in view["blocks"] if block["type"] in ("section", "header")]


async def click(talk: Talk, action: str, name: str, user: str = "alice", **more: object) -> Json:
    """A button of this staging in the Home."""
    everything = await talk.bot.service.looking.everything()
    block = next(found.staging.id for found in everything if found.staging.name == name)
    done = await talk.slack.post("click", user=user, view_id="home", action_id=action, block_id=block, **more)
    await talk.settled()
    return done


async def dialog(talk: Talk, user: str = "alice") -> str:
    """What the dialog says that is open."""
    [view] = [view["view"] for view in (await talk.slack.state())["views"] if view["user"] == IDS[user]]
    return "\n".join(block["text"]["text"] for block in view["blocks"] if block["type"] == "section")


async def test_without_a_staging_it_says_how_to_make_one(talk: Talk) -> None:
    assert await opened(talk) == [
        "Your stagings",
        "You have none. `/octopod deploy BRANCH` in a channel makes one.",
    ]


async def test_it_shows_ones_own_first_and_everybody_elses(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    await talk.deploy("feature-y", user="bob")
    head, mine, others, theirs = await opened(talk)
    assert (head, others) == ("Your stagings", "Everybody else's")
    assert mine.startswith("🟢 *<http") and f"p{card.ts.replace('.', '')}|feature-x>* · live" in mine
    assert "<http://feature-x.localhost:8080|" in mine and "`feature-x` `" in mine
    assert "^{ago}|" in mine and "expires <!date^" in mine and "project shop" in mine
    assert "feature-y" in theirs and "<@U02BOB>" in theirs
    assert "feature-y" in (await opened(talk, "bob"))[1]


async def test_it_follows_while_somebody_looks(talk: Talk) -> None:
    await opened(talk)
    await talk.say("bob", "/octopod deploy feature-x")
    assert "🔵" in (await home(talk))[-1] and "rolling out" in (await home(talk))[-1]
    await talk.report(talk.engine.failed, "feature-x", "web exited with code 1")
    assert "failed" in (await home(talk))[-1] and "Why: web exited with code 1" in (await home(talk))[-1]
    await talk.later(hours=2)
    await talk.say("bob", "/octopod delete feature-x --now")
    assert "failed" in (await home(talk))[-1]  # nobody has looked at it for an hour
    assert len(await opened(talk)) == 2


async def test_its_buttons_act_and_it_shows_what_they_did(talk: Talk) -> None:
    await talk.deploy("feature-x")
    before = (await opened(talk))[1]
    assert (await click(talk, "extend", "feature-x"))["ok"]
    assert (await home(talk))[1] != before and "live" in (await home(talk))[1]
    assert (await click(talk, "delete", "feature-x", confirm=False))["ok"] and talk.engine.removed == []
    assert (await click(talk, "delete", "feature-x"))["ok"] and talk.engine.removed == []
    assert "deleting" in (await home(talk))[1] and "Until then it can be brought back" in (await home(talk))[1]
    assert (await click(talk, "delete_now", "feature-x"))["ok"] and len(talk.engine.removed) == 1
    assert "You have none" in (await home(talk))[1]
    assert (await talk.slack.state())["views"] == []


async def test_a_retry_from_the_home_goes_on_in_the_thread(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    await talk.report(talk.engine.failed, "feature-x", "web exited with code 1")
    await opened(talk)
    assert (await click(talk, "retry", "feature-x"))["ok"]
    await talk.report(talk.engine.ready, "feature-x")
    assert "live" in (await home(talk))[1] and "Live at" in (await talk.replies("feature-x"))[-1]


async def test_logs_come_into_a_dialog(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await opened(talk)
    talk.engine.lines = {"web": ["listening", "GET /"]}
    assert (await click(talk, "logs", "feature-x"))["ok"]
    assert "*feature-x* · `web`" in await dialog(talk) and "GET /" in await dialog(talk)


async def test_logs_whose_dialog_was_closed_come_as_a_direct_message(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await opened(talk)
    await talk.slack.post("fault", method="views.update", when="before", error="not_found", times=1)
    assert (await click(talk, "logs", "feature-x"))["ok"]
    direct = next(c for c in (await talk.slack.state())["channels"] if c.get("is_im") and c["user"] == IDS["alice"])
    assert "listening" in str(direct["messages"][-1]["blocks"])


async def test_a_refusal_is_told_in_a_dialog(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await opened(talk, "bob")
    talk.origin.commit("feature-x", {"README": "more\n"})
    stale = (await talk.slack.state())["homes"][IDS["bob"]]
    await talk.later(hours=2)
    await talk.deploy("feature-x")
    assert (await talk.slack.state())["homes"][IDS["bob"]] == stale
    assert (await click(talk, "delete", "feature-x", user="bob"))["ok"]
    assert "out of date: feature-x has release 2 now" in await dialog(talk, "bob") and talk.engine.removed == []
