"""The engine on a real control plane: from nothing to live, through updates good and bad, to gone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_kit import FAILED, INGRESS, PROGRESSING, READY, World, a_set, a_world, config, deployment, job, now, service
from kube_rig import ControlPlane, Rig

from bot.domain.errors import PermanentError, UserError
from bot.domain.project import Fence

pytestmark = [pytest.mark.kube, pytest.mark.usefixtures("played")]
pytest_plugins = ["kube_fixtures"]


BIG = ", resources: {limits: {memory: 40Gi}}"


async def test_from_nothing_to_live_to_gone(world: World) -> None:
    await world.deploy("r1", deployment(replicas=2), service(), INGRESS, job())
    seen = await world.live("r1")
    assert {(w.kind, w.name, w.ready, w.wanted) for w in seen.workloads} == {
        ("Deployment", "web", 2, 2),
        ("Job", "migrate", 1, 1),
    }
    found = json.loads(await world.kubectl("get", "namespace", world.namespace, "-o", "json"))["metadata"]
    assert found["labels"]["app.kubernetes.io/managed-by"] == "octopod"
    assert found["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
    for kind in ("resourcequota", "limitrange", "networkpolicy"):
        assert await world.names(kind) == ["octopod"]
    pod = json.loads(await world.kubectl("-n", world.namespace, "get", "pods", "-l", "app=web", "-o", "json"))["items"][
        0
    ]
    (container,) = pod["spec"]["containers"]
    assert {"name": "PORT", "value": "8080"} in container["env"]
    assert container["resources"]["limits"]["memory"] == "512Mi"

    await world.engine.remove(world.name)
    await world.engine.remove(world.name)  # asked again
    await world.gone()
    assert world.namespace not in await world.kubectl("get", "namespaces", "-o", "name")
    before = len(world.told)
    await world.engine.remove(world.name)  # once more, of what is gone
    await world.until(lambda seen: len(world.told) > before and not seen.present)


async def test_a_bad_update_fails_while_the_old_release_serves(world: World) -> None:
    """Old pods that are well make nothing live, and no detour calls it so on the way."""
    await world.deploy("r1", deployment(), service())
    await world.live("r1")
    await world.deploy("r2", deployment(fate="crash"), service())
    failed = await world.failed("r2")
    assert failed.reason.startswith("web exited with code 1, 4 times so far.")
    seen = world.newest[world.name]
    assert seen.serving == "r1"
    assert [(w.release, w.state, w.ready) for w in seen.serving_workloads] == [("r1", READY, 1)]
    assert not any(s.serving == "r2" for s in world.own)
    assert not any(w.release == "r2" and w.state is READY for s in world.own for w in s.workloads)

    await world.deploy("r3", deployment(), service())
    await world.live("r3")


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (deployment(fate="crash"), "web exited with code 1"),
        (deployment(fate="oom"), "web ran out of memory and was killed, 4 times so far. Its limit is 512Mi."),
        (deployment(fate="config"), 'web can\'t be configured: secret "payments" not found'),
        (deployment(fate="image"), f"web: the image ghcr.io/acme/shop:{'a' * 40} is not in the registry"),
        (deployment(pod="nodeSelector: {gpu: very}"), "web finds no room in the cluster: 0/3 nodes"),
        (deployment(more=", resources: {requests: {memory: 1Ti}}"), "must be less than or equal to memory limit"),
        (
            deployment(pod="hostNetwork: true"),
            'web is not allowed to run so: violates PodSecurity "ba',
        ),
        (deployment(replicas=41), "web: the staging's quota is used up (exceeded quota: octopod"),
        (a_set("StatefulSet", more=BIG), "db: the staging's quota is used up (exceeded quota: octopod"),
        (a_set("DaemonSet", more=BIG), "db: the staging's quota is used up (exceeded quota: octopod"),
        (job(fate="fail"), "migrate failed: the last time it exited with code 3"),
    ],
    ids=["crash", "oom", "config", "image", "room", "limits", "security", "quota", "set", "daemons", "job"],
)
async def test_what_is_wrong_is_named(world: World, manifest: str, reason: str) -> None:
    try:
        await world.deploy("r1", manifest)
    except PermanentError as error:
        assert any(reason in line for line in error.details), error.details
        return
    assert reason in (await world.failed("r1")).reason
    assert world.newest[world.name].serving is None


async def test_the_projects_own_image_is_waited_for(world: World, tmp_path: Path) -> None:
    image = f"ghcr.io/acme/shop:{'a' * 40}"
    await world.port.apply(replace(world.order("r1", deployment(fate="image"), service()), image=image))
    seen = await world.until(lambda seen: any(w.awaits for w in seen.workloads))
    assert [(w.state, w.awaits) for w in seen.workloads] == [(PROGRESSING, image)]
    own = [told for told in world.told if told.staging == world.name]  # other tests' stagings are told of, too
    assert not any(w.state is FAILED for told in own for w in told.workloads)
    async with a_world(world.plane, tmp_path, world.name) as another:  # which knows only what the cluster does
        await another.until(lambda seen: any(w.awaits == image for w in seen.workloads))
    await world.deploy("r2", deployment(), service())
    await world.live("r2")


async def test_a_volume_that_is_not_there_is_named(world: World) -> None:
    """Only events tell that; kwok's kubelets send none."""
    await world.deploy("r1", deployment(fate="pulling"))
    await world.until(lambda seen: seen.release == "r1" and world.engine.requests > 0)
    await world.kubectl("-n", world.namespace, "wait", "pod", "--all", "--for=jsonpath={.status.phase}=Pending")
    pod = json.loads(await world.kubectl("-n", world.namespace, "get", "pods", "-o", "json"))["items"][0]["metadata"]
    place = {"name": "mount", "namespace": world.namespace}
    about = {"kind": "Pod", "name": pod["name"], "namespace": world.namespace, "uid": pod["uid"]}
    told = {"reason": "FailedMount", "type": "Warning", "message": 'secret "payments-tls" not found'}
    times = {"firstTimestamp": now().isoformat(), "lastTimestamp": now().isoformat()}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": place, "involvedObject": about, **told, **times}
    await world.kubectl("create", "-f", "-", given=json.dumps(event))
    assert (await world.failed("r1")).reason.startswith('web can\'t be configured: secret "payments-tls" not found.')


CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: nope, resources: {requests: {storage: 1Gi}}}
"""
MOUNTED = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"


async def test_a_claim_without_a_volume_is_named(world: World) -> None:
    await world.deploy("r1", deployment(pod=MOUNTED), CLAIM)
    why = 'claim `data`: storageclass.storage.k8s.io "nope" not found. Name a storageClassName that the cluster has'
    await world.until(lambda seen: any(w.state is FAILED and why in w.reason for w in seen.workloads))
    await world.deploy("r2", deployment(pod=MOUNTED.replace("claimName: data", "claimName: date")), CLAIM)
    assert (await world.failed("r2")).reason.startswith("web mounts the claim `date`, which is not there.")


async def test_secrets_are_copied_and_pods_pull_by_them(plane: ControlPlane, tmp_path: Path, name: str) -> None:
    async with a_world(plane, tmp_path, name, copied={"shop": ("pull", "tls")}) as world:
        with pytest.raises(PermanentError, match="copy_secrets") as caught:
            await world.deploy("r0", deployment())
        assert "There is no Secret `pull` in namespace `default`" in caught.value.details
        await world.kubectl("create", "secret", "docker-registry", "pull", "--docker-username=u", "--docker-password=p")
        await world.kubectl("create", "secret", "generic", "tls", "--from-literal=key=secret")
        await world.deploy("r1", deployment())
        await world.live("r1")
        assert set(await world.names("secret")) == {"pull", "tls"}
        pod = json.loads(await world.kubectl("-n", world.namespace, "get", "pods", "-o", "json"))["items"][0]
        assert pod["spec"]["imagePullSecrets"] == [{"name": "pull"}]
        await world.apply(replace(world.order("r2", deployment()), fork=True))
        await world.live("r2")
        assert await world.names("secret") == [], "what a fork brings gets none"
    async with a_world(plane, tmp_path / "without", name) as world:
        await world.deploy("r3", deployment())
        await world.live("r3")
        assert await world.names("secret") == []


async def test_a_fence_is_what_octopod_yaml_says_from_the_next_deploy_on(
    plane: ControlPlane, tmp_path: Path, name: str
) -> None:
    async with a_world(plane, tmp_path, name) as world:
        await world.deploy("r1", deployment())
        await world.live("r1")
    tight = Fence(quota={"pods": "1"}, requests={}, limits={"memory": "64Mi"}, pod_security="restricted", egress=False)
    async with a_world(plane, tmp_path, name, fences={"shop": tight}) as world:
        await world.deploy("r2", deployment())
        assert 'is not allowed to run so: violates PodSecurity "restricted' in (await world.failed("r2")).reason
        get = ("-n", world.namespace, "get", "-o", "json")
        assert json.loads(await world.kubectl(*get, "quota", "octopod"))["spec"]["hard"] == {"pods": "1"}
        (limits,) = json.loads(await world.kubectl(*get, "limitrange", "octopod"))["spec"]["limits"]
        assert limits["default"] == {"memory": "64Mi"}
        policy = json.loads(await world.kubectl(*get, "networkpolicy", "octopod"))["spec"]
        assert policy["policyTypes"] == ["Ingress", "Egress"] and policy["egress"][0] == {"to": [{"podSelector": {}}]}
    async with a_world(plane, tmp_path, name) as world:
        await world.deploy("r3", deployment())
        await world.live("r3")
        policy = json.loads(await world.kubectl(*get, "networkpolicy", "octopod"))["spec"]
        assert policy["policyTypes"] == ["Ingress"] and "egress" not in policy


async def test_sets_of_pods_with_a_name_or_on_every_node(world: World) -> None:
    await world.deploy("r1", a_set("StatefulSet"), a_set("DaemonSet", "agent"))
    await world.live("r1")
    all_of_them = {("StatefulSet", 1, 1), ("DaemonSet", 3, 3)}
    await world.until(lambda seen: {(w.kind, w.ready, w.wanted) for w in seen.workloads} == all_of_them)
    await world.deploy("r2", a_set("StatefulSet"), a_set("DaemonSet", "agent"))
    await world.live("r2")


async def test_a_stateful_set_gets_over_a_bad_release(world: World) -> None:
    """Kubernetes itself waits for ever for the bad pod to become ready before it replaces it."""
    await world.deploy("r1", a_set("StatefulSet"))
    await world.live("r1")
    await world.deploy("r2", a_set("StatefulSet", fate="crash"))
    assert "db exited with code 1" in (await world.failed("r2")).reason
    await world.deploy("r3", a_set("StatefulSet"))
    await world.live("r3")


async def test_an_idle_engine_asks_nothing_but_its_watches(world: World) -> None:
    """Among all the stagings of this file; time passes while others work on the cluster."""
    for number in range(4):
        await world.deploy(f"r{number}", deployment(replicas=number))
    await world.live("r3")
    before = world.engine.requests
    for number in range(5):
        await world.kubectl("-n", world.namespace, "create", "configmap", f"other-{number}")
    assert world.engine.requests == before


async def test_an_update_prunes_what_it_has_no_more_and_nothing_else(world: World) -> None:
    await world.deploy("r1", deployment(), service(), deployment("api"), service("api"), config())
    await world.live("r1")
    await world.kubectl("-n", world.namespace, "create", "configmap", "theirs", "--from-literal=a=b")
    await world.deploy("r2", deployment(), service())
    await world.live("r2")
    assert await world.names("deployment") == await world.names("service") == ["web"]
    assert set(await world.names("configmap")) == {"kube-root-ca.crt", "octopod-env", "theirs"}


async def test_a_job_runs_once_per_release(world: World) -> None:
    uid = ("-n", world.namespace, "get", "job", "migrate", "-o", "jsonpath={.metadata.uid}")
    await world.deploy("r1", job())
    await world.live("r1")
    first = await world.kubectl(*uid)
    await world.engine.apply(world.order("r1-again", job()))
    await world.live("r1-again")
    assert await world.kubectl(*uid) != first


async def test_a_bot_that_is_restarted_goes_on_after_the_hook(plane: ControlPlane, tmp_path: Path, name: str) -> None:
    hook = job(fate="pulling", hook="pre-deploy")
    async with a_world(plane, tmp_path, name) as first:
        await first.deploy("r1", deployment(), service(), config(), hook)
        await first.until(lambda seen: seen.release == "r1")
        assert (await first.names("service"), await first.names("deployment")) == ([], [])
        assert "settings" in await first.names("configmap")
    async with a_world(plane, tmp_path, name) as second:
        second.orders = first.orders
        await second.until(lambda seen: seen.release == "r1" and second.synced > 0)
        await second.port.apply(second.orders["r1"])  # asked too early
        assert await second.names("deployment") == []
        wait = ("wait", "pod", "--all", "--for=jsonpath={.status.phase}=Pending", "--timeout=30s")
        await second.kubectl("-n", second.namespace, *wait)
        (pod,) = await second.names("pods")
        patch = ("--subresource=status", "--type=merge", "-p", '{"status": {"phase": "Succeeded"}}')
        await second.kubectl("-n", second.namespace, "patch", "pod", pod, *patch)
        await second.live("r1")
        await second.deploy("r2", deployment())
        await second.live("r2")
        assert await second.names("job") == []


async def test_what_others_own_is_not_touched(world: World) -> None:
    await world.deploy("r1", deployment())
    await world.kubectl("-n", world.namespace, "create", "configmap", "settings", "--from-literal=theirs=1")
    with pytest.raises(PermanentError, match="Somebody else's objects") as caught:
        await world.deploy("r2", deployment(), config())
    assert caught.value.details == ("ConfigMap `settings` is there already, and is not this staging's",)
    assert "theirs" in await world.kubectl("-n", world.namespace, "get", "configmap", "settings", "-o", "yaml")
    assert (await world.live("r1")).release == "r1"


async def test_a_foreign_namespace_is_refused(world: World) -> None:
    await world.kubectl("create", "namespace", world.namespace)
    with pytest.raises(PermanentError, match="it is not Octopod's"):
        await world.deploy("r1", deployment())
    await world.engine.remove(world.name)
    assert f"namespace/{world.namespace}" in await world.kubectl("get", "namespaces", "-o", "name")


async def test_a_conflict_is_explained_and_nothing_is_changed(world: World) -> None:
    await world.deploy("r1", deployment(), service())
    await world.live("r1")
    await world.kubectl("-n", world.namespace, "scale", "deployment/web", "--replicas=2")
    with pytest.raises(PermanentError, match="changed objects of this staging by hand") as caught:
        await world.deploy("r2", deployment(), config())
    assert any('conflict with "kubectl"' in line and ".spec.replicas" in line for line in caught.value.details)
    assert "settings" not in await world.names("configmap")
    assert (await world.until(lambda seen: seen.serving == "r1" and seen.workloads[0].ready == 2)).release == "r1"


async def test_all_that_the_cluster_refuses_is_told_at_once(world: World) -> None:
    await world.deploy("r1", deployment())
    await world.live("r1")
    port = service().replace("port: 80,", "port: 99999,")
    with pytest.raises(PermanentError, match="refuses 2 objects") as caught:
        await world.deploy("r2", port, deployment().replace("matchLabels: {app: web}", "matchLabels: {app: other}"))
    assert any("99999" in line for line in caught.value.details)
    assert any("selector" in line for line in caught.value.details)
    assert world.newest[world.name].release == "r1"


async def test_a_live_staging_that_dies_and_recovers(world: World) -> None:
    await world.deploy("r1", deployment())
    await world.live("r1")
    crash = {"waiting": {"reason": "CrashLoopBackOff"}}
    await _becomes(world, False, crash, {"terminated": {"exitCode": 1, "reason": "Error"}})
    seen = await world.until(lambda seen: seen.serving_workloads[0].ready == 0)
    assert seen.serving == "r1" and "web exited with code 1" in seen.serving_workloads[0].reason
    await _becomes(world, True, {"running": {}}, {})
    seen = await world.until(lambda seen: seen.serving_workloads[0].ready == 1)
    assert seen.serving == "r1" and seen.serving_workloads[0].reason == ""


async def _becomes(world: World, ready: bool, state: Any, last: Any) -> None:
    """What a kubelet would tell of the only pod."""
    (pod,) = await world.names("pods")
    container = {"name": "web", "image": "x", "imageID": "", "restartCount": 4, "ready": ready}
    containers = [{**container, "state": state, "lastState": last}]
    status = {"conditions": [{"type": "Ready", "status": str(ready)}], "containerStatuses": containers}
    patch = ("--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))
    await world.kubectl("-n", world.namespace, "patch", "pod", pod, *patch)


async def test_gone_is_told_only_when_it_is(world: World) -> None:
    await world.deploy("r1", deployment(), config())
    await world.live("r1")
    held = ("-n", world.namespace, "patch", "configmap", "settings", "--type=merge", "-p")
    await world.kubectl(*held, '{"metadata": {"finalizers": ["example.com/held"]}}')
    await world.engine.remove(world.name)
    hanging = (await world.until(lambda seen: "finalizer" in seen.hanging)).hanging
    assert hanging.startswith("1 configmaps can't go: the finalizer `example.com/held` holds")
    assert f"`kubectl -n {world.namespace} edit configmaps`" in hanging
    await world.kubectl(*held, '{"metadata": {"finalizers": null}}')
    await world.gone()


async def test_a_new_bot_finds_everything(world: World, plane: ControlPlane, tmp_path: Path) -> None:
    await world.deploy("r1", deployment())
    before = await world.live("r1")
    async with a_world(plane, tmp_path / "second", world.name) as second:
        after = await second.live("r1")
        assert (after.release, after.serving) == (before.release, before.serving)
        await second.until(lambda seen: second.synced > 0)


async def test_the_api_server_dies_in_the_middle_of_a_rollout(world: World, rig: Rig) -> None:
    await world.deploy("r1", deployment(), service())
    await world.live("r1")
    listed = world.synced
    await world.deploy("r2", deployment(replicas=3), service())
    rig.stop_api_server()
    rig.start_api_server()
    seen = await world.live("r2")
    assert (seen.workloads[0].ready, seen.workloads[0].wanted) == (3, 3)
    await world.deploy("r3", deployment(fate="crash"), service())
    assert (await world.failed("r3")).release == "r3"
    assert world.newest[world.name].serving == "r2"
    assert world.synced > listed


async def test_logs_are_of_the_newest_release_by_workload(world: World) -> None:
    await world.deploy("r1", deployment())
    await world.live("r1")
    assert await world.engine.logs(world.name) == {"web": ["one line", "another line"]}
    assert await world.engine.logs(world.name, "web", lines=1) == {"web": ["another line"]}
    with pytest.raises(UserError, match="no workload api: there are web"):
        await world.engine.logs(world.name, "api")


async def test_the_last_lines_come_with_the_failure(world: World) -> None:
    await world.deploy("r1", deployment())
    await world.live("r1")
    await world.deploy("r2", deployment(fate="crash"))
    assert (await world.failed("r2")).log_tail == ("one line", "another line")
    own = [s for s in world.told if s.staging == world.name]
    silent = [s for s in own if any(w.state is FAILED and not w.log_tail for w in s.workloads)]
    assert silent == []
