"""The templates that Octopod brings, on a real control plane: accepted as they are, and live."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_kit import World, a_world
from kube_rig import ControlPlane

from bot.domain.project import Fence, Template

pytestmark = [pytest.mark.kube, pytest.mark.usefixtures("played")]
pytest_plugins = ["kube_fixtures"]

SHIPPED = Path(__file__).parents[2] / "manifests" / "templates"


def template(name: str) -> Template:
    return Template(name, SHIPPED / name)


async def found(world: World, kind: str, name: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(await world.kubectl("-n", world.namespace, "get", kind, name, "-o", "json"))
    return said


async def test_a_web_application(world: World) -> None:
    world.source = template("web")
    await world.deploy("r1")
    seen = await world.live("r1")
    assert [(w.kind, w.name, w.ready) for w in seen.workloads] == [("Deployment", "web", 1)]
    await world.deploy("r2")
    await world.live("r2")


@pytest.fixture
def volume(plane: ControlPlane) -> Iterator[None]:
    """One, and none is left for others that expect none."""
    name = f"volume-{uuid.uuid4().hex[:8]}"
    plane.offer_volumes(name, 1)
    yield
    plane.kubectl("delete", "persistentvolume", f"{name}-0", "--wait=false")


@pytest.mark.usefixtures("volume")
async def test_a_web_application_with_its_own_database(world: World) -> None:
    world.source = template("web-postgres")
    await world.deploy("r1")
    seen = await world.live("r1")
    assert {(w.kind, w.name) for w in seen.workloads} == {
        ("Deployment", "web"),
        ("StatefulSet", "postgres"),
        ("Job", "seed"),
    }
    before = (await found(world, "secret", "postgres"))["data"], await found(world, "pvc", "data-postgres-0")
    first = (await found(world, "job", "seed"))["metadata"]["uid"]
    await world.deploy("r2")
    await world.live("r2")
    claim = await found(world, "pvc", "data-postgres-0")
    assert (await found(world, "secret", "postgres"))["data"] == before[0], "the password stays"
    assert claim["metadata"]["uid"] == before[1]["metadata"]["uid"], "and so does the data"
    assert (await found(world, "job", "seed"))["metadata"]["uid"] != first, "each release runs its own migrations"


@pytest.mark.usefixtures("volume")
@pytest.mark.parametrize("shipped", ["web", "web-api", "web-postgres"])
async def test_each_fits_the_strictest_fence(plane: ControlPlane, tmp_path: Path, shipped: str) -> None:
    strict = Fence(pod_security="restricted")
    async with a_world(plane, tmp_path, f"strict-{shipped}", fences={"shop": strict}) as world:
        world.source = template(shipped)
        await world.deploy("r1")
        assert "web" in {workload.name for workload in (await world.live("r1")).workloads}
        namespace = json.loads(await world.kubectl("get", "namespace", world.namespace, "-o", "json"))
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


async def test_its_user_can_be_another_one(world: World) -> None:
    """Of an image that has a user of its own: null takes the default away, and the API server takes that for unsaid."""
    world.source, world.values = template("web"), {"securityContext": {"runAsUser": None}}
    await world.deploy("r1")
    await world.live("r1")
    pod = (await found(world, "deployment", "web"))["spec"]["template"]["spec"]
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
