"""What happened to a live staging, on a real control plane: its pods and their node fare badly, and it is told."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from engine_kit import World, deployment
from kube_rig import LEFT_ALONE, Rig

from bot.domain.status import Sign, SignKind

pytestmark = [pytest.mark.kube, pytest.mark.usefixtures("played")]
pytest_plugins = ["kube_fixtures"]
APART = "test.octopod.dev/apart"
STATUS = ("--subresource=status", "--type=merge", "-p")


async def test_out_of_memory_restarts_and_an_image_that_is_gone(world: World) -> None:
    await world.deploy("r1", deployment())
    await world.live("r1")
    await _container(world, True, {"running": {}}, {"terminated": _ended(137, "OOMKilled")})
    oom = await _sign(world, SignKind.OUT_OF_MEMORY)
    assert (oom.of, oom.text) == ("512Mi", "web ran out of memory and was killed; its limit is 512Mi")
    assert oom.at == datetime(2026, 1, 1, 12, 0, tzinfo=UTC) and world.newest[world.name].workloads[0].ready == 1

    await _container(world, False, {"waiting": {"reason": "CrashLoopBackOff"}}, {"terminated": _ended(3, "Error")})
    restarted = await _sign(world, SignKind.RESTARTED)
    assert restarted.text == "web exited with code 3, 3 times so far; it is started again"

    pulling = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}
    await _container(world, False, pulling, {})
    image = await _sign(world, SignKind.IMAGE)
    assert image.of == "ghcr.io" and "can't be pulled from ghcr.io" in image.text
    assert world.newest[world.name].serving == "r1"


async def test_a_pod_that_is_evicted_or_drained(world: World) -> None:
    await world.deploy("r1", deployment())
    await world.live("r1")
    pod, node = await _pod(world)
    full = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
    await world.kubectl("-n", world.namespace, "patch", "pod", pod, *STATUS, json.dumps({"status": full}))
    evicted = await _sign(world, SignKind.EVICTED)
    assert (evicted.of, evicted.text) == (
        node,
        f"web was taken off the node {node}: The node was low on resource: memory",
    )
    await world.kubectl("-n", world.namespace, "delete", "pod", pod)
    await world.until(lambda seen: not seen.workloads[0].signs and seen.workloads[0].ready == 1)

    pod, node = await _pod(world)
    held = ("-n", world.namespace, "patch", "pod", pod, "--type=merge", "-p")
    await world.kubectl(*held, '{"metadata": {"finalizers": ["example.com/held"]}}')  # no kubelet takes its time here
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": world.namespace}}
    where = f"/api/v1/namespaces/{world.namespace}/pods/{pod}/eviction"
    await world.kubectl("create", "--raw", where, "-f", "-", given=json.dumps(eviction))
    drained = await _sign(world, SignKind.EVICTED)
    assert (drained.of, drained.text) == (node, f"web was taken off the node {node}: Eviction API: evicting")
    await world.kubectl(*held, '{"metadata": {"finalizers": null}}')


async def test_a_node_that_is_lost_is_named(rig: Rig, world: World) -> None:
    """The node's own controller marks its pods, as their kubelet can't; the bot has no right to look at nodes."""
    async with _a_node(world, f"lost-{world.name}"[:40]) as node:
        there = f"nodeSelector: {{kubernetes.io/hostname: {node}}}"
        tolerated = f"tolerations: [{{key: {APART}, operator: Exists}}]"
        await world.deploy("r1", deployment(pod=f"{there}\n      {tolerated}"))
        await world.live("r1")
        await world.kubectl("label", "node", node, f"{LEFT_ALONE}=true")
        with rig.nodes_watched_closely("15s"):  # the others are heard of every ten seconds
            sign = await _sign(world, SignKind.NODE)
        text = f"the node {node}, on which web runs, is not well or does not answer"
        assert (sign.of, sign.workload, sign.text) == (node, "web", text)
        seen = await world.until(lambda seen: seen.workloads[0].ready == 0 and seen.workloads[0].reason)
        assert (seen.serving, seen.workloads[0].reason) == ("r1", text)


@asynccontextmanager
async def _a_node(world: World, name: str) -> AsyncIterator[str]:
    """For this test alone."""
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"taints": [{"key": APART, "effect": "NoSchedule"}]},
    }
    await world.kubectl("create", "-f", "-", given=yaml.safe_dump(node))
    try:
        await world.kubectl("wait", "node", name, "--for=condition=Ready", "--timeout=30s")
        yield name
    finally:
        await world.kubectl("delete", "node", name)


async def _pod(world: World) -> tuple[str, str]:
    """Its only one, and where it runs."""
    found = json.loads(await world.kubectl("-n", world.namespace, "get", "pods", "-o", "json"))["items"]
    (pod,) = found
    return pod["metadata"]["name"], pod["spec"]["nodeName"]


async def _sign(world: World, kind: SignKind) -> Sign:
    def of_kind(seen: Any) -> Any:
        return next((sign for sign in seen.workloads[0].signs if sign.kind is kind), None)

    found: Sign = of_kind(await world.until(of_kind))
    return found


def _ended(code: int, reason: str) -> dict[str, Any]:
    return {
        "exitCode": code,
        "reason": reason,
        "startedAt": "2026-01-01T11:00:00Z",
        "finishedAt": "2026-01-01T12:00:00Z",
    }


async def _container(world: World, ready: bool, state: Any, last: Any) -> None:
    """What a kubelet would tell of the only pod."""
    (pod,) = await world.names("pods")
    container = {"name": "web", "image": "ghcr.io/acme/shop:1", "imageID": "", "restartCount": 2, "ready": ready}
    told = {"type": "Ready", "status": str(ready), **({} if ready else {"reason": "ContainersNotReady"})}
    status = {"conditions": [told], "containerStatuses": [{**container, "state": state, "lastState": last}]}
    await world.kubectl("-n", world.namespace, "patch", "pod", pod, *STATUS, json.dumps({"status": status}))
