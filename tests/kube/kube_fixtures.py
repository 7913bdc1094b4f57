"""One control plane for all tests that need one; each test has a staging, and so a namespace, of its own."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from engine_kit import World, a_world
from kube_rig import ControlPlane, running


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with running(tmp_path_factory.mktemp("control-plane")) as there:
        yield there


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    words = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))
    return words[:30].strip("-")


@pytest.fixture
async def world(plane: ControlPlane, tmp_path: Path, name: str) -> AsyncIterator[World]:
    async with a_world(plane, tmp_path, name) as there:
        yield there
