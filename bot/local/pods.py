"""Deployments, Jobs and the containers of their pods, read into what the local engine runs. Pure."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from bot.domain.hooks import rank_of
from bot.domain.snapshots import SNAPSHOT_OF
from bot.local.configuration import Configuration, read_variables
from bot.local.fields import Fields
from bot.local.spec import (
    Container,
    ContainerPort,
    ExecCheck,
    HttpCheck,
    Probe,
    TcpCheck,
    Workload,
    target_number,
)

NO_COMMAND = "the local engine runs commands, not images: give the container a command, for example [python, server.py]"


def read_deployment(found: Fields, configuration: Configuration, claims: frozenset[str]) -> Workload:
    spec = found.map("spec")
    if spec.values.get("paused"):
        spec.wrong("a paused Deployment would never start")
    return _workload(
        "Deployment",
        found,
        configuration,
        claims,
        replicas=spec.number("replicas", 1),
        deadline=spec.number("progressDeadlineSeconds", 600, least=1),
    )


def read_job(found: Fields, configuration: Configuration, claims: frozenset[str]) -> Workload:
    spec = found.map("spec")
    for key in ("completions", "parallelism"):
        if spec.number(key, 1) != 1:
            spec.wrong(f"{key} other than 1 is not known to the local engine")
    if spec.values.get("suspend"):
        spec.wrong("a suspended Job would never start")
    limit = spec.number("activeDeadlineSeconds", 0)
    return _workload(
        "Job",
        found,
        configuration,
        claims,
        backoff_limit=spec.number("backoffLimit", 6),
        limit=limit or None,
        rank=rank_of(found.values),
    )


def _workload(kind: str, found: Fields, configuration: Configuration, claims: frozenset[str], **rest: Any) -> Workload:
    template = found.map("spec").map("template")
    pod = template.map("spec")
    if template.map("metadata").map("annotations").has(SNAPSHOT_OF):
        template.wrong(f"{SNAPSHOT_OF}: snapshots of another staging's data are brought on Kubernetes only")
    if not pod.list("containers"):
        pod.wrong("it has no containers")
    return Workload(
        kind=kind,
        name=found.map("metadata").text("name"),
        containers=tuple(_containers(pod, "containers", configuration, claims)),
        init=tuple(_containers(pod, "initContainers", configuration, claims)),
        labels=template.map("metadata").text_map("labels"),
        grace=pod.number("terminationGracePeriodSeconds", 30),
        **rest,
    )


def _containers(pod: Fields, key: str, configuration: Configuration, claims: frozenset[str]) -> Iterator[Container]:
    seen: set[str] = set()
    word = "container" if key == "containers" else "init container"
    for entry in pod.maps(key):
        name = entry.text("name")
        if not name or "/" in name or name in seen:
            entry.wrong(f"every {word} needs a name of its own")
        seen.add(name)
        named = entry.at(f"{word} {name}")
        if entry.values.get("restartPolicy") == "Always":
            named.wrong("init containers that go on running (restartPolicy: Always) are not known to the local engine")
        yield _container(name, named, pod, configuration, claims)


def _container(
    name: str, entry: Fields, pod: Fields, configuration: Configuration, claims: frozenset[str]
) -> Container:
    command = entry.texts("command")
    if not entry.list("command"):
        entry.wrong(f"it has no command ({NO_COMMAND})")
    if entry.map("lifecycle").has("postStart"):
        entry.wrong("lifecycle.postStart is not known to the local engine")
    bare = Container(name, (*command, *entry.texts("args")), ports=tuple(_ports(entry)))
    return Container(
        name=name,
        command=bare.command,
        ports=bare.ports,
        variables=read_variables(entry, configuration),
        folder=_folder(entry),
        claims=tuple(_mounts(entry, pod, claims)),
        readiness=_probe("readinessProbe", entry, bare),
        liveness=_probe("livenessProbe", entry, bare),
        startup=_probe("startupProbe", entry, bare),
    )


def _ports(entry: Fields) -> Iterator[ContainerPort]:
    for port in entry.maps("ports"):
        number = port.port("containerPort")
        if not isinstance(number, int):
            port.wrong("every entry of ports needs a containerPort with a number")
        elif port.text("protocol", "TCP") != "TCP":
            port.wrong(f"port {number}: only TCP is known to the local engine")
        else:
            yield ContainerPort(number, port.text("name"))


def _folder(entry: Fields) -> str:
    folder = PurePosixPath(entry.text("workingDir", "."))
    if folder.is_absolute() or ".." in folder.parts:
        entry.wrong(f"workingDir {folder} must be a folder of the branch, like src/web")
        return "."
    return str(folder)


def _mounts(entry: Fields, pod: Fields, claims: frozenset[str]) -> Iterator[str]:
    volumes = {volume.text("name"): volume for volume in pod.maps("volumes")}
    if entry.has("volumeDevices"):
        entry.wrong("volumeDevices are not known to the local engine")
    for mount in entry.maps("volumeMounts"):
        name = mount.text("name")
        volume = volumes.get(name)
        if volume is None:
            mount.wrong(f"it mounts the volume {name}, which the pod does not have")
            continue
        claim = volume.map("persistentVolumeClaim").text("claimName")
        if not claim:
            kinds = ", ".join(key for key in volume.values if key != "name") or "nothing"
            mount.wrong(f"it mounts the volume {name} ({kinds}); the local engine mounts PersistentVolumeClaims only")
        elif claim not in claims:
            mount.wrong(f"it mounts the claim {claim}, which is not in the manifests")
        elif mount.has("subPath") or mount.has("subPathExpr"):
            mount.wrong(f"it mounts a part of the claim {claim} (subPath), which is not known to the local engine")
        else:
            yield claim


def _probe(key: str, entry: Fields, container: Container) -> Probe | None:
    if not entry.has(key):
        return None
    found = entry.at(key, entry.map(key).values)
    check = _check(found, container)
    if check is None:
        return None
    return Probe(
        check=check,
        delay=found.number("initialDelaySeconds", 0),
        period=found.number("periodSeconds", 10, least=1),
        timeout=found.number("timeoutSeconds", 1, least=1),
        failures=found.number("failureThreshold", 3, least=1),
        successes=found.number("successThreshold", 1, least=1),
    )


def _check(found: Fields, container: Container) -> HttpCheck | TcpCheck | ExecCheck | None:
    if found.has("exec"):
        command = found.map("exec").texts("command")
        if not command:
            found.wrong("exec has no command")
        return ExecCheck(command) if command else None
    for key in ("httpGet", "tcpSocket"):
        if found.has(key):
            return _network_check(found.map(key), key, container)
    found.wrong("it needs httpGet, tcpSocket or exec; others are not known to the local engine")
    return None


def _network_check(found: Fields, key: str, container: Container) -> HttpCheck | TcpCheck | None:
    if found.has("host"):
        found.wrong(f"{key}.host is not known to the local engine: it asks the process itself")
    asked = found.port("port")
    port = None if asked is None else target_number(container, asked)
    if port is None:
        found.wrong(f"its port {asked} is not among the container's ports")
        return None
    if key == "tcpSocket":
        return TcpCheck(port)
    headers = tuple((header.text("name"), header.text("value")) for header in found.maps("httpHeaders"))
    path = found.text("path", "/")
    return HttpCheck(path if path.startswith("/") else f"/{path}", port, headers, found.text("scheme", "HTTP").lower())
