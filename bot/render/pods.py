"""What a workload's pod template must be like, so that it can be completed and run. Pure."""

from collections.abc import Iterator
from typing import Any

from bot.domain.objects import TEMPLATES, inner, mapping
from bot.domain.snapshots import mistakes
from bot.render.located import Located


def mistakes_in_pods(located: Located, kind: str) -> Iterator[str]:
    """As `file:line:column: text`."""
    path = TEMPLATES[kind]
    of_pod = (*path, "spec")
    template, pod = inner(located.value, *path), inner(located.value, *of_pod)
    if not isinstance(pod.get("containers"), list) or not pod["containers"]:
        yield f"{located.place(*of_pod, 'containers')}: a {kind} needs {'.'.join(of_pod)}.containers"
        return
    if not isinstance(template.get("metadata") or {}, dict):
        yield f"{located.place(*path, 'metadata')}: metadata must be a mapping"
        return
    for key in ("labels", "annotations"):
        yield from not_texts(located, *path, "metadata", key)
    for key in ("priorityClassName", "priority"):
        if key in pod:
            yield f"{located.place(*of_pod, key)}: {key} is not allowed; it would push the pods of others off the nodes"
    names: set[str] = set()
    for group in ("containers", "initContainers"):
        containers = pod.get(group) or []
        if not isinstance(containers, list):
            yield f"{located.place(*of_pod, group)}: {group} must be a list"
            continue
        for index in range(len(containers)):
            yield from _container(located, (*of_pod, group, index), containers[index], names)
    notes = {key: one for key, one in inner(template, "metadata", "annotations").items() if isinstance(one, str)}
    for key, text in mistakes(notes, names):
        yield f"{located.place(*path, 'metadata', 'annotations', key)}: {key} {text}"


def not_texts(located: Located, *path: str) -> Iterator[str]:
    """Where a mapping of texts is something else. Kubernetes refuses `version: 1`: it must be `version: "1"`."""
    value: Any = inner(located.value, *path[:-1]).get(path[-1])
    if not isinstance(value or {}, dict):
        yield f"{located.place(*path)}: {'.'.join(path)} must be a mapping"
        return
    for key, one in (value or {}).items():
        if not isinstance(one, str):
            yield f"{located.place(*path, key)}: {key} must be text; put it in quotes"


def _container(located: Located, path: tuple[str | int, ...], container: Any, names: set[str]) -> Iterator[str]:
    name = mapping(container).get("name")
    if not isinstance(name, str) or not name:
        yield f"{located.place(*path)}: every container needs a name"
        return
    if name in names:
        yield f"{located.place(*path, 'name')}: two containers are named `{name}`"
    names.add(name)
    for key in ("env", "envFrom"):
        entries = container.get(key) or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            yield f"{located.place(*path, key)}: {key} must be a list of mappings"
            continue
        for index, entry in enumerate(entries if key == "env" else []):
            yield from _variable(located, (*path, key, index), entry)


def _variable(located: Located, path: tuple[str | int, ...], entry: dict[str, Any]) -> Iterator[str]:
    if not isinstance(entry.get("name"), str) or not entry["name"]:
        yield f"{located.place(*path)}: every variable needs a name"
    if not isinstance(entry.get("value") or "", str):
        yield f"{located.place(*path, 'value')}: value must be text; put it in quotes"
