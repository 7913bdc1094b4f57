"""One control plane for all tests that need one; each test has a staging, and so a namespace, of its own.

With OCTOPOD_TEST_KUBECONFIG it is somebody's cluster. What it can't show is skipped, in that case only.
"""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yaml
from engine_kit import World, a_world
from kube_rig import ELSEWHERE, ControlPlane, Rig, given

MANIFESTS = Path(__file__).parents[2] / "manifests" / "bot"


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with given(tmp_path_factory.mktemp("control-plane")) as there:
        before = namespaces(there)
        yield there
        # On a cluster whose pods are played nobody keeps anything.
        if not isinstance(there, Rig) and there.played and (left := namespaces(there) - before):
            there.kubectl("delete", "--wait=false", *left)


@pytest.fixture(scope="session")
def rig(plane: ControlPlane) -> Rig:
    """For tests that stop parts of it."""
    if not isinstance(plane, Rig):
        pytest.skip(f"{ELSEWHERE} names somebody's cluster, of which nothing is stopped")
    return plane


@pytest.fixture(scope="session")
def played(plane: ControlPlane) -> None:
    """For tests whose pods have images that do not exist, and a fate."""
    if not plane.played:
        pytest.skip(f"{ELSEWHERE} names a cluster whose kubelets are real; these pods need played ones")


def namespaces(plane: ControlPlane) -> set[str]:
    return set(plane.kubectl("get", "namespaces", "-o", "name").split())


@pytest.fixture(scope="session")
def account(plane: ControlPlane) -> Path:
    """A kubeconfig with the token of the bot's service account, after `kubectl apply -k manifests/bot`."""
    plane.kubectl("apply", "-k", str(MANIFESTS))
    plane.kubectl("wait", "clusterrole/octopod-staging", "--for=jsonpath={.rules[0]}", "--timeout=30s")  # is summed up
    token = plane.kubectl("-n", "octopod", "create", "token", "octopod").strip()
    config = yaml.safe_load(plane.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    config["contexts"][0]["context"]["namespace"] = "octopod"
    file = plane.folder / "bot.kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    words = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))
    return words[:30].strip("-")


@pytest.fixture
async def world(plane: ControlPlane, played: None, tmp_path: Path, name: str) -> AsyncIterator[World]:
    async with a_world(plane, tmp_path, name) as there:
        yield there
