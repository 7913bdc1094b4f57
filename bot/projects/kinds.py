"""`kinds:` in octopod.yaml: custom resources that a project's branches may have."""

import re

_SPELLED = re.compile(r"([a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+/v[a-z0-9]+)/([A-Z][A-Za-z0-9]{0,62})")
# Kubernetes' own groups with a dot, of which no branch may have more than what is always allowed: a Role would be a way
# out, a NetworkPolicy a hole in the fence. https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/
_OWN_GROUPS = tuple(
    f"{name}.k8s.io"
    for name in (
        *("admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization"),
        *("certificates", "coordination", "discovery", "events", "flowcontrol.apiserver", "internal.apiserver"),
        *("networking", "node", "rbac.authorization", "resource", "scheduling", "storage", "storagemigration"),
    )
)
# Objects are told apart by these names, in messages and in what is stored.
_TAKEN = (
    *("ConfigMap", "CronJob", "DaemonSet", "Deployment", "Event", "HorizontalPodAutoscaler", "Ingress", "Job"),
    *("LimitRange", "List", "Namespace", "NetworkPolicy", "PersistentVolumeClaim", "Pod", "PodDisruptionBudget"),
    *("ResourceQuota", "RoleBinding", "Secret", "Service", "ServiceAccount", "StatefulSet"),
)
_EXAMPLE = "such as cert-manager.io/v1/Certificate"


def read_kinds(value: object) -> tuple[tuple[str, str], ...]:
    """As apiVersion and kind."""
    if not isinstance(value, list):
        raise ValueError(f"must be a list of kinds as group/version/Kind, {_EXAMPLE}")
    found = [_kind(entry) for entry in value]
    names = [name for _, name in dict.fromkeys(found)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ValueError(f"must not name two kinds {twice}; they could not be told apart")
    return tuple(dict.fromkeys(found))


def _kind(value: object) -> tuple[str, str]:
    spelled = _SPELLED.fullmatch(value) if isinstance(value, str) else None
    if spelled is None:
        raise ValueError(f"must be kinds of custom resources as group/version/Kind, {_EXAMPLE}")
    version, name = spelled.groups()
    if version.partition("/")[0] in _OWN_GROUPS:
        raise ValueError(
            f"must not hold {value}: it is Kubernetes' own, and of these a branch may have what is documented"
        )
    if name in _TAKEN:
        raise ValueError(f"must not hold {value}: {name} is a kind of Kubernetes' own, and could not be told apart")
    return version, name
