"""Secrets beside the bot, in the hands of its own account, and in a staging's containers."""

import asyncio
from pathlib import Path

import pytest
from engine_kit import a_world
from kube_rig import ControlPlane

from bot.domain.errors import PermanentError
from bot.domain.project import SecretPlace
from bot.environment import Places

pytestmark = pytest.mark.kube
pytest_plugins = ["kube_fixtures"]


async def test_values_are_read_at_home_by_the_bots_account(plane: ControlPlane, account: Path, tmp_path: Path) -> None:
    make = ("-n", "octopod", "create", "secret", "generic", "payments", "--from-literal=live-key=s3cret")
    await asyncio.to_thread(plane.kubectl, *make)
    async with a_world(plane, tmp_path, "beside", account) as world:
        places = Places({}, world.engine.secret_beside)
        assert await places.read(SecretPlace("live-key", "payments")) == "s3cret"
        with pytest.raises(PermanentError, match="has no key `other`"):
            await places.read(SecretPlace("other", "payments"))
        with pytest.raises(PermanentError, match="There is no Secret `nobody` in namespace `octopod`"):
            await places.read(SecretPlace("x", "nobody"))
