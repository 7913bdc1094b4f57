"""Charts on the real control plane: what is generated once stays, hooks in their order, and what a chart may see."""

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from engine_kit import World
from helm_kit import ChartWorld

pytestmark = [pytest.mark.kube, pytest.mark.usefixtures("played")]
pytest_plugins = ["kube_fixtures"]


@pytest.fixture
def charts(world: World, tmp_path: Path) -> ChartWorld:
    return ChartWorld(world, tmp_path / "charts")


async def found(world: World, kind: str, name: str) -> Any:
    return json.loads(await world.kubectl("-n", world.namespace, "get", kind, name, "-o", "json"))


async def test_what_is_generated_once_stays(charts: ChartWorld, world: World) -> None:
    await charts.deploy("r1", first=True)
    await world.live("r1")
    made = [(await found(world, "secret", f"shop-shop-{name}"))["data"] for name in ("password", "key")]
    assert len(base64.b64decode(made[0]["password"])) == 20
    await charts.deploy("r2")
    await world.live("r2")
    kept = [(await found(world, "secret", f"shop-shop-{name}"))["data"] for name in ("password", "key")]
    assert kept == made
    config = await found(world, "configmap", "shop-shop")
    assert config["data"]["made"] == "by an upgrade"
    version = json.loads(await world.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    assert config["data"]["kubernetes"] == version
    assert "${HOME} hello" in config["data"]["script.sh"]


async def test_hooks_run_in_the_order_of_their_weights(charts: ChartWorld, world: World) -> None:
    await charts.deploy("r1", first=True)
    await world.live("r1")
    hooks = [one.name for one in world.newest[world.name].workloads if one.kind == "Job"]
    assert sorted(hooks) == ["shop-shop-migrate", "shop-shop-prepare", "shop-shop-seed"]
    order = [name for seen in world.own for name in _ready(seen.workloads)]
    assert list(dict.fromkeys(order)) == ["shop-shop-prepare", "shop-shop-migrate", "shop-shop", "shop-shop-seed"]
    await world.until(lambda seen: True)
    assert await _gone(world, {"shop-shop-migrate"}), "the others go when they have succeeded"
    migrated = await found(world, "job", "shop-shop-migrate")
    web = await found(world, "deployment", "shop-shop")
    done, begun = migrated["status"]["completionTime"], web["metadata"]["creationTimestamp"]
    assert datetime.fromisoformat(done) <= datetime.fromisoformat(begun)

    await charts.deploy("r2")
    await world.live("r2")
    assert await _gone(world, {"shop-shop-migrate", "shop-shop-announce"})


async def _gone(world: World, left: set[str]) -> bool:
    """Whether in the end only these Jobs are left."""
    await world.kubectl("-n", world.namespace, "wait", "--for=delete", "job/shop-shop-prepare", "--timeout=30s")
    await world.kubectl("-n", world.namespace, "wait", "--for=delete", "job/shop-shop-seed", "--timeout=30s")
    return set(await world.names("jobs")) == left


def _ready(workloads: Any) -> list[str]:
    return [one.name for one in workloads if one.ready == one.wanted]
