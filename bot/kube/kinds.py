"""The kinds of objects that the engine works with, and where the API server keeps them. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """`version`: apiVersion. `plural`: as in the API's paths; empty: only the cluster itself can tell (`Kube.find`)."""

    version: str
    name: str
    plural: str = field(default="", compare=False)
    namespaced: bool = field(default=True, compare=False)

    @property
    def group(self) -> str:
        return self.version.rpartition("/")[0]

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Without a namespace: of all of them."""
        root = "/api" if "/" not in self.version else "/apis"
        place = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}/{self.version}{place}/{self.plural}" + (f"/{name}" if name else "")

    def title(self, name: str) -> str:
        return f"{self.name} `{name}`"


@dataclass(frozen=True, slots=True)
class Selection:
    """Some objects of a kind, in all namespaces. `labels`, `fields`: selectors as Kubernetes writes them."""

    kind: Kind
    labels: str = ""
    fields: str = ""

    def query(self) -> list[tuple[str, str]]:
        pairs = [("labelSelector", self.labels), ("fieldSelector", self.fields)]
        return [(name, value) for name, value in pairs if value]


NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
SECRET = Kind("v1", "Secret", "secrets")
ACCOUNT = Kind("v1", "ServiceAccount", "serviceaccounts")
CLAIM = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
SERVICE = Kind("v1", "Service", "services")
POD = Kind("v1", "Pod", "pods")
EVENT = Kind("v1", "Event", "events")
QUOTA = Kind("v1", "ResourceQuota", "resourcequotas")
LIMITS = Kind("v1", "LimitRange", "limitranges")
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments")
STATEFUL_SET = Kind("apps/v1", "StatefulSet", "statefulsets")
DAEMON_SET = Kind("apps/v1", "DaemonSet", "daemonsets")
JOB = Kind("batch/v1", "Job", "jobs")
CRON_JOB = Kind("batch/v1", "CronJob", "cronjobs")
AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
DISRUPTIONS = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
INGRESS = Kind("networking.k8s.io/v1", "Ingress", "ingresses")
NETWORK_POLICY = Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")
# Only some clusters have it, so they are asked, as for all kinds that are not Kubernetes' own.
ROUTE = Kind("gateway.networking.k8s.io/v1", "HTTPRoute")

WORKLOADS = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, JOB)
# What may be there before a release is, for its hooks.
NEEDED = (ACCOUNT, CONFIG_MAP, SECRET, CLAIM)
# What a branch may have, in the order in which it is applied: what others need comes first, what lets people in last.
OF_BRANCHES = (*NEEDED, SERVICE, DISRUPTIONS, *WORKLOADS, CRON_JOB, AUTOSCALER, INGRESS)
# The engine's own in every staging's namespace.
OF_NAMESPACES = (QUOTA, LIMITS, NETWORK_POLICY)

_BY_NAME: Mapping[tuple[str, str], Kind] = {
    (kind.version, kind.name): kind for kind in (NAMESPACE, POD, ROLE_BINDING, *OF_NAMESPACES, *OF_BRANCHES)
}


def kind_of(thing: Mapping[str, Any]) -> Kind:
    """Without a plural if it is none of Kubernetes' own that a branch may have."""
    return _kind(thing["apiVersion"], thing["kind"])


def is_further(kind: Kind) -> bool:
    """Whether not every cluster has it: a custom resource."""
    return (kind.version, kind.name) not in _BY_NAME


def is_awaited(kind: Kind) -> bool:
    """Whether a release is not ready before what it has of this kind is."""
    return kind in WORKLOADS or is_further(kind)


def kinds_as_text(kinds: Iterable[Kind]) -> str:
    return json.dumps(sorted((kind.version, kind.name) for kind in kinds))


def kinds_in(text: str) -> list[Kind]:
    """Of what `kinds_as_text` has made."""
    return [_kind(version, name) for version, name in json.loads(text)]


def _kind(version: str, name: str) -> Kind:
    return _BY_NAME.get((version, name)) or Kind(version, name)
