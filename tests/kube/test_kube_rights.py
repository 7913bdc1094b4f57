"""The account of manifests/bot: enough for everything that the engine does, and nothing beyond stagings.

What it may not do is asked with its raw token: it is the cluster that refuses, not the bot.
"""

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from engine_kit import INGRESS, World, a_set, a_world, config, deployment, job, service
from kube_rig import ControlPlane
from manifest_kit import autoscaler, budget, cron_job

from bot.domain.errors import TemporaryError

pytestmark = [pytest.mark.kube, pytest.mark.usefixtures("played")]
pytest_plugins = ["kube_fixtures"]

Bot = Callable[..., str]


@pytest.fixture
def as_bot(plane: ControlPlane, account: Path) -> Bot:
    """kubectl with the bot's token; what it says, or what it complains about."""

    def run(*words: str, given: str | None = None) -> str:
        command = [str(plane.programs / "kubectl"), "--kubeconfig", str(account), *words]
        done = subprocess.run(command, capture_output=True, text=True, input=given, timeout=60)
        return done.stdout if done.returncode == 0 else f"refused: {done.stderr}"

    return run


async def test_it_is_enough(plane: ControlPlane, account: Path, tmp_path: Path, as_bot: Bot) -> None:
    who = json.loads(await asyncio.to_thread(as_bot, "auth", "whoami", "-o", "json"))
    assert who["status"]["userInfo"]["username"] == "system:serviceaccount:octopod:octopod"
    await asyncio.to_thread(plane.kubectl, "-n", "octopod", "create", "secret", "generic", "wildcard-tls")
    copied = {"shop": ["wildcard-tls"]}
    async with a_world(plane, tmp_path, "with-little-rights", account, copied=copied) as world:
        await _whole_life(world)


async def _whole_life(world: World) -> None:
    await world.deploy("r0", deployment(), a_set("StatefulSet", fate="crash"))
    await world.failed("r0")
    beside = (service(), INGRESS, config(), autoscaler(), budget(), cron_job("s"))
    await world.deploy("r1", deployment(), a_set("StatefulSet"), job(), *beside)
    await world.live("r1")
    assert (await world.names("rolebinding"), await world.names("secret")) == (["octopod"], ["wildcard-tls"])
    await world.deploy("r2", deployment(fate="crash"), service(), job())
    assert (await world.failed("r2")).log_tail == ("one line", "another line")
    assert set(await world.engine.logs(world.name)) == {"migrate", "web"}
    await world.deploy("r3", deployment())
    await world.live("r3")
    assert "settings" not in await world.names("configmap")
    assert [await world.names(kind) for kind in ("hpa", "pdb", "cronjob")] == [[], [], []]
    await world.engine.remove(world.name)
    await world.gone()


LOOKING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: looking}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch]}]
"""


async def test_a_removal_that_is_refused_says_so_and_goes_on_when_it_may(world: World, tmp_path: Path) -> None:
    await world.deploy("r1", deployment())
    await world.live("r1")
    account = ("--serviceaccount", "default:looking")
    await world.kubectl("create", "serviceaccount", "looking")
    await world.kubectl("apply", "-f", "-", given=LOOKING)
    await world.kubectl("create", "clusterrolebinding", "looking", "--clusterrole", "looking", *account)
    async with a_world(world.plane, tmp_path, world.name, await _kubeconfig(world, "looking", tmp_path)) as weak:
        await weak.live("r1")
        for _ in range(2):
            with pytest.raises(TemporaryError, match="cannot delete resource"):
                await weak.engine.remove(world.name)
        hanging = (await weak.until(lambda seen: seen.hanging)).hanging
        assert hanging.startswith(f"The cluster refuses to remove it: Namespace `{world.namespace}`: delete: ")
        assert "Give the bot's account that right (`kubectl apply -k manifests/bot`)" in hanging
        await world.kubectl("create", "clusterrolebinding", "may", "--clusterrole", "cluster-admin", *account)
        await _until_it_may(weak)
        await weak.gone()


async def _until_it_may(weak: World) -> None:
    """The API server takes a moment to know of new rights."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await weak.engine.remove(weak.name)
            except TemporaryError:
                await asyncio.sleep(0.1)


async def _kubeconfig(world: World, account: str, folder: Path) -> Path:
    config = yaml.safe_load(world.plane.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": (await world.kubectl("create", "token", account)).strip()}
    file = folder / f"{account}.kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: sneaky, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{{kind: {kind}, name: {subject}{more}}}]
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: sneaky, labels: {labels}}}\n"
OURS = "{app.kubernetes.io/managed-by: octopod, octopod.dev/staging: s, pod-security.kubernetes.io/enforce: %s}"


def binding(
    namespace: str, role: str = "octopod-staging", kind: str = "ServiceAccount", subject: str = "octopod"
) -> str:
    more = ", namespace: octopod" if kind == "ServiceAccount" else ", apiGroup: rbac.authorization.k8s.io"
    return BINDING.format(namespace=namespace, role=role, kind=kind, subject=subject, more=more)


@pytest.fixture(scope="module")
def own_namespace(plane: ControlPlane, account: Path) -> str:
    given = NAMESPACE.format(labels=OURS % "baseline").replace("name: sneaky", "name: own")
    plane.kubectl("apply", "-f", "-", given=given)
    plane.kubectl("create", "namespace", "foreign")
    plane.kubectl("-n", "foreign", "create", "deployment", "theirs", "--image=theirs")
    plane.kubectl("-n", "foreign", "rollout", "status", "deployment/theirs", "--timeout=60s")
    return "own"


@pytest.mark.parametrize(
    ("words", "given", "reason"),
    [
        (["delete", "namespace", "foreign"], None, "this namespace is not Octopod's"),
        (
            ["label", "namespace", "foreign", "app.kubernetes.io/managed-by=octopod"],
            None,
            "this namespace is not Octopod's",
        ),
        (["create", "namespace", "sneaky"], None, "Octopod makes namespaces of stagings only"),
        (["create", "-f", "-"], NAMESPACE.format(labels=OURS % "privileged"), "with Pod Security enforced"),
        (
            ["label", "namespace", "own", "--overwrite", "pod-security.kubernetes.io/enforce=privileged"],
            None,
            "enforced",
        ),
        (["create", "-f", "-"], binding("foreign"), "Octopod gives rights in the namespaces of stagings only"),
        (["create", "-f", "-"], binding("kube-system"), "Octopod gives rights in the namespaces of stagings only"),
        (["create", "-f", "-"], binding("own", role="cluster-admin"), "forbidden"),
        (["create", "-f", "-"], binding("own", kind="User", subject="mallory"), "gives only its own account rights"),
        (["-n", "kube-system", "get", "secrets"], None, "cannot list resource"),
        (["get", "secrets", "--all-namespaces"], None, "cannot list resource"),
        (["-n", "foreign", "create", "configmap", "x"], None, "cannot create resource"),
        (["-n", "foreign", "delete", "pods", "--all"], None, "cannot delete resource"),
        (["-n", "foreign", "exec", "deployment/theirs", "--", "true"], None, 'cannot create resource "pods/exec"'),
        (["-n", "foreign", "scale", "deployment/theirs", "--replicas=0"], None, "cannot patch resource"),
        (["-n", "octopod", "create", "token", "octopod"], None, "cannot create resource"),
    ],
)
def test_it_is_not_more(as_bot: Bot, own_namespace: str, words: list[str], given: str | None, reason: str) -> None:
    said = as_bot(*words, given=given)
    assert said.startswith("refused: ") and reason in said


def test_what_it_may_is_really_what_is_refused_elsewhere(as_bot: Bot, own_namespace: str) -> None:
    """The same words in a staging's namespace are not refused: the fence is where it should be."""
    assert "sneaky" in as_bot("create", "-f", "-", given=binding(own_namespace))
