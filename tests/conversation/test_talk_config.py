"""Stories of configuration: a staging of one's own, in other people's words, and what may not be."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from talk_kit import CLAIM, WEB, Talk, talking

from bot.domain.project import Key, Profile

SHOP: dict[str, Any] = {
    "env": {"PAYMENTS": "sandbox", "RETRIES": "3", "PUBLIC_URL": "${url.web}"},
    "values": {"web": {"replicas": 1}},
    "keys": {"PAYMENTS": Key("Which payments", ("sandbox", "production"))},
    "profiles": {
        "production-payments": Profile("production-payments", env={"PAYMENTS": "production"}, allowed=("@platform",)),
        "many": Profile("many", env={"RETRIES": "9"}, values={"web": {"replicas": 3}}),
    },
}
SCALED = WEB.replace("spec:\n  selector", "spec:\n  replicas: ${values.web.replicas}\n  selector")


@pytest.fixture
async def shop(tmp_path: Path, database: Path) -> AsyncIterator[Talk]:
    async with talking(tmp_path, database, project=SHOP) as there:
        for branch in ("feature-x", "feature-y"):
            there.origin.commit(branch, {"deploy/web.yaml": SCALED, "deploy/data.yaml": CLAIM})
        yield there


def env(talk: Talk, name: str) -> dict[str, str]:
    """What the containers of the newest order get."""
    found: dict[str, str] = talk.engine.order(name).objects[0]["data"]
    return found


def replicas(talk: Talk, name: str) -> Any:
    return next(o for o in talk.engine.order(name).objects if o["kind"] == "Deployment")["spec"]["replicas"]


async def test_a_staging_of_ones_own_and_the_others_do_not_notice(shop: Talk) -> None:
    await shop.deploy("feature-y", "bob")
    told = await shop.say(
        "carol", "/octopod deploy feature-x --profile production-payments --env RETRIES=5 --set web.replicas=2"
    )
    assert "looking for branch `feature-x`" in told and "⚠" not in told
    assert env(shop, "feature-x") == {
        "PAYMENTS": "production",
        "RETRIES": "5",
        "PUBLIC_URL": "http://feature-x.localhost:8080",
    }
    assert replicas(shop, "feature-x") == 2
    assert "⚙️ `production-payments` · `RETRIES=5` · `web.replicas=2`" in (await shop.card("feature-x")).text
    assert env(shop, "feature-y")["PAYMENTS"] == "sandbox" and replicas(shop, "feature-y") == 1
    assert "⚙️" not in (await shop.card("feature-y")).text


async def test_what_was_changed_survives_updates(shop: Talk) -> None:
    await shop.say("alice", "/octopod deploy feature-x --env RETRIES=5")
    shop.origin.commit("feature-x", {"README": "more\n"})
    await shop.say("bob", "/octopod deploy feature-x --set web.replicas=2")
    assert env(shop, "feature-x")["RETRIES"] == "5" and replicas(shop, "feature-x") == 2
    await shop.report(shop.engine.ready, "feature-x")
    assert "is live with" in await shop.say("bob", "/octopod deploy feature-x --env RETRIES=5")
    assert len(shop.engine.orders) == 2
    await shop.say("bob", "/octopod delete feature-x --now")
    await shop.say("bob", "/octopod deploy feature-x")
    assert env(shop, "feature-x")["RETRIES"] == "3"


async def test_config_changes_several_keys_by_one_release_of_the_same_commit(shop: Talk) -> None:
    card = await shop.deploy("feature-x")
    was = shop.engine.order("feature-x")
    shop.origin.commit("feature-x", {"README": "more\n"})
    told = await shop.say(
        "bob", '/octopod config feature-x --env RETRIES=5 --env "GREETING=hello: world" --set web.replicas=2'
    )
    assert (
        "Release 2 of feature-x rolls out the change: `RETRIES=5` · `GREETING=hello: world` · `web.replicas=2`" in told
    )
    assert "⚠️ `GREETING`: octopod.yaml does not know this key" in told
    order = shop.engine.order("feature-x")
    assert (order.commit, len(shop.engine.orders)) == (was.commit, 2)
    assert env(shop, "feature-x")["GREETING"] == "hello: world"
    told = await shop.say("bob", "@octopod config --unset-env RETRIES --unset web.replicas", thread=card)
    assert "rolls out the change: `GREETING=hello: world`." in told
    assert env(shop, "feature-x")["RETRIES"] == "3" and replicas(shop, "feature-x") == 1
    told = await shop.say("bob", "/octopod config feature-x --unset-env GREETING")
    assert "nothing differs from the defaults any more" in told
    said = await shop.say("carol", "/octopod info feature-x")
    assert "configure (release 2: feature-x at " in said and ": RETRIES=5, GREETING=hello: world" in said


async def test_the_same_again_changes_nothing(shop: Talk) -> None:
    await shop.deploy("feature-x")
    await shop.say("bob", "/octopod config feature-x --profile many")
    told = await shop.say("bob", "/octopod config feature-x --profile many")
    assert "feature-x has this configuration already. Nothing was changed." in told and len(shop.engine.orders) == 2


async def test_another_type_is_another_value(shop: Talk) -> None:
    await shop.deploy("feature-x")
    for typed in ("1", "true", "1.0", '"1"'):
        assert "rolls out the change" in await shop.say("bob", f"/octopod config feature-x --set x={typed}"), typed


async def test_config_tells_where_everything_comes_from(shop: Talk) -> None:
    await shop.deploy("feature-x")
    await shop.say("bob", "/octopod config feature-x --profile many --env RETRYS=5 --env PAYMENTS=production")
    told = await shop.say("carol", "/octopod config feature-x")
    assert "*Configuration of feature-x*, release 2 · `many`" in told
    assert "`PAYMENTS` = `production` · changed here, default `sandbox`" in told
    assert "`RETRIES` = `9` · profile `many`, default `3`" in told
    assert "`PUBLIC_URL` = `${url.web}` · default" in told
    assert "`RETRYS` = `5` · changed here ⚠️ octopod.yaml does not know this key; did you mean `RETRIES`?" in told
    assert "`web.replicas` = `3` · profile `many`, default `1`" in told
    assert "`RETRIES` = `9` · profile `many`" in await shop.say("carol", "/octopod info feature-x")


async def test_types_commas_braces_and_equals_signs_arrive_as_they_were_typed(shop: Talk) -> None:
    """What went wrong with `helm --set`: digits, true and null changed their type, commas and braces split values."""
    manifest = SCALED.replace("replicas: ${values.web.replicas}", "replicas: 1\n  x: ${values.x}")
    shop.origin.commit("feature-x", {"deploy/web.yaml": manifest})
    for typed, value in {
        "007": "007",
        "1.10": "1.10",
        '"5"': "5",
        "5": 5,
        "true": True,
        '"true"': "true",
        "a,b": "a,b",
        "a={b}=c": "a={b}=c",
        "'{\"a\": [1, null]}'": '{"a": [1, null]}',
        '{"a":[1,null]}': {"a": [1, None]},
        "${image}": "${image}",
        "$${image}": "$${image}",
    }.items():
        await shop.say("alice", f"/octopod deploy feature-x --set x={typed} --env X={typed}")
        order = shop.engine.order("feature-x")
        found = next(o for o in order.objects if o["kind"] == "Deployment")["spec"]["x"]
        assert found == value and type(found) is type(value), typed
        assert env(shop, "feature-x")["X"] == typed.strip("\"'")


async def test_all_mistakes_are_told_at_once_and_nothing_happens(shop: Talk) -> None:
    told = await shop.say(
        "alice", "/octopod deploy feature-x --profile prodution-payments --env PAYMENTS=live --env 1X=2 --set a..b=1"
    )
    assert "There is no profile `prodution-payments`. Did you mean `production-payments`?" in told
    assert "`PAYMENTS` can be `sandbox` or `production`, not `live`." in told
    assert "`1X` can't be a key" in told and "`a..b` can't be a key" in told
    assert shop.engine.orders == [] and await shop.posts() == []
    assert "`set` is not a command. Did you mean `config STAGING --set KEY=VALUE`" in await shop.say(
        "alice", "/octopod set feature-x a=1"
    )
    assert "is not changed on this staging" in await _configured(shop, "--unset-env RETRIES")


async def _configured(shop: Talk, words: str) -> str:
    await shop.deploy("feature-x")
    return await shop.say("alice", f"/octopod config feature-x {words}")


async def test_who_may_not_use_a_profile_is_told_whom_to_ask(shop: Talk) -> None:
    refused = "The profile `production-payments` is for @platform: ask them to do it for you."
    assert refused in await shop.say("bob", "/octopod deploy feature-x --profile production-payments")
    assert await shop.posts() == []
    await shop.deploy("feature-x")
    assert refused in await shop.say("bob", "/octopod config feature-x --profile production-payments")
    assert len(shop.engine.orders) == 1
    told = await shop.say("carol", "/octopod config feature-x --profile production-payments")
    assert "rolls out the change: `production-payments`" in told  # by her group
    orders = len(shop.engine.orders)
    for words in (
        "config feature-x --env RETRIES=1",
        "config feature-x --drop-profile production-payments",
        "deploy feature-x --env RETRIES=1",
    ):
        assert refused in await shop.say("bob", f"/octopod {words}"), words
    shop.origin.commit("feature-x", {"README": "more\n"})
    assert refused in await shop.say("bob", "/octopod deploy feature-x")
    assert refused in await shop.say("bob", "/octopod deploy FEATURE-X")
    assert len(shop.engine.orders) == orders
    await shop.say("carol", "/octopod deploy feature-x")
    assert len(shop.engine.orders) == orders + 1


async def test_a_retry_needs_the_right_to_the_profile(shop: Talk) -> None:
    await shop.say("carol", "/octopod deploy feature-x --profile production-payments")
    await shop.report(shop.engine.failed, "feature-x", "exit code 1")
    card = await shop.card("feature-x")
    assert "is for @platform" in await shop.click("bob", card, "retry")
    assert len(shop.engine.orders) == 1
    await shop.press("U02BOB", card, "retry")  # the payload is forged: nothing was drawn for him
    assert len(shop.engine.orders) == 1
    await shop.click("carol", card, "retry")
    assert len(shop.engine.orders) == 2


async def test_long_and_hostile_values_fit_into_messages(shop: Talk) -> None:
    hostile = "`<!channel>` *x* a\\nb: c 🐙 " + "y" * 2500
    await shop.say("alice", f"/octopod deploy feature-x --env 'GREETING={hostile}'")
    card = await shop.card("feature-x")
    assert "<!channel>" not in card.text and "characters)" in card.text
    assert env(shop, "feature-x")["GREETING"].endswith("y" * 2500)
    told = await shop.say("alice", "/octopod config feature-x")
    assert "<!channel>" not in told and "characters)" in told


async def test_diff_with_the_defaults_another_staging_and_the_last_good(shop: Talk) -> None:
    card = await shop.deploy("feature-x")
    assert "The configuration is the same." in await shop.say("bob", "/octopod diff feature-x")
    assert "no other release that was live" in await shop.say("bob", "/octopod diff feature-x last-good")
    await shop.deploy("feature-y", "carol")
    await shop.say("bob", '/octopod config feature-x --env RETRIES=5 --env "A=<b> x" --set web.replicas=2')
    told = await shop.say("bob", "/octopod diff feature-x")
    assert "*feature-x* compared with the *defaults*" in told
    assert "`RETRIES` defaults: `3` · feature-x: `5`" in told
    assert "`A` defaults: _not set_ · feature-x: `&lt;b&gt; x`" in told
    assert "`web.replicas` defaults: `1` · feature-x: `2`" in told
    told = await shop.say("bob", "/octopod diff feature-x feature-y")
    assert "• feature-y: `feature-y` `" in told and "`RETRIES` feature-y: `3` · feature-x: `5`" in told
    assert told == await shop.say("bob", "@octopod diff feature-y", thread=card)
    assert "compared with *release 1*" in await shop.say("bob", "@octopod diff last-good", thread=card)
    assert "compared with the *defaults*" in await shop.say("bob", "@octopod diff", thread=card)
    assert "no staging called `nothing`" in await shop.say("bob", "/octopod diff feature-x nothing")
    assert "could be one of 2 stagings" in await shop.say("bob", "/octopod diff feature")
