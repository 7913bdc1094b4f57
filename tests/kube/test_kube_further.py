"""Kinds that only some clusters have, on a real control plane: found, applied, waited for, pruned, and counted."""

import asyncio
from pathlib import Path

import pytest
from engine_kit import FAILED, PROGRESSING, READY, World, a_world, deployment, service
from further_kit import WIDGET, condition, define, generation, reason, route, says, state, widget
from kube_rig import ControlPlane

from bot.domain.errors import PermanentError

pytestmark = pytest.mark.kube
pytest_plugins = ["kube_fixtures"]


@pytest.fixture(scope="module", autouse=True)
def definitions(plane: ControlPlane) -> None:
    define(plane, "example.dev", "Widget", "widgets")
    define(plane, "example.dev", "Planet", "planets", "Cluster")
    define(plane, "gateway.networking.k8s.io", "HTTPRoute", "httproutes")


async def test_a_custom_resource_is_waited_for_and_pruned(world: World, tmp_path: Path) -> None:
    world.kinds = frozenset({WIDGET})
    await world.deploy("r1", deployment(), widget())
    await world.until(lambda seen: state(seen, "Deployment") is READY and state(seen) is PROGRESSING)
    await says(world, "widget/own", conditions=[condition("Ready", "False", "Building", "half of it")])
    seen = await world.until(lambda seen: "half" in reason(seen))
    assert reason(seen) == "Widget `own` is not ready: Building: half of it" and seen.serving == "r1"
    await says(world, "widget/own", conditions=[condition("Ready")], observedGeneration=1)
    await world.live("r1")

    await world.deploy("r2", deployment(), widget(2))
    assert await generation(world, "widget/own") == 2
    seen = await world.until(lambda seen: seen.release == "r2" and state(seen, "Deployment") is READY)
    assert (state(seen), reason(seen)) == (
        PROGRESSING,
        "Widget `own`: its controller has not looked at what is new yet",
    )
    await says(world, "widget/own", observedGeneration=2, conditions=[condition("Stalled", message="no such size")])
    assert (await world.failed("r2")).reason.startswith("Widget `own` can't get ready: Done: no such size. Mend it")
    async with a_world(world.plane, tmp_path / "restarted", world.name) as another:  # which knows what the cluster does
        await another.until(lambda seen: state(seen) is FAILED)
        await another.deploy("r3", deployment(), service())
        await another.live("r3")
    assert await world.names("widget") == []


async def test_what_somebody_else_has_made_is_not_touched(world: World) -> None:
    world.kinds = frozenset({WIDGET})
    await world.deploy("r1", deployment(), widget())
    text = widget(name="theirs").replace("metadata: {", f"metadata: {{namespace: {world.namespace}, ")
    await world.kubectl("create", "-f", "-", given=text)
    await world.deploy("r2", deployment())
    assert await world.names("widget") == ["theirs"]
    with pytest.raises(PermanentError, match="Somebody else's objects"):
        await world.deploy("r3", deployment(), widget(name="theirs"))


async def test_kinds_that_a_staging_can_not_have_are_named_and_nothing_is_made(world: World) -> None:
    world.kinds = frozenset({("example.dev/v1", "Planet"), ("example.dev/v1", "Gizmo"), ("example.org/v1", "Thing")})
    thing = widget(kind="Thing").replace("example.dev", "example.org")
    with pytest.raises(PermanentError, match="can't be deployed here") as caught:
        await world.deploy("r1", deployment(), widget(kind="Planet"), widget(kind="Gizmo"), thing)
    assert [line.partition(". ")[0] for line in caught.value.details] == [
        "The cluster does not know Gizmo (example.dev/v1)",
        "Planet (example.dev/v1) is no kind of single namespaces, so no staging can have one of its own.",
        "The cluster does not know Thing (example.org/v1)",
    ]
    assert world.namespace not in await world.kubectl("get", "namespaces", "-o", "name")
    await asyncio.to_thread(define, world.plane, "example.dev", "Gizmo", "gizmos")
    await world.deploy("r2", deployment(), widget(kind="Gizmo"))
    seen = await world.live("r2")  # its controller says nothing, so it is not waited for after a while
    assert state(seen, "Gizmo") is READY
    await world.kubectl("delete", "crd", "gizmos.example.dev")
    await world.deploy("r3", deployment())
    await world.live("r3")


LOOK = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: octopod-kinds}
rules: [{apiGroups: [example.dev], resources: [widgets], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: octopod-kinds}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: octopod-kinds}
subjects: [{kind: ServiceAccount, name: octopod, namespace: octopod}]
"""
WRITE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: octopod-kinds-staging, labels: {octopod.dev/aggregate-to-staging: "true"}}
rules: [{apiGroups: [example.dev], resources: [widgets], verbs: [get, list, create, patch, delete]}]
"""


async def test_its_rights_are_for_the_administrator_to_give(
    plane: ControlPlane, account: Path, tmp_path: Path, name: str
) -> None:
    async with a_world(plane, tmp_path, name, account) as world:
        world.kinds = frozenset({WIDGET})
        with pytest.raises(PermanentError) as caught:
            await world.deploy("r1", deployment(), widget())
        assert caught.value.details[0].startswith("Octopod's account may not watch widgets (example.dev/v1)")
        await world.kubectl("apply", "-f", "-", given=LOOK)
        with pytest.raises(PermanentError) as caught:
            await _as_soon_as_known(world, "r2")
        assert "cannot patch resource" in caught.value.details[0]
        await world.kubectl("apply", "-f", "-", given=WRITE)
        await _as_soon_as_known(world, "r3")
        await says(world, "widget/own", conditions=[condition("Ready")])
        await world.live("r3")
        await world.deploy("r4", deployment())
        await world.live("r4")
        assert await world.names("widget") == []


async def _as_soon_as_known(world: World, release: str) -> None:
    """New rights take the API server a moment."""
    order = world.order(release, deployment(), widget())
    waits = "may not watch" if release == "r2" else "cannot patch resource"
    for _ in range(100):
        try:
            return await world.apply(order)
        except PermanentError as error:
            if waits not in error.details[0]:
                raise
        await asyncio.sleep(0.05)
    raise AssertionError(f"not known within some seconds: {waits}")


async def test_a_route_is_live_when_its_gateway_has_taken_it(world: World) -> None:
    async def answers(*conditions: dict[str, object]) -> None:
        parent = {"name": "public", "namespace": "infra", "group": "gateway.networking.k8s.io", "kind": "Gateway"}
        entry = {"parentRef": parent, "controllerName": "example.dev/gateways", "conditions": list(conditions)}
        await says(world, "httproute/web", parents=[entry])

    await world.deploy("r1", deployment(), service(), route())
    seen = await world.until(lambda seen: "nothing has answered" in reason(seen, "HTTPRoute"))
    assert "for the Gateway infra/public yet" in reason(seen, "HTTPRoute") and seen.workloads[0].state is not FAILED
    await answers(condition("Accepted"), condition("ResolvedRefs"))
    await world.live("r1")

    hosts = route().replace("port: 80", "port: 8080")
    await world.deploy("r2", deployment(), service(), hosts)
    await world.until(lambda seen: seen.release == "r2" and state(seen, "HTTPRoute") is PROGRESSING)
    refused = condition("Accepted", "False", "NotAllowedByListeners", "no listener lets it in", seen=2)
    await answers({**refused, "lastTransitionTime": "2026-01-01T00:00:00Z"})
    told = "HTTPRoute `web` is not served by the Gateway infra/public: NotAllowedByListeners: no listener lets it in."
    await world.until(lambda seen: reason(seen, "HTTPRoute").startswith(told))
    await answers(condition("Accepted", seen=2), condition("ResolvedRefs", "False", "BackendNotFound", seen=2))
    await world.until(lambda seen: "BackendNotFound" in reason(seen, "HTTPRoute"))
    await answers(condition("Accepted", seen=2), condition("ResolvedRefs", seen=2))
    await world.live("r2")
    await world.deploy("r3", deployment(), service())
    await world.live("r3")
    assert await world.names("httproute") == []
