"""What the local engine makes of objects, and what it refuses, all mistakes at once. No process is started here."""

import base64
import sys
from pathlib import Path
from typing import Any

import pytest
from local_world import claim, config_map, deployment, engine_in, ingress, job, service, site, write_tree

from bot.domain.errors import PermanentError, TemporaryError
from bot.local.environment import Surroundings, expand, launch
from bot.local.reader import KINDS, read_release
from bot.local.spec import Route, Workload
from bot.ports import Engine, ReleaseOrder

AROUND = Surroundings(Path("/tree"), Path("/home"), Path("/tmp"), Path("/volumes"), {"API_SERVICE_PORT": "7"}, "/bin")


def changed(found: Any, *path: Any, to: Any) -> Any:
    """The same object with one value changed."""
    *keys, last = path
    place = found
    for key in keys:
        place = place[key]
    place[last] = to
    return found


def pod(*path: Any, to: Any) -> Any:
    return changed(deployment(), "spec", "template", "spec", *path, to=to)


REFUSED = [
    (
        [deployment(command=None)],
        "Deployment web: container web: it has no command (the local engine runs",
    ),
    ([deployment(command=[])], "it has no command"),
    ([deployment(command="python web.py")], "command must be a list"),
    ([deployment(command=["python", 5])], "every entry of command must be a text"),
    ([deployment(workingDir="/app")], "workingDir /app must be a folder of the branch, like src/web"),
    ([deployment(workingDir="../other")], "workingDir ../other must be a folder of the branch"),
    ([deployment(ports=[{"containerPort": "http"}])], "every entry of ports needs a containerPort with a number"),
    ([deployment(ports=[{"containerPort": 53, "protocol": "UDP"}])], "port 53: only TCP is known"),
    ([deployment(env=[{"name": "A", "value": 5}])], "env A: value must be a text, in quotes if it looks like a number"),
    ([deployment(env=[{"value": "x"}])], "an entry of env has no name"),
    ([deployment(env=[{"name": "A=B", "value": "x"}])], "'A=B' can't be the name of a variable"),
    ([deployment(env=[{"name": "A", "value": "\0"}])], "value must be a text"),
    (
        [deployment(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}])],
        "env A: there is no ConfigMap c in the manifests",
    ),
    (
        [config_map("c"), deployment(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}])],
        "env A: the ConfigMap c has no key k in the manifests",
    ),
    (
        [deployment(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}])],
        "valueFrom the field status.podIP is not known to the local engine",
    ),
    (
        [deployment(env=[{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}])],
        "valueFrom resourceFieldRef is not known to the local engine",
    ),
    ([deployment(envFrom=[{"secretRef": {"name": "s"}}])], "envFrom names the Secret s, which is not in the manifests"),
    ([deployment(volumeMounts=[{"name": "v"}])], "it mounts the volume v, which the pod does not have"),
    (
        [deployment(volumeMounts=[{"name": "v"}], pod={"volumes": [{"name": "v", "emptyDir": {}}]})],
        "it mounts the volume v (emptyDir); the local engine mounts PersistentVolumeClaims only",
    ),
    (
        [
            deployment(
                volumeMounts=[{"name": "v"}],
                pod={"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]},
            )
        ],
        "it mounts the claim data, which is not in the manifests",
    ),
    (
        [
            claim("data"),
            deployment(
                volumeMounts=[{"name": "v", "subPath": "x"}],
                pod={"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]},
            ),
        ],
        "it mounts a part of the claim data (subPath)",
    ),
    ([deployment(readinessProbe={"grpc": {"port": 8080}})], "readinessProbe: it needs httpGet, tcpSocket or exec"),
    ([deployment(readinessProbe={"tcpSocket": {"port": 99}})], "its port 99 is not among the container's ports"),
    ([deployment(readinessProbe={"httpGet": {"port": 8080, "host": "x"}})], "httpGet.host is not known"),
    ([deployment(readinessProbe={"exec": {}})], "exec has no command"),
    ([deployment(readinessProbe={"tcpSocket": {"port": 8080}, "periodSeconds": "5"})], "periodSeconds must be a whole"),
    ([deployment(lifecycle={"postStart": {"exec": {}}})], "lifecycle.postStart is not known"),
    (
        [
            changed(
                job("j", "true"), "spec", "template", "metadata", to={"annotations": {"octopod.dev/snapshot-of": "db"}}
            )
        ],
        "snapshots of another staging's data are brought on Kubernetes only",
    ),
    ([pod("containers", to=[])], "Deployment web: it has no containers"),
    ([pod("containers", to="web")], "containers must be a list"),
    ([pod("containers", to=["web"])], "every entry of containers must be a mapping"),
    ([pod("initContainers", to=[{"name": "a", "command": ["b"], "restartPolicy": "Always"}])], "restartPolicy: Always"),
    ([changed(deployment(), "spec", "replicas", to=-1)], "replicas must be a whole number, 0 or more"),
    ([changed(deployment(), "spec", "paused", to=True)], "a paused Deployment would never start"),
    ([changed(job("j", "true"), "spec", "completions", to=3)], "Job j: completions other than 1 is not known"),
    ([changed(job("j", "true"), "spec", "suspend", to=True)], "a suspended Job would never start"),
    ([deployment(), changed(service(), "spec", "type", to="LoadBalancer")], "its type LoadBalancer is not known"),
    ([deployment(), changed(service(), "spec", "selector", to={})], "it has no selector"),
    ([deployment(), changed(service(), "spec", "ports", to=[])], "Service web: it has no ports"),
    ([deployment(), service(target=99)], "port 80 leads to port 99 of the Deployment web, which is not among its"),
    ([deployment(), ingress("a.localhost")], "host a.localhost: it leads to the Service web, which is not in the"),
    (
        [deployment(), service(), ingress("a.localhost", port=81)],
        "it leads to port 81 of the Service web, which",
    ),
    ([deployment(), service(), ingress("*.localhost")], "every rule needs a host, without *"),
    ([deployment(), service(), ingress("")], "every rule needs a host"),
    ([deployment(), service(), ingress("a.localhost", path="shop")], "path shop must begin with /"),
    ([deployment(), changed(ingress("a.localhost"), "spec", "defaultBackend", to={"service": {}})], "defaultBackend"),
    ([deployment(), deployment()], "Deployment web: it is there twice"),
    ([changed(deployment(), "metadata", "name", to="")], "Deployment (without a name): it needs a name"),
    ([changed(deployment(), "kind", to="StatefulSet")], "StatefulSet web: apps/v1 StatefulSet is not known"),
    ([{**config_map("c"), "kind": "Secret", "data": {"k": "%%%"}}, deployment()], "Secret c: data.k is not base64"),
    ([config_map("c", k=5), deployment()], "ConfigMap c: data.k must be a text, in quotes if it looks like a number"),
    ([service()], "There is nothing to run: no Deployment and no Job that is not a hook."),
]


@pytest.mark.parametrize(("objects", "mistake"), REFUSED, ids=[mistake[:60] for _, mistake in REFUSED])
def test_refused(objects: list[Any], mistake: str) -> None:
    with pytest.raises(PermanentError) as refused:
        read_release(objects)
    assert any(mistake in line for line in refused.value.details)
    assert refused.value.next_step


def test_all_mistakes_at_once() -> None:
    with pytest.raises(PermanentError) as refused:
        read_release([deployment("a", command=None), deployment("b", command=None), service("c")])
    assert refused.value.text == "The local engine can't run this release: 2 mistakes in its manifests."
    assert len(refused.value.details) == 2


@pytest.mark.parametrize("junk", [None, "x", 5, [], {}, [None], {"a": []}], ids=repr)
@pytest.mark.parametrize(
    "path",
    [
        ("spec",),
        ("metadata",),
        ("spec", "template"),
        ("spec", "template", "spec"),
        ("spec", "template", "spec", "containers"),
        ("spec", "template", "spec", "containers", 0),
        ("spec", "template", "spec", "containers", 0, "readinessProbe"),
        ("spec", "template", "spec", "containers", 0, "env"),
        ("spec", "template", "spec", "containers", 0, "name"),
    ],
    ids=str,
)
def test_junk_is_refused_or_read_but_never_a_crash(path: tuple[Any, ...], junk: Any) -> None:
    try:
        read_release([changed(deployment(), *path, to=junk)])
    except PermanentError as refused:
        assert refused.details


def _only_workload(*objects: Any) -> Workload:
    [workload] = read_release(objects).workloads
    return workload


def env_of(*objects: Any, ports: dict[int, int] | None = None) -> dict[str, str]:
    return dict(launch(_only_workload(*objects).containers[0], "web-0", ports or {8080: 31000}, AROUND).env)


def test_variables_in_the_order_of_kubernetes() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"KEY": base64.b64encode(b"from data").decode(), "TOKEN": base64.b64encode(b"t0ken").decode()},
        "stringData": {"KEY": "from stringData"},
    }
    env = env_of(
        config_map("c", A="from map", B="from map", LITERAL="$(A)"),
        secret,
        deployment(
            envFrom=[
                {"configMapRef": {"name": "c"}},
                {"secretRef": {"name": "s"}, "prefix": "S_"},
                {"configMapRef": {"name": "missing", "optional": True}},
            ],
            env=[
                {"name": "A", "value": "own"},
                {"name": "BOTH", "value": "$(A)-$(B)-$(API_SERVICE_PORT)-$(NOBODY)-$$(A)"},
                {"name": "ADDRESS", "value": "localhost:$(PORT)"},
                {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "TOKEN"}}},
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
                {"name": "PORT", "value": "8080"},
                {"name": "MAYBE", "valueFrom": {"secretKeyRef": {"name": "s", "key": "x", "optional": True}}},
            ],
        ),
    )
    assert env["BOTH"] == "own-from map-7-$(NOBODY)-$(A)"
    assert env["LITERAL"] == "$(A)"
    assert (env["S_KEY"], env["S_TOKEN"], env["TOKEN"]) == ("from stringData", "t0ken", "t0ken")
    assert (env["POD"], env["NAMESPACE"]) == ("web-0", "a-staging")
    # The engine's own: a port that the manifest fixes would be taken by the next replica.
    assert (env["PORT"], env["PORT_HTTP"], env["ADDRESS"]) == ("31000", "31000", "localhost:31000")
    assert "MAYBE" not in env


def test_commands_are_expanded_and_python_is_our_own() -> None:
    workload = _only_workload(deployment(command=["python", "web.py"], args=["--port=$(PORT)", "$$(PORT)", "$(NO)"]))
    started = launch(workload.containers[0], "web-0", {8080: 31000}, AROUND)
    assert started.argv == (sys.executable, "web.py", "--port=31000", "$(PORT)", "$(NO)")
    assert started.folder == Path("/tree")


def test_claims_are_told_by_name() -> None:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "shop-data"}}]
    env = env_of(claim("shop-data"), deployment(volumeMounts=[{"name": "v"}], pod={"volumes": volumes}))
    assert env["OCTOPOD_VOLUME_SHOP_DATA"] == "/volumes/shop-data"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "1"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A", "$A"),
        ("$(", "$("),
        ("$(B)", "$(B)"),
        ("$$", "$"),
        ("a$", "a$"),
    ],
)
def test_expansion_as_kubernetes_does_it(text: str, expected: str) -> None:
    assert expand(text, {"A": "1"}) == expected


@pytest.mark.parametrize(
    ("route", "exact", "path", "expected"),
    [
        ("/", False, "/anything", True),
        ("/shop", False, "/shop", True),
        ("/shop", False, "/shop/cart", True),
        ("/shop/", False, "/shop/cart", True),
        ("/shop", False, "/shopping", False),
        ("/shop", True, "/shop", True),
        ("/shop", True, "/shop/", False),
    ],
)
def test_paths_match_as_in_an_ingress(route: str, exact: bool, path: str, expected: bool) -> None:
    assert Route("h", route, exact, "web", 80).matches(path) is expected


def test_the_most_specific_route_comes_first() -> None:
    objects = [*site("a.localhost"), deployment("api"), service("api"), ingress("a.localhost", "api", "/api")]
    assert [route.path for route in read_release(objects).routes] == ["/api", "/"]


async def test_an_order_that_cannot_run_changes_nothing(tmp_path: Path) -> None:
    async with engine_in(tmp_path) as engine:
        fits: Engine = engine
        assert (fits.facts.name, fits.facts.port, fits.facts.kinds) == ("local", 8080, KINDS)
        trees = write_tree(tmp_path / "t", {})
        with pytest.raises(PermanentError):
            await fits.apply(ReleaseOrder("s1", "s", "shop", "r1", "c", [deployment(command=None)], trees))
        with pytest.raises(PermanentError, match="can't be the id of a staging"):
            await fits.apply(ReleaseOrder("../s1", "s", "shop", "r1", "c", [deployment()], trees))
        with pytest.raises(TemporaryError, match="files of the commit are not there"):
            await fits.apply(ReleaseOrder("s1", "s", "shop", "r1", "c", [deployment()], tmp_path / "nothing"))
        assert specs(tmp_path) == []


def specs(folder: Path) -> list[Path]:
    return list(folder.glob("local/*/spec.json"))


async def test_a_host_belongs_to_one_staging(tmp_path: Path) -> None:
    def order(staging: str, release: str) -> ReleaseOrder:
        tree = write_tree(tmp_path / f"tree-{staging}-{release}", {})
        return ReleaseOrder(staging, f"name-of-{staging}", "shop", release, "c", site("a.localhost", replicas=0), tree)

    async with engine_in(tmp_path) as engine:
        await engine.apply(order("s1", "r1"))
        with pytest.raises(PermanentError) as refused:
            await engine.apply(order("s2", "r2"))
        assert refused.value.details == ("Ingress host a.localhost: the staging name-of-s1 answers for it already",)
        await engine.apply(order("s1", "r3"))
        await engine.remove("s1")
        await engine.apply(order("s2", "r4"))
