"""What is applied for a staging: its namespace, what fences it, and the release's objects made ready. Pure."""

import copy
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from bot.domain import naming
from bot.domain.hooks import MAIN, Rank, Turn, rank_of
from bot.domain.objects import mapping, template_of
from bot.domain.project import Fence
from bot.kube.kinds import (
    AUTOSCALER,
    CRON_JOB,
    INGRESS,
    JOB,
    NEEDED,
    OF_BRANCHES,
    ROUTE,
    WORKLOADS,
    Kind,
    Object,
    is_awaited,
    is_further,
    kind_of,
    kinds_as_text,
)
from bot.kube.labels import BASELINE, COMMIT, IMAGE, KINDS, MANAGED_BY, NAME, PROJECT, RELEASE, SCALED_BY, STAGING
from bot.kube.labels import WORKLOADS as WORKLOADS_NOTE
from bot.ports import ReleaseOrder

OWN = "octopod"
STAGING_ROLE = "octopod-staging"
ACCOUNT = "system:serviceaccount:"


def namespace_name(order: ReleaseOrder) -> str:
    return naming.namespace(order.project, order.name)


def bare_namespace(order: ReleaseOrder, fence: Fence) -> Object:
    """Before anything is known to fit into it. Pods that could reach the node are kept out by its label."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": namespace_name(order),
            "labels": {
                MANAGED_BY: "octopod",
                PROJECT: order.project,
                STAGING: order.staging,
                "pod-security.kubernetes.io/enforce": fence.pod_security,
            },
            "annotations": {NAME: order.name},
        },
    }


def namespace(order: ReleaseOrder, fence: Fence, kinds: Iterable[Kind]) -> Object:
    """From now on this release is the newest one, and these are its workloads, each with its turn.

    `kinds`: of which it has anything, or earlier releases had.
    """
    thing = bare_namespace(order, fence)
    runs = [one for one in order.objects if is_awaited(kind_of(one))]
    keys = [(one["kind"], one["metadata"]["name"], *_told(rank_of(one))) for one in runs]
    notes = {RELEASE: order.release, COMMIT: order.commit, WORKLOADS_NOTE: json.dumps(keys)}
    notes[KINDS] = kinds_as_text(kinds)
    notes |= {key: value for key, value in ((IMAGE, order.image), (BASELINE, order.baseline)) if value}
    thing["metadata"]["annotations"] |= notes
    return thing


def _told(rank: Rank) -> tuple[str, int] | tuple[str]:
    return (rank.turn.name, rank.weight) if rank.weight else (rank.turn.name,)


def admission(order: ReleaseOrder, account: str) -> Object | None:
    """The way in for the bot's own account, if it is one that manifests/bot gives its rights to; others have theirs."""
    if not account.startswith(ACCOUNT):
        return None
    home, _, name = account.removeprefix(ACCOUNT).partition(":")
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {
            "name": OWN,
            "namespace": namespace_name(order),
            "labels": {MANAGED_BY: "octopod", PROJECT: order.project, STAGING: order.staging},
        },
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": STAGING_ROLE},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": home}],
    }


def fences(order: ReleaseOrder, fence: Fence) -> list[Object]:
    """Quota, defaults for containers, who may come in (all but the pods of other stagings), where its pods may go."""
    defaults = {"type": "Container", "defaultRequest": dict(fence.requests), "default": dict(fence.limits)}
    made: list[Object] = [
        {"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": dict(fence.quota)}},
        {"apiVersion": "v1", "kind": "LimitRange", "spec": {"limits": [defaults]}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": _traffic(fence)},
    ]
    labels = {MANAGED_BY: "octopod", PROJECT: order.project, STAGING: order.staging}
    for thing in made:
        thing["metadata"] = {"name": OWN, "namespace": namespace_name(order), "labels": dict(labels)}
    return made


def _traffic(fence: Fence) -> Object:
    others = {"matchExpressions": [{"key": STAGING, "operator": "DoesNotExist"}]}
    spec: Object = {
        "podSelector": {},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}, {"namespaceSelector": others}]}],
    }
    if not fence.egress:  # names can still be looked up, wherever the cluster does that
        names = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
        spec |= {"policyTypes": ["Ingress", "Egress"], "egress": [{"to": [{"podSelector": {}}]}, {"ports": names}]}
    return spec


def pull_secrets(secrets: Iterable[Object]) -> list[str]:
    """Those by which images can be pulled."""
    return [one["metadata"]["name"] for one in secrets if one.get("type") == "kubernetes.io/dockerconfigjson"]


def prepared(objects: Iterable[Mapping[str, Any]], pull: Sequence[str] = ()) -> list[Object]:
    """Copies, in the order of their kinds; every container with a port knows it as PORT, unless it says otherwise. Jobs
    stay until their release goes: one that the cluster took away would be taken for one that never ran.

    `pull`: Secrets that pods may pull their images by, besides those that they name.
    """
    made = sorted((copy.deepcopy(dict(thing)) for thing in objects), key=_place)
    for thing in made:
        template = template_of(thing)
        if template is not None:
            _let_pull(template["spec"], pull)
            for container in template["spec"].get("containers") or []:
                _tell_port(container)
        if kind_of(thing) is JOB:
            thing["spec"].pop("ttlSecondsAfterFinished", None)
    _leave_to_autoscalers(made)
    return made


def in_steps(
    objects: Sequence[Object], rank: Rank = MAIN, ended: Collection[tuple[Kind, str]] = ()
) -> list[list[Object]]:
    """What may be applied at once: first what workloads need, then they, then what lets people in.

    Of hooks only those whose turn it is, and which have not `ended`; before the workloads' turn nothing that the older
    release needs as it is.
    """
    steps: list[list[Object]] = [[], [], []]
    for thing in objects:
        kind = kind_of(thing)
        if kind in WORKLOADS and (key(thing) in ended or rank_of(thing) not in (rank, min(rank, MAIN))):
            continue
        if kind not in (*WORKLOADS, *NEEDED) and rank.turn is Turn.BEFORE:
            continue
        step = 1 if kind in (*WORKLOADS, CRON_JOB) else 2 if kind in (AUTOSCALER, INGRESS, ROUTE) else 0
        steps[step].append(thing)
    return [step for step in steps if step]


def key(thing: Mapping[str, Any]) -> tuple[Kind, str]:
    return kind_of(thing), str(thing["metadata"]["name"])


def _place(thing: Object) -> int:
    """Workloads may need what others make of custom resources."""
    kind = kind_of(thing)
    return OF_BRANCHES.index(WORKLOADS[0]) if is_further(kind) else OF_BRANCHES.index(kind)


def _leave_to_autoscalers(objects: Sequence[Object]) -> None:
    """Whoever applies `replicas` as well would take them back with every release.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
    A target that makes no sense is for the API server to refuse.
    """
    workloads = {(thing["kind"], thing["metadata"]["name"]): thing for thing in objects if kind_of(thing) in WORKLOADS}
    for autoscaler in (thing for thing in objects if kind_of(thing) is AUTOSCALER):
        target = mapping(mapping(autoscaler.get("spec")).get("scaleTargetRef"))
        scaled = workloads.get((str(target.get("kind")), str(target.get("name"))))
        if scaled is not None:
            scaled["spec"].pop("replicas", None)
            notes = scaled["metadata"].get("annotations") or {}
            scaled["metadata"]["annotations"] = {**notes, SCALED_BY: autoscaler["metadata"]["name"]}


def _let_pull(pod: Object, pull: Sequence[str]) -> None:
    named = pod.get("imagePullSecrets") or []
    more = [{"name": name} for name in pull if {"name": name} not in named]
    if more:
        pod["imagePullSecrets"] = [*named, *more]


def _tell_port(container: Object) -> None:
    """A malformed port is for the API server to refuse."""
    ports, env = container.get("ports"), container.get("env") or []
    number = ports[0].get("containerPort") if isinstance(ports, list) and ports and isinstance(ports[0], dict) else None
    if number is not None and not any(one.get("name") == "PORT" for one in env):
        container["env"] = [{"name": "PORT", "value": str(number)}, *env]
