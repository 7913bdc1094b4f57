"""Objects as a cluster has them, for tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.kube.kinds import Object

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
NEW, OLD = "r2", "r1"


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def condition(type: str, status: str = "True", reason: str = "", message: str = "", seconds: float = 60) -> Object:
    told = {"type": type, "status": status, "lastTransitionTime": ago(seconds)}
    return told | ({"reason": reason} if reason else {}) | ({"message": message} if message else {})


SETTLED = condition("Progressing", reason="NewReplicaSetAvailable")
ROLLING = condition("Progressing", reason="ReplicaSetUpdated")


def workload(
    kind: str, spec: Object, status: Object, name: str = "web", release: str = NEW, generation: int = 2
) -> Object:
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": "shop--x",
            "uid": f"{kind}-{name}",
            "generation": generation,
            "labels": {"octopod.dev/release": release, "octopod.dev/staging": "s1"},
        },
        "spec": spec,
        "status": {"observedGeneration": generation, **status},
    }


def deployment(wanted: int = 1, *, updated: int = 0, total: int = 0, available: int = 0, **more: Any) -> Object:
    conditions = more.pop("conditions", [ROLLING])
    counts = {"replicas": total, "updatedReplicas": updated, "availableReplicas": available, "readyReplicas": available}
    status = {**counts, "conditions": conditions, **more.pop("status", {})}
    return workload("Deployment", {"replicas": wanted, **more.pop("spec", {})}, status, **more)


def owned(kind: str, name: str) -> tuple[list[Object], dict[str, str]]:
    if kind == "Deployment":
        return [{"kind": "ReplicaSet", "name": f"{name}-5d5", "controller": True}], {"pod-template-hash": "5d5"}
    return [{"kind": kind, "name": name, "controller": True}], {}


def pod(
    *containers: Object,
    of: str = "web",
    kind: str = "Deployment",
    release: str = NEW,
    started: float = 5,
    ready: bool = False,
    conditions: list[Object] | None = None,
    init: list[Object] | None = None,
    status: Object | None = None,
    memory: str | None = None,
) -> Object:
    owners, labels = owned(kind, of)
    specs = [{"name": one["name"], "resources": {"limits": {"memory": memory}} if memory else {}} for one in containers]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{of}-{release}-{len(containers)}",
            "namespace": "shop--x",
            "uid": f"{of}-{release}",
            "creationTimestamp": ago(started),
            "labels": {"octopod.dev/release": release, "octopod.dev/staging": "s1", **labels},
            "ownerReferences": owners,
        },
        "spec": {"containers": specs or [{"name": "web"}], "initContainers": [{"name": i["name"]} for i in init or []]},
        "status": {
            "startTime": ago(started),
            "conditions": [condition("Ready", "True" if ready else "False"), *(conditions or [])],
            "containerStatuses": list(containers),
            "initContainerStatuses": init or [],
            **(status or {}),
        },
    }


def container(
    name: str = "web", restarts: int = 0, ready: bool = False, image: str = "shop:1", **states: Any
) -> Object:
    told = {"name": name, "image": image, "ready": ready, "restartCount": restarts}
    return told | {"state": states.get("state", {}), "lastState": states.get("last", {})}


def waiting(reason: str, message: str = "", **more: Any) -> Object:
    return container(state={"waiting": {"reason": reason, "message": message}}, **more)


def ended(code: int = 1, reason: str = "Error", message: str = "") -> Object:
    return {"terminated": {"exitCode": code, "reason": reason} | ({"message": message} if message else {})}


def crashing(restarts: int = 1, code: int = 1, reason: str = "Error", **more: Any) -> Object:
    return waiting("CrashLoopBackOff", "back-off", restarts=restarts, last=ended(code, reason), **more)


def warning(about: str, message: str, seconds: float = 1) -> Object:
    """`about`: the uid of a pod or workload."""
    return {"involvedObject": {"uid": about}, "message": message, "lastTimestamp": ago(seconds)}


def namespace(release: str | None = NEW, workloads: str = '[["Deployment", "web"]]', **metadata: Any) -> Object:
    notes = {"octopod.dev/release": release, "octopod.dev/workloads": workloads} if release else {}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "shop--x",
            "annotations": notes,
            "labels": {"octopod.dev/staging": "s1"},
            "managedFields": [{"manager": "octopod", "time": ago(60)}, {"manager": "kubectl", "time": ago(0)}],
            **metadata,
        },
    }
