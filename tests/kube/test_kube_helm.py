"""Charts on the real control plane: what is generated once stays, hooks in their order, and what a chart may see."""

import asyncio
import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from engine_kit import World, a_world
from helm_kit import VALUES, WORKER, ChartWorld
from kube_rig import ControlPlane
from yarl import URL

from bot.domain.errors import PermanentError

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


LOOK = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: seen}
data:
  own: {{ len (lookup "v1" "ConfigMap" .Release.Namespace "settings") | quote }}
  all: {{ len (dig "items" list (lookup "v1" "Secret" .Release.Namespace "")) | quote }}
  bots: {{ lookup "v1" "Secret" "octopod" "own" | toJson | quote }}
  foreign: {{ lookup "v1" "Secret" "kube-system" "" | toJson | quote }}
  everywhere: {{ lookup "v1" "Secret" "" "" | toJson | quote }}
  namespaces: {{ lookup "v1" "Namespace" "" "" | toJson | quote }}
  pods: {{ lookup "v1" "Pod" .Release.Namespace "" | toJson | quote }}
"""


async def test_a_chart_sees_its_own_staging_and_nothing_else(
    plane: ControlPlane, account: Path, tmp_path: Path, name: str
) -> None:
    """As the bot's own account, which may read its own Secrets and those of all stagings."""
    secret = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "own", "namespace": "octopod"}})
    await asyncio.to_thread(plane.kubectl, "apply", "-f", "-", given=secret)
    async with a_world(plane, tmp_path, name, account) as world:
        charts = ChartWorld(world, tmp_path / "charts", {"worker/templates/look.yaml": LOOK})
        await charts.deploy("r1", WORKER, first=True, values={})
        await world.live("r1")
        assert (await found(world, "configmap", "seen"))["data"]["own"] == "0", "there was nothing yet"
        await charts.deploy("r2", WORKER, values={})
        await world.live("r2")
        seen = (await found(world, "configmap", "seen"))["data"]
    nothing = dict.fromkeys(("bots", "foreign", "everywhere", "namespaces", "pods"), "{}")
    assert seen == {"own": seen["own"], "all": "0", **nothing}
    assert int(seen["own"]) > 0


async def test_what_charts_ask_the_cluster_otherwise_is_refused(charts: ChartWorld, world: World) -> None:
    await charts.deploy("r1", WORKER, first=True, values={})
    async with world.engine.window(world.name, world.namespace, frozenset()) as url, aiohttp.ClientSession() as http:

        async def status(path: str, method: str = "GET", base: str = url) -> int:
            async with http.request(method, URL(base + path, encoded=True)) as answer:
                return answer.status

        own = f"/api/v1/namespaces/{world.namespace}"
        assert await status(f"{own}/configmaps/settings") == 200
        assert await status("/version") == await status("/apis/apps/v1") == 200
        for path in (
            "/api/v1/secrets",
            "/api/v1/namespaces",
            own,
            f"{own}/pods",
            f"{own}/configmaps/settings/status",
            "/api/v1/namespaces/kube-system/configmaps",
            f"{own}/../kube-system/configmaps",
            f"{own}/%2e%2e/kube-system/configmaps",
            f"{own}/configmaps/..%2f..%2fkube-system",
            "/apis/../metrics",
            "/metrics",
            "/logs/",
        ):
            assert await status(path) == 404, path
        assert await status(f"{own}/configmaps/settings", "DELETE") == 405
        assert await status(f"{own}/configmaps?watch=true") == 405
        assert await status("/version", base=url.rpartition("/")[0]) == 404, "others do not know the path"
    with pytest.raises(aiohttp.ClientConnectionError):
        async with aiohttp.ClientSession() as http, http.get(f"{url}/version"):
            pass


async def test_a_restarted_bot_runs_no_hook_again_whose_job_is_gone(
    plane: ControlPlane, played: None, tmp_path: Path, name: str
) -> None:
    async with a_world(plane, tmp_path, name) as world:
        charts = ChartWorld(world, tmp_path / "charts")
        order = await charts.deploy("r1", first=True)
        await world.live("r1")
        assert await _gone(world, {"shop-shop-migrate"})
    async with a_world(plane, tmp_path, name) as world:
        world.orders["r1"] = order
        await world.live("r1")
        await world.apply(order)
        await world.live("r1")
        assert set(await world.names("jobs")) == {"shop-shop-migrate"}


async def test_a_hook_that_fails_goes_when_it_shall_and_stays_failed(charts: ChartWorld, world: World) -> None:
    values = {**VALUES, "migrate": {"enabled": True, "fate": "fail", "policy": "hook-failed"}}
    await charts.deploy("r1", first=True, values=values)
    assert "shop-shop-migrate failed" in (await world.failed("r1")).reason
    await world.kubectl("-n", world.namespace, "wait", "--for=delete", "job/shop-shop-migrate", "--timeout=30s")
    assert "shop-shop-migrate failed" in (await world.failed("r1")).reason
    await charts.deploy("r2", first=True)
    await world.live("r2")


async def test_a_chart_with_a_resource_of_its_own_kind(charts: ChartWorld, world: World) -> None:
    values = {**VALUES, "certificate": {"enabled": True}}
    with pytest.raises(PermanentError) as caught:
        await charts.order("r0", first=True, values=values)
    assert "Certificate" in " ".join(caught.value.details)
