"""Looking into objects as Kubernetes writes them, in which anybody may have written anything. Pure."""

from collections.abc import Mapping
from typing import Any

# Kinds with pods, and where their template stands.
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "Job"), ("spec", "template")),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def template_of(thing: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of the pods that it makes, if it makes any. Only of what has no mistakes."""
    path = TEMPLATES.get(thing["kind"])
    return None if path is None else inner(thing, *path)


def inner(value: Any, *path: str) -> dict[str, Any]:
    """What stands there; empty if it is no mapping."""
    for step in path:
        value = mapping(value).get(step)
    return mapping(value)


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
