"""What pods pull images by, in the hands of the bot's account, at a registry that lets nobody else in."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from engine_kit import a_world
from kube_rig import ControlPlane
from registry_kit import PASSWORD, USER, registry

from bot.domain.errors import TemporaryError
from bot.registry.client import Registries

pytestmark = pytest.mark.kube
pytest_plugins = ["kube_fixtures"]


async def test_a_registry_is_asked_with_what_pods_pull_by(plane: ControlPlane, account: Path, tmp_path: Path) -> None:
    access = ("--docker-username", USER, "--docker-password", PASSWORD)
    async with registry() as shop, aiohttp.ClientSession() as session:
        shop.guard = "basic"
        shop.push("acme/shop", "1")
        where = ("-n", "octopod", "create", "secret")
        make = [*where, "docker-registry", "by-which-we-pull", "--docker-server", shop.host, *access]
        await asyncio.to_thread(plane.kubectl, *make)
        await asyncio.to_thread(plane.kubectl, *where, "generic", "of-no-registry", "--from-literal=a=b")
        copied = {"shop": ["by-which-we-pull", "of-no-registry", "is-not-there"]}
        async with a_world(plane, tmp_path, "pulled", account, copied=copied) as world:
            registries = Registries(session, None, world.engine.pulled_by)
            assert await registries.has(f"{shop.host}/acme/shop:1", "shop")
            assert not await registries.has(f"{shop.host}/acme/shop:2", "shop")
            with pytest.raises(TemporaryError, match="wants credentials, and there are none for it"):
                await registries.has(f"{shop.host}/acme/shop:1", "another")
