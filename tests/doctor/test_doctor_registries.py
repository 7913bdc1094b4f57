"""The doctor's look at the registries that images come from: a real one on loopback."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.test_utils import unused_port
from git_kit import a_project
from registry_kit import PASSWORD, USER, Registry, registry

from bot.doctor.registries import NO_COMMIT, registries
from bot.doctor.report import line
from bot.registry.client import Registries

STEP = (
    "→ See that this machine reaches the registry, and give the bot what it is asked with: a pull secret in "
    "`copy_secrets` of the project, or DOCKER_CONFIG."
)


@pytest.fixture
async def shop() -> AsyncIterator[Registry]:
    async with registry() as made:
        yield made


async def said(image: str | None, pulled_by: Mapping[str, str] | None = None) -> list[str]:
    async def known(project: str) -> Mapping[str, str]:
        return pulled_by or {}

    async with aiohttp.ClientSession() as session:
        project = replace(a_project("/srv/shop"), image=image)
        return [line(answer) for answer in await registries([project], Registries(session, None, known))]


async def test_an_image_that_is_not_built_yet_is_well(shop: Registry) -> None:
    image = f"{shop.host}/acme/shop"
    assert await said(image + ":${commit}") == [
        f"✓ registry of shop: {shop.host} can be asked. It has no {image}:{NO_COMMIT}, as is to be expected before it "
        "is built"
    ]


async def test_an_image_that_is_there(shop: Registry) -> None:
    shop.push("acme/shop", "main")
    assert await said(shop.host + "/acme/${project}:${branch}") == [
        f"✓ registry of shop: it has {shop.host}/acme/shop:main"
    ]


async def test_a_registry_that_lets_nobody_in_but_us(shop: Registry) -> None:
    shop.guard = "basic"
    image = shop.host + "/acme/shop:${commit}"
    [refused] = await said(image)
    assert refused.startswith(f"✗ registry of shop: {shop.host} wants credentials, and there are none for it")
    assert refused.endswith(STEP)
    secret = f'{{"auths": {{"{shop.host}": {{"username": "{USER}", "password": "{PASSWORD}"}}}}}}'
    [well] = await said(image, {"Secret `pull`": secret})
    assert well.startswith("✓ ")


async def test_a_registry_that_is_not_there() -> None:
    [found] = await said(f"127.0.0.1:{unused_port()}/acme/shop:1")
    assert "can't be asked: nothing listens there" in found and found.endswith(STEP)


@pytest.mark.parametrize("image", ["registry.test/shop:${comit}", "Registry.test/Shop Window"])
async def test_what_is_no_image(image: str) -> None:
    [found] = await said(image)
    assert found.startswith("✗ registry of shop: ") and found.endswith("→ Mend `image` in octopod.yaml.")


async def test_a_project_without_image_has_no_registry() -> None:
    assert await said(None) == []
