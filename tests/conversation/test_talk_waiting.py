"""Stories of images that are not there yet: waited for, found, given up."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from registry_kit import Registry, registry
from talk_kit import Talk, talking

from bot.registry.client import Registries


@pytest.fixture
async def shop() -> AsyncIterator[Registry]:
    async with registry() as made:
        yield made


@pytest.fixture
async def talk(tmp_path: Path, database: Path, shop: Registry) -> AsyncIterator[Talk]:
    """Images come from the registry; the shop's are named after their commits."""
    project = {"image": f"{shop.host}/acme/shop:${{commit}}"}
    async with talking(tmp_path, database, project=project, images=Registries) as there:
        yield there


def built(talk: Talk, shop: Registry, branch: str) -> None:
    """CI has pushed the image of the branch's head."""
    shop.push("acme/shop", talk.origin.head(branch))


async def test_it_waits_and_goes_on_by_itself(talk: Talk, shop: Registry) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    image = f"{shop.host}/acme/shop:{talk.origin.head('feature-x')}"
    card = await talk.card("feature-x")
    assert "is *waiting*" in card.text and f"*Waiting for the image* `{image}`" in card.text
    assert "It is looked for again until <!date^" in card.text and "retry" not in card.buttons
    [steps] = await talk.progress("feature-x")
    assert "waiting for its image" in steps and f"⏳ image `{image}` is not in the registry yet" in steps
    assert "✅ files" in steps and "▫️ start" in steps
    assert f"waiting for the image `{image}`" in await talk.say("bob", "/octopod list")
    assert talk.engine.orders == []

    await talk.later(seconds=6)
    assert "is *waiting*" in (await talk.card("feature-x")).text and talk.engine.orders == []

    built(talk, shop, "feature-x")
    await talk.later(minutes=1)
    assert "is *rolling out*" in (await talk.card("feature-x")).text
    [steps] = await talk.progress("feature-x")
    assert "image" not in steps and "✅ start" in steps
    await talk.report(talk.engine.ready, "feature-x")
    assert "is *live*" in (await talk.card("feature-x")).text
    assert [order.name for order in talk.engine.orders] == ["feature-x"]
    assert ["Live at" in text for text in await talk.replies("feature-x")] == [True]


async def test_one_that_is_there_waits_for_nothing(talk: Talk, shop: Registry) -> None:
    built(talk, shop, "feature-x")
    card = await talk.deploy("feature-x")
    assert "is *live*" in card.text and len(shop.asked) == 1


async def test_it_gives_up_and_says_what_to_do(talk: Talk, shop: Registry) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    asked = len(shop.asked)
    await talk.later(minutes=29)
    assert "is *waiting*" in (await talk.card("feature-x")).text and len(shop.asked) > asked
    await talk.later(minutes=1)
    card = await talk.card("feature-x")
    assert "has *failed*" in card.text and "retry" in card.buttons
    [failed] = await talk.replies("feature-x")
    assert f"For 30 min the image {shop.host}/acme/shop:" in failed and "the registry does not have it" in failed
    assert "See whether the build that makes it has succeeded" in failed and talk.engine.orders == []
    asked = len(shop.asked)
    await talk.later(hours=1)
    assert len(shop.asked) == asked

    built(talk, shop, "feature-x")
    await talk.click("alice", card, "retry")
    await talk.report(talk.engine.ready, "feature-x")
    assert "is *live*" in (await talk.card("feature-x")).text


async def test_what_serves_goes_on_serving(talk: Talk, shop: Registry) -> None:
    built(talk, shop, "feature-x")
    await talk.deploy("feature-x")
    talk.origin.commit("feature-x", {"README": "more\n"})
    await talk.say("alice", "/octopod deploy feature-x")
    card = await talk.card("feature-x")
    assert "is *waiting*" in card.text and "Release 1 serves until the new one is ready." in card.text
    assert "open" in card.buttons and len(talk.engine.orders) == 1


async def test_a_delete_ends_the_wait(talk: Talk, shop: Registry) -> None:
    await talk.say("alice", "/octopod deploy feature-y")
    await talk.say("alice", "/octopod delete feature-y --yes")
    assert "is *deleted*" in (await talk.card("feature-y")).text
    asked = len(shop.asked)
    built(talk, shop, "feature-y")
    await talk.later(hours=1)
    assert len(shop.asked) == asked and talk.engine.orders == []


async def test_a_newer_commit_takes_its_place(talk: Talk, shop: Registry) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    talk.origin.commit("feature-x", {"README": "more\n"})
    built(talk, shop, "feature-x")
    await talk.say("alice", "/octopod deploy feature-x")
    assert "is *rolling out*" in (await talk.card("feature-x")).text
    assert [order.commit for order in talk.engine.orders] == [talk.origin.head("feature-x")]
    asked = len(shop.asked)
    await talk.later(hours=1)
    assert len(shop.asked) == asked


async def test_whoever_deploys_it_again_has_it_looked_for_at_once(talk: Talk, shop: Registry) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    assert "waits for the image" in await talk.say("bob", "/octopod deploy feature-x")
    built(talk, shop, "feature-x")
    await talk.say("bob", "/octopod deploy feature-x")
    assert "is *rolling out*" in (await talk.card("feature-x")).text


async def test_a_registry_that_does_not_tell_keeps_nothing_waiting(talk: Talk, shop: Registry) -> None:
    shop.answers = 503
    card = await talk.deploy("feature-x")
    assert "is *live*" in card.text


async def test_one_that_stops_telling_changes_nothing_about_what_was_seen(talk: Talk, shop: Registry) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    shop.answers = 429
    await talk.later(minutes=29)
    assert "is *waiting*" in (await talk.card("feature-x")).text and talk.engine.orders == []
    await talk.later(minutes=1)
    [failed] = await talk.replies("feature-x")
    assert "does not have it" in failed and f"{shop.host} has been asked too often." in failed


async def test_mistakes_in_the_manifests_are_told_before_anything_is_waited_for(talk: Talk, shop: Registry) -> None:
    talk.origin.commit("feature-x", {"deploy/web.yaml": "kind: Nonsense\n"})
    await talk.say("alice", "/octopod deploy feature-x")
    assert "has *failed*" in (await talk.card("feature-x")).text and shop.asked == []


async def test_an_image_that_the_manifests_do_not_use_is_not_looked_for(talk: Talk, shop: Registry) -> None:
    file = talk.origin.path / "deploy/web.yaml"
    talk.origin.commit("feature-x", {"deploy/web.yaml": file.read_text().replace("${image}", "another:1")})
    await talk.deploy("feature-x")
    assert shop.asked == []


async def test_a_name_that_is_none_fails_at_once(tmp_path: Path, database: Path) -> None:
    project = {"image": "Acme/Shop:${commit}"}
    async with talking(tmp_path, database, project=project, images=Registries) as talk:
        await talk.say("alice", "/octopod deploy feature-x")
        [failed] = await talk.replies("feature-x")
        assert "is no valid image name" in failed and "Mend `image` in octopod.yaml." in failed
