"""Pull requests: named in chat, shown on cards, making stagings by themselves; and those of forks."""

import asyncio
from pathlib import Path
from typing import Any

from git_kit import a_cache
from talk_kit import Talk, talking
from test_talk_config_dialog import opened, save
from test_talk_secrets import secret_env

from bot.domain.hearsay import Pushed
from bot.domain.project import DeployOn, Follow, Key, Limits, Profile, Roles, SecretPlace
from bot.worker.follower import Follower

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


# --- named in chat ---------------------------------------------------------------------------------------------------


async def test_a_number_stands_for_its_branch(talk: Talk) -> None:
    await talk.pull("feature-x")
    assert "looking for pull request #7" in await talk.say("alice", "/octopod deploy #7")
    talk.engine.ready("feature-x")
    await talk.settled()
    assert "*feature-x* is *live*" in (await talk.card("feature-x")).text
    assert "*feature-x* is *live*" in await talk.say("bob", "/octopod info #7")
    assert f"`feature-x` {LINK.split()[0]}> " in await talk.say("bob", "/octopod list")


async def test_one_that_nobody_told_of_is_found_in_git(talk: Talk) -> None:
    talk.origin.git("update-ref", "refs/pull/12/head", talk.origin.head("feature-y"))
    await talk.say("alice", "/octopod deploy #12")
    assert "`feature-y`" in (await talk.card("feature-y")).text


async def test_an_unknown_number_is_refused_with_near_ones(talk: Talk) -> None:
    await talk.pull("feature-x")
    said = await talk.say("alice", "/octopod deploy #8")
    assert "There is no pull request #8 in shop" in said and "refs/pull/8/head" in said
    assert "Did you mean `#7 Spreadsheet export`?" in said
    assert await talk.posts() == []


async def test_one_that_is_over_says_that_its_branch_is_gone(talk: Talk) -> None:
    await talk.pull("feature-x", action="closed", state="closed", merged=True)
    talk.origin.delete("feature-x")
    said = await talk.say("alice", "/octopod deploy #7")
    assert "#7 is merged, and its branch `feature-x` is not there any more." in said


async def test_a_link_names_project_and_pull_request(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"repo": "https://github.com/acme/shop.git"}) as talk:
        said = await talk.say("alice", "/octopod deploy https://github.com/other/thing/pull/7")
        assert "No project has the repository https://github.com/other/thing" in said
        link = "https://github.com/acme/shop/pull/7/files"
        said = await talk.say("alice", f"/octopod deploy {link} --project web")
        assert "not the repository of web, but of shop" in said
        assert "Name the branch or its pull request, not both" in await talk.say("alice", f"/octopod deploy x {link}")


# --- forks -----------------------------------------------------------------------------------------------------------

SECRETS: dict[str, Any] = {
    "secrets": {"DB_PASSWORD": SecretPlace("SHOP_DB")},
    "keys": {"DB_PASSWORD": Key(secret=True)},
    "copy_secrets": ("registry",),
    "kinds": (("external-secrets.io/v1", "ExternalSecret"),),
    "profiles": {
        "payments": Profile("payments", secrets={"PAYMENTS": SecretPlace("SHOP_DB")}),
        "loud": Profile("loud", {"LOUD": "1"}),
    },
    "roles": Roles(admin=("@alice",)),
}
FORK = "refs/pull/7/head"


def a_fork(talk: Talk, subject: str = "Harmless, really") -> str:
    """A commit on no branch of the repository, where hosts show what forks bring. The commit."""
    commit = talk.origin.commit("brought", {"deploy/new.yaml": CONFIG_MAP.format(subject)}, subject)
    talk.origin.git("update-ref", FORK, commit)
    talk.origin.git("checkout", "--quiet", "main")
    talk.origin.git("branch", "--quiet", "-D", "brought")
    return commit


CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: brought}}\ndata: {{SAYS: {!r}}}\n"


async def deployed(talk: Talk) -> str:
    """What a fork brought, with Alice's word. The commit."""
    commit = a_fork(talk)
    await talk.say("alice", f"/octopod deploy #7 --fork {commit}")
    talk.engine.ready("pull-7")
    await talk.settled()
    return commit


async def test_a_fork_needs_the_word_of_somebody_who_may_give_it(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=SECRETS, environ={"SHOP_DB": "hunter2"}) as talk:
        commit = a_fork(talk)
        await talk.pull("patch-1", fork=True)
        said = await talk.say("bob", "/octopod deploy #7")
        assert "comes from a fork" in said and commit[:7] in said and "for @alice: ask them" in said
        assert "ask them" in await talk.say("bob", f"/octopod deploy #7 --fork {commit}")
        said = await talk.say("alice", "/octopod deploy #7")
        assert "“Harmless, really” (Zoë)" in said and "gets no secrets" in said
        assert talk.engine.orders == [] and await talk.posts() == []
        asked = (await talk.private("alice"))[-1]
        await talk.click("alice", asked, "choose")
        card = (await talk.card("pull-7")).text
        assert "from a fork: it has no secrets" in card and "*Branch*" not in card
        assert f"*Pull request*\n{LINK} · bob" in card
        assert talk.engine.order("pull-7").commit == commit


async def test_a_word_is_for_one_commit_only(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=SECRETS, environ={"SHOP_DB": "hunter2"}) as talk:
        first = await deployed(talk)
        second = a_fork(talk, "Now with a surprise")
        await talk.pull("patch-1", fork=True, action="synchronize")
        assert len(talk.engine.orders) == 1
        told = (await talk.thread(await talk.card("pull-7")))[-1]
        assert "not deployed by itself, as it comes from a fork" in told.text and second[:7] in told.text
        assert "Its newest commit is not" in await talk.say("alice", f"/octopod deploy #7 --fork {first}")
        assert "ask them" in await talk.click("bob", told, "choose")
        await talk.click("alice", told, "choose")
        assert talk.engine.orders[-1].commit == second
        await talk.say("bob", "/octopod config pull-7 --env RETRIES=5")
        assert talk.engine.orders[-1].commit == second, "what was answered for can be configured by anybody"


async def test_a_fork_gets_no_secrets_by_whatever_way(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=SECRETS, environ={"SHOP_DB": "hunter2"}) as talk:
        await deployed(talk)
        for way in ("config pull-7 --profile payments", f"deploy {FORK} --profile payments"):
            assert "gets no secrets, and the profile `payments` has some" in await talk.say("alice", f"/octopod {way}")
        assert "`DB_PASSWORD` is secret" in await talk.say("alice", "/octopod config pull-7 --env DB_PASSWORD=x")
        dialog = await opened(talk, "alice", await talk.card("pull-7"))
        assert "no secrets, and DB_PASSWORD is one" in str(await save(talk, "alice", dialog, DB_PASSWORD="hunter2"))
        for again in ("config pull-7 --profile loud", "sleep pull-7", "wake pull-7", "rollback pull-7"):
            await talk.say("alice", f"/octopod {again}")
            talk.engine.ready("pull-7")
            await talk.settled()
        assert len(talk.engine.orders) > 3 and all(order.fork for order in talk.engine.orders)
        ordered = str([order.objects for order in talk.engine.orders])
        assert "LOUD" in ordered and "'kind': 'Secret'" not in ordered and "DB_PASSWORD" not in ordered
        await talk.deploy("feature-y")
        assert secret_env(talk, "feature-y") == {"DB_PASSWORD": "hunter2"} and not talk.engine.orders[-1].fork


async def test_a_fork_may_not_have_kinds_that_fetch_secrets(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=SECRETS, environ={"SHOP_DB": "hunter2"}) as talk:
        secret = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: x}\nspec: {}\n"
        talk.origin.commit("brought", {"deploy/secret.yaml": secret})
        commit = talk.origin.head("brought")
        talk.origin.git("update-ref", FORK, commit)
        talk.origin.git("update-ref", "refs/heads/brought", talk.origin.head("main"))
        await talk.say("alice", f"/octopod deploy #7 --fork {commit}")
        assert "ExternalSecret" in (await talk.replies("pull-7"))[-1]
        assert talk.engine.orders == []


async def test_a_commit_of_a_fork_is_on_no_branch(talk: Talk) -> None:
    commit = await deployed(talk)
    assert "is on no branch" in await talk.say("alice", f"/octopod deploy {commit}")


async def test_a_fork_whose_pull_request_is_closed_goes(talk: Talk) -> None:
    await deployed(talk)
    await talk.pull("patch-1", fork=True, action="closed", state="closed", by="carol")
    reply = (await talk.replies("pull-7"))[-1]
    assert f"Its pull request {LINK.split()[0]}> was closed by carol; this staging goes " in reply
    await talk.pull("patch-1", fork=True, action="reopened")
    assert "is open again; this staging stays until" in (await talk.replies("pull-7"))[-1]


# --- what comes by itself --------------------------------------------------------------------------------------------


def on(how: DeployOn, **more: Any) -> dict[str, Any]:
    return {"deploy_on": how, **more}


async def started(talk: Talk) -> None:
    """The branches were looked at once."""
    await talk.tell("main", talk.origin.head("main"))


async def test_pushes_make_stagings_but_what_is_there_already_does_not(tmp_path: Path, database: Path) -> None:
    follow = Follow(branches=("feature-*", "!feature-wip"), baseline=False)
    async with talking(tmp_path, database, project=on(DeployOn.PUSH, follow=follow)) as talk:
        await started(talk)
        assert await talk.posts() == []
        for branch in ("main", "fix-1", "feature-wip"):
            await talk.push(branch)
        assert await talk.posts() == []
        commit = await talk.push("feature-z")
        card = (await talk.card("feature-z")).text
        assert commit[:7] in card and "*Owner*\nthe project" in card and "never" not in card
        await talk.push("feature-x", "One that was there")
        assert [order.name for order in talk.engine.orders] == ["feature-z", "feature-x"]
        newer = await talk.push("feature-z")
        assert "release 2" in (await talk.card("feature-z")).text and newer[:7] in (await talk.card("feature-z")).text


async def test_its_owner_is_whoever_wrote_the_commit(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=on(DeployOn.PUSH)) as talk:
        await started(talk)
        by = ("--author=Bob B. <BOB@example.com>", "--message=Mine")
        talk.origin.git("checkout", "--quiet", "-b", "bobs", "main")
        talk.origin.git("commit", "--quiet", "--allow-empty", *by)
        await talk.tell("bobs", talk.origin.head("bobs"))
        assert "*Owner*\n<@U02BOB>" in (await talk.card("bobs")).text
        assert "bobs" in await talk.say("bob", "/octopod list mine")


async def test_what_was_pushed_while_the_bot_was_down_is_made_up_for(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=on(DeployOn.PUSH)) as talk:
        await started(talk)
        commit = talk.origin.commit("feature-z", {"README": "z"}, "While nobody looked")
        again = Follower(talk.bot.service, a_cache(tmp_path / "other"), lambda name: None)
        await again.heard("generic", "1", ["shop"], [Pushed("main", commit)])
        running = asyncio.create_task(again.run())
        await talk.until(lambda state: "*feature-z*" in str(state))
        running.cancel()


async def test_a_deleted_one_comes_back_with_the_next_push_when_it_is_gone(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=on(DeployOn.PUSH)) as talk:
        await started(talk)
        await talk.push("feature-z")
        talk.engine.slow_to_remove = True
        await talk.say("alice", "/octopod delete feature-z --now")
        commit = await talk.push("feature-z")
        assert len(talk.engine.orders) == 1
        await talk.report(talk.engine.gone, talk.engine.removed[0])
        await started(talk)
        assert talk.engine.orders[-1].commit == commit and len(talk.engine.orders) == 2


async def test_limits_refuse_it_once_and_room_lets_it_in(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=on(DeployOn.PUSH, limits=Limits(stagings=1))) as talk:
        await started(talk)
        await talk.push("feature-y")
        for _ in range(2):
            await talk.push("feature-z")
        told = [one.text for one in await talk.posts() if "got no staging" in one.text]
        assert len(told) == 1 and "Branch `feature-z` got no staging: shop has 1 of 1 stagings." in told[0]
        await talk.say("alice", "/octopod sleep feature-y")
        await talk.push("feature-z")
        assert [order.name for order in talk.engine.orders] == ["feature-y", "feature-z"]


async def test_pull_requests_make_stagings_and_take_them_along(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=on(DeployOn.PULL_REQUEST)) as talk:
        await started(talk)
        await talk.push("feature-y")
        assert talk.engine.orders == []
        await talk.pull("feature-y")
        card = (await talk.card("feature-y")).text
        assert LINK in card
        await talk.pull("feature-y", action="edited", title="Other words")
        assert len(talk.engine.orders) == 1
        await talk.pull("feature-y", action="closed", state="closed", by="carol")
        reply = (await talk.thread(await talk.card("feature-y")))[-1]
        assert "Its pull request" in reply.text and "was closed by carol; this staging goes" in reply.text
        assert list(reply.buttons) == ["extend", "delete"]
        assert "its pull request" in (await talk.card("feature-y")).text
        await talk.later(minutes=61)
        assert "because its pull request #7 was closed by carol" in (await talk.replies("feature-y"))[-1]
        await talk.pull("feature-y", action="reopened")
        assert len(talk.engine.orders) == 2


async def test_a_label_makes_one_and_its_loss_ends_it(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=on(DeployOn.LABEL, label="preview")) as talk:
        await started(talk)
        await talk.pull("feature-y")
        assert talk.engine.orders == []
        await talk.pull("feature-y", action="labeled", labels=[{"name": "preview"}])
        await talk.report(talk.engine.ready, "feature-y")
        await talk.pull("feature-y", action="unlabeled", by="carol")
        reply = (await talk.replies("feature-y"))[-1]
        assert "The label of its pull request" in reply and "was taken off by carol; this staging goes" in reply
        await talk.pull("feature-y", action="labeled", labels=[{"name": "preview"}])
        assert "has the label again; this staging stays until" in (await talk.replies("feature-y"))[-1]
        await talk.later(hours=2)
        assert "live" in (await talk.card("feature-y")).text


async def test_a_fork_is_asked_about_in_the_channel_and_anew_for_each_push(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=on(DeployOn.PULL_REQUEST, roles=Roles(admin=("@alice",)))) as talk:
        await started(talk)
        a_fork(talk)
        await talk.pull("patch-1", fork=True)
        commit = a_fork(talk, "Another one")
        await talk.pull("patch-1", fork=True, action="synchronize")
        first, second = await talk.posts()
        assert "comes from a fork, so it gets no staging by itself" in second.text and LINK.split("|")[0] in second.text
        assert f"`{commit[:7]}` “Another one” by Zoë" in second.text
        assert "is not" in await talk.click("alice", first, "choose")
        assert "ask them" in await talk.click("bob", second, "choose")
        assert talk.engine.orders == []
        await talk.click("alice", second, "choose")
        assert talk.engine.order("pull-7").commit == commit
