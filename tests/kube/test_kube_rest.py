"""Sleep, wake and a wipe on a real control plane, by the bot's own account: the same specs, the same data come back."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from engine_kit import INGRESS, READY, World, a_set, a_world, config, deployment, job, service
from kube_rig import ControlPlane
from manifest_kit import autoscaler, cron_job

from bot.domain.errors import TemporaryError

pytestmark = [pytest.mark.kube, pytest.mark.usefixtures("played")]
pytest_plugins = ["kube_fixtures"]

# Whoever deletes or scales such a set loses its claims.
DATABASE = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: "${image}", volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: generated}\nstringData: {password: once}\n"
RUNS = "deployment,statefulset,daemonset,cronjob,hpa,ingress"


def everything(name: str) -> tuple[str, ...]:
    scaled = (deployment("scaled"), autoscaler(name="scaled"))
    runs = (deployment(replicas=3), DATABASE, a_set("DaemonSet", "agent"), *scaled, cron_job(name))
    goes = job("announce", hook="post-deploy, octopod.dev/hook-delete: succeeded")
    return (*runs, job(hook="pre-deploy"), job("seed", hook="post-deploy"), goes, service(), INGRESS, config(), SECRET)


async def found(world: World, kinds: str, field: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    said = json.loads(await world.kubectl("-n", world.namespace, "get", kinds, "-o", "json"))
    return {f"{thing['kind']} {thing['metadata']['name']}": field(thing) for thing in said["items"]}


async def specs(world: World) -> dict[str, Any]:
    return await found(world, RUNS, lambda thing: thing["spec"])


async def uids(world: World, kinds: str) -> dict[str, Any]:
    return await found(world, kinds, lambda thing: thing["metadata"]["uid"])


async def insisted(ask: Callable[[], Awaitable[object]]) -> None:
    """As the worker does."""
    async with asyncio.timeout(60):
        while True:
            try:
                await ask()
                return
            except TemporaryError as error:
                await asyncio.sleep(error.retry_after or 0.1)


async def test_the_same_specs_and_the_same_data_come_back(
    plane: ControlPlane, account: Path, tmp_path: Path, name: str
) -> None:
    await asyncio.to_thread(plane.offer_volumes, "of-rest", 4)
    async with a_world(plane, tmp_path / "first", name, account) as world:
        order = await world.deploy("r1", *everything(name))
        await world.live("r1")
        await world.until(lambda seen: any(w.name == "scaled" and w.ready == 2 for w in seen.workloads))
        await tidied(world)
        ran, data = await specs(world), await uids(world, "pvc,secret,configmap,service,job")
        assert ran["Deployment web"]["replicas"] == 3 and ran["StatefulSet db"]["replicas"] == 2
        await insisted(world.sleep)
    async with a_world(plane, tmp_path / "second", name, account) as world:  # which finds it as a crash has left it
        await insisted(world.sleep)
        seen = await world.until(lambda seen: seen.asleep)
        assert (seen.present, seen.serving, seen.hanging) == (True, None, "")
        assert await specs(world) == {} and await world.names("pods") == await _ended(world)
        assert await uids(world, "pvc,secret,configmap,service,job") == data
        assert await world.sleep()
    async with a_world(plane, tmp_path / "third", name, account) as world:
        world.orders["r1"] = order
        await world.apply(order)
        await world.live("r1")
        await world.until(lambda seen: any(w.name == "scaled" and w.ready == 2 for w in seen.workloads))
        assert await specs(world) == ran
        assert await uids(world, "pvc,secret,configmap,service,job") == data  # no hook has run again
        assert all(
            w.state is READY for one in world.own for w in one.workloads if w.name == "announce" and not one.asleep
        )

        await insisted(world.wipe)
        assert await world.names("pvc") == [] and await world.names("job") == []
        assert (await uids(world, "secret,configmap")).items() <= data.items()
        before = len(world.told)
        await world.apply(order)
        await world.live("r1")
        assert any(w.state is not READY for one in world.told[before:] for w in one.workloads if w.name == "announce")
        await tidied(world)
        after = await uids(world, "pvc,job")
        assert after.keys() == {key for key in data if key.startswith(("PersistentVolumeClaim", "Job"))}
        assert all(after[key] != data[key] for key in after)
        for one in world.told[before:]:  # the first hook comes before all else, as on the first day
            ready = {w.name for w in one.workloads if w.state is READY}
            assert not ready or "migrate" in ready


async def tidied(world: World) -> None:
    """The hook that goes when it has succeeded has gone."""
    async with asyncio.timeout(60):
        while True:
            if "announce" not in await world.names("job"):
                return
            await asyncio.sleep(0.1)


async def _ended(world: World) -> list[str]:
    words = ("-n", world.namespace, "get", "pods", "--field-selector=status.phase=Succeeded", "-o", "name")
    return [line.partition("/")[2] for line in (await world.kubectl(*words)).splitlines()]


async def test_a_wake_in_the_middle_of_falling_asleep(world: World) -> None:
    await asyncio.to_thread(world.plane.offer_volumes, "of-turning", 2)
    order = await world.deploy("r1", deployment(replicas=2), DATABASE, service())
    await world.live("r1")
    claims = await uids(world, "pvc")
    await world.sleep()
    await world.apply(order)
    await world.live("r1")
    assert await uids(world, "pvc") == claims
    assert await world.names("pods") != [] and not world.newest[world.name].asleep


async def test_one_whose_namespace_is_deleted_by_hand_is_told_as_gone_and_can_begin_anew(world: World) -> None:
    order = await world.deploy("r1", deployment(), job(hook="pre-deploy"))
    await world.live("r1")
    await insisted(world.sleep)
    await world.until(lambda seen: seen.asleep)
    await world.kubectl("delete", "namespace", world.namespace)
    await world.gone()
    await insisted(world.wipe)
    await world.apply(order)
    await world.live("r1")
    assert await world.names("job") != []


async def test_what_does_not_end_is_named(world: World) -> None:
    await world.deploy("r1", deployment())
    await world.live("r1")
    [pod] = await world.names("pods")
    held = json.dumps({"metadata": {"finalizers": ["test.octopod.dev/held"]}})
    await world.kubectl("-n", world.namespace, "patch", "pod", pod, "--type=merge", "-p", held)
    assert not await world.sleep()
    seen = await world.until(lambda seen: bool(seen.hanging))
    assert seen.hanging.startswith(f"Pod `{pod}` can't be ended. A finalizer may hold it") and not seen.asleep
    free = json.dumps({"metadata": {"finalizers": None}})
    await world.kubectl("-n", world.namespace, "patch", "pod", pod, "--type=merge", "-p", free)
    seen = await world.until(lambda seen: seen.asleep)
    assert seen.hanging == ""


async def test_what_a_late_apply_has_made_is_ended_too(world: World) -> None:
    """As one does that was on its way when the sleep was asked for."""
    await world.deploy("r1", deployment())
    await world.live("r1")
    [text] = json.loads(await world.kubectl("-n", world.namespace, "get", "deployment", "-o", "json"))["items"]
    await insisted(world.sleep)
    await world.until(lambda seen: seen.asleep)
    late = {key: value for key, value in text["metadata"].items() if key in ("name", "namespace", "labels")}
    await world.kubectl("create", "-f", "-", given=json.dumps({**text, "metadata": late}))
    seen = await world.until(lambda seen: seen.ask_again)
    assert not seen.asleep
    await world.sleep()
    await world.until(lambda seen: seen.asleep)
