"""Stories of deploying: what is typed, what the engine reports, and what people then read."""

import re
from pathlib import Path

import pytest
from talk_kit import WEB, Talk, talking

from bot.domain.errors import PermanentError
from bot.domain.project import Roles
from bot.ports import ProbeResult

URL = "http://feature-x.localhost:8080"


@pytest.mark.parametrize("way", ["http", "socket"])
async def test_from_a_typed_line_to_an_answering_url(tmp_path: Path, database: Path, way: str) -> None:
    async with talking(tmp_path, database, way=way) as talk:
        told = await talk.say("alice", "/octopod deploy feature-x")
        assert "`feature-x`" in told
        card = await talk.card("feature-x")
        assert "is *rolling out*" in card.text and f"URL when it is live: {URL}" in card.text
        assert "open" not in card.buttons
        assert "⏳ ready" in (await talk.progress("feature-x"))[0]
        await talk.report(talk.engine.starting, "feature-x", "web waits for its database")
        assert "web 0/1, web waits for its database" in (await talk.progress("feature-x"))[0]
        await talk.report(talk.engine.ready, "feature-x")
        [live] = await talk.replies("feature-x")
        assert re.fullmatch(rf"<@U01ALICE> Live at <{re.escape(URL)}> after \d+(\.\d)? s", live)
        [shown] = await talk.progress("feature-x")
        assert "⏳" not in shown and shown.count("✅") == 6
        card = await talk.card("feature-x")
        assert "is *live*" in card.text and f"<{URL}|{URL}>" in card.text
        assert card.buttons["open"]["url"] == URL and "retry" not in card.buttons
        assert len(await talk.posts()) == 1 and talk.prober.asked == [URL]


async def test_what_people_are_notified_of_says_where_it_is_live(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    reply = [m for m in await talk.thread(card) if "Live at" in m.text]
    assert re.fullmatch(rf"<@U01ALICE> Live at {re.escape(URL)} after \d+(\.\d)? s", reply[0].raw["text"])


async def test_a_failure_says_why_with_the_last_lines_and_can_be_retried(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    await talk.report(talk.engine.failed, "feature-x", "web exits with code 3", "Traceback", "KeyError: 'PORT'")
    card = await talk.card("feature-x")
    assert "has *failed*" in card.text and "web exits with code 3" in card.text and "retry" in card.buttons
    thread = await talk.thread(card)
    [failed] = [m for m in thread if "failed:" in m.text]
    assert failed.text.startswith("<@U01ALICE> 🔴 Release 1 failed: web exits with code 3")
    assert "```Traceback\nKeyError: 'PORT'```" in failed.text and "Nothing of it answers" in failed.text
    assert "❌ ready" in (await talk.progress("feature-x"))[0]
    await talk.click("bob", failed, "retry")
    await talk.report(talk.engine.ready, "feature-x")
    assert "is *live*" in (await talk.card("feature-x")).text
    assert (await talk.replies("feature-x"))[-1].startswith("<@U02BOB> Live at")
    assert "out of date: feature-x is live now" in await talk.click("bob", failed, "retry")
    assert len(talk.engine.orders) == 2


async def test_a_url_that_answers_wrongly_fails_the_release(talk: Talk) -> None:
    talk.prober.result = ProbeResult(False, "404 Not Found for /. Set `url_probe.path`.", final=True)
    await talk.say("alice", "/octopod deploy feature-x")
    await talk.report(talk.engine.ready, "feature-x")
    assert "has *failed*" in (await talk.card("feature-x")).text
    assert "404 Not Found" in (await talk.replies("feature-x"))[0]


async def test_what_the_engine_refuses_fails_with_its_reason(talk: Talk) -> None:
    talk.engine.refusal = PermanentError("Container web has no command.", ["deploy/web.yaml:9:1"], "Add one.")
    await talk.say("alice", "/octopod deploy feature-x")
    [reply] = await talk.replies("feature-x")
    assert "Container web has no command." in reply and "deploy/web.yaml:9:1" in reply and "Add one." in reply


async def test_an_update_keeps_the_old_one_serving_and_says_so(talk: Talk) -> None:
    await talk.deploy("feature-x")
    commit = talk.origin.commit("feature-x", {"README": "more\n"}, "Say more")
    assert "Updating feature-x: release 2" in await talk.say("bob", "/octopod deploy feature-x")
    card = await talk.card("feature-x")
    assert "is *rolling out*" in card.text and "Release 1 serves until the new one is ready." in card.text
    assert commit[:7] in card.text and "open" in card.buttons
    await talk.report(talk.engine.failed, "feature-x", "web exits with code 1")
    card = await talk.card("feature-x")
    assert "has *failed*" in card.text and "still answers with release 1" in card.text
    assert "The previous release (1) still serves." in (await talk.replies("feature-x"))[-1]
    assert len(await talk.posts()) == 1


async def test_a_newer_deploy_takes_the_place_of_one_under_way(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    old = talk.engine.order("feature-x")
    talk.origin.commit("feature-x", {"README": "more\n"})
    await talk.say("bob", "/octopod deploy feature-x")
    assert talk.engine.order("feature-x").release != old.release
    await talk.report(talk.engine.ready, "feature-x")
    first, second = await talk.progress("feature-x")
    assert "stopped: Release 2 took its place." in first and "live after" in second
    assert [text.split(" ")[0] for text in await talk.replies("feature-x")] == ["<@U02BOB>"]


async def test_nothing_new_is_said_privately_and_changes_nothing(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    assert "is rolling out" in await talk.say("bob", "/octopod deploy feature-x")
    await talk.report(talk.engine.ready, "feature-x")
    before = await talk.seen()
    told = await talk.say("bob", "/octopod deploy feature-x")
    assert "is live with" in told and "Nothing was changed" in told and URL in told
    assert await talk.seen() == before and len(talk.engine.orders) == 1


async def test_an_unknown_branch_makes_no_staging_and_no_card(talk: Talk) -> None:
    told = await talk.say("alice", "/octopod deploy feture-x")
    assert "There is no branch “feture-x”" in told and "Did you mean `feature-x`" in told
    assert await talk.posts() == [] and talk.engine.orders == []
    assert "There is no staging yet" in await talk.say("alice", "/octopod list")


async def test_wrong_manifests_are_told_with_their_places_all_at_once(talk: Talk) -> None:
    files = {"deploy/web.yaml": WEB.replace("${image}", "${imago}"), "deploy/role.yaml": "kind: ClusterRole\n"}
    talk.origin.commit("feature-x", files)
    await talk.say("alice", "/octopod deploy feature-x")
    [reply] = await talk.replies("feature-x")
    assert "The manifests of this branch have" in reply and "Mend them, push, and deploy again." in reply
    assert re.search(r"deploy/web\.yaml:9:\d+: `\$\{imago\}` is unknown; did you mean `\$\{image\}`\?", reply)
    assert re.search(r"deploy/role\.yaml:1:1: ", reply)
    assert talk.engine.orders == [] and "has *failed*" in (await talk.card("feature-x")).text


async def test_a_command_typed_elsewhere_gets_a_link_to_the_card(talk: Talk) -> None:
    told = await talk.say("alice", "/octopod deploy feature-x", channel="general")
    card = await talk.card("feature-x")
    assert f"archives/C02STAGINGS/p{card.ts.replace('.', '')}" in told and "Deploying feature-x" in told
    assert await talk.posts("general") == []


async def test_a_name_of_ones_own(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x as demo")
    assert "http://demo.localhost:8080" in (await talk.card("demo")).text
    told = await talk.say("alice", "/octopod deploy feature-y as demo")
    assert "`demo` is the staging of branch `feature-x`" in told and len(talk.engine.orders) == 1
    assert "letters a–z" in await talk.say("alice", "/octopod deploy feature-y as No_Name")


async def test_roles_are_refused_privately_and_say_whom_to_ask(tmp_path: Path, database: Path) -> None:
    roles = Roles(deploy=("@alice",), admin=("@platform",))
    async with talking(tmp_path, database, project={"roles": roles}) as talk:
        told = await talk.say("bob", "/octopod deploy feature-x")
        assert "You may not change stagings of shop" in told and "@alice" in told and "Ask @platform" in told
        assert await talk.posts() == []
        card = await talk.deploy("feature-x")
        assert "You may not change" in await talk.click("bob", card, "delete")
        assert "You may not change" in await talk.click("bob", card, "extend")
        assert talk.engine.removed == []
        assert "Deleting feature-x" in await talk.click("carol", card, "delete")  # by her group


async def test_a_card_leads_to_both_side_by_side(talk: Talk) -> None:
    await talk.deploy("main")
    card = await talk.deploy("feature-x")
    assert "compare" not in (await talk.card("main")).buttons, "it is what others are compared with"
    url = card.buttons["compare"]["url"]
    assert url.startswith("http://octopod-compare.localhost:8080/")
    status, page = await talk.visit(url)
    assert status == 200
    for name in ("feature-x", "main"):
        assert f'src="http://{name}.localhost:8080/"' in page
    assert await talk.click("bob", card, "compare") == ""
    status, page = await talk.visit("http://octopod-compare.localhost:8080/nobody")
    assert status == 404 and "no such staging" in page
