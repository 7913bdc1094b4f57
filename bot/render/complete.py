"""What Octopod adds to a branch's objects: namespace, labels, and the effective configuration for every container."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.objects import template_of
from bot.ports import RenderFacts
from bot.render.rules import OWN_CONFIG

Object = dict[str, Any]


def completed(objects: Sequence[Object], facts: RenderFacts, env: Mapping[str, str]) -> list[Object]:
    """The objects, and the ConfigMap with the configuration first. Selectors are left as they are."""
    config: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": OWN_CONFIG}, "data": dict(env)}
    digest = hashlib.sha256(json.dumps(env, sort_keys=True).encode()).hexdigest()[:16]
    made = [config, *objects]
    for thing in made:
        metadata = thing["metadata"]
        metadata["namespace"] = facts.namespace
        metadata["labels"] = {**(metadata.get("labels") or {}), **labels(facts)}
        if (template := template_of(thing)) is not None:
            _complete_pods(template, facts, digest)
    return made


def labels(facts: RenderFacts) -> dict[str, str]:
    return {
        "app.kubernetes.io/managed-by": "octopod",
        "octopod.dev/project": facts.project,
        "octopod.dev/staging": facts.staging,
        "octopod.dev/release": facts.release,
    }


def _complete_pods(template: Object, facts: RenderFacts, digest: str) -> None:
    """The release's label changes with each release on purpose: each one rolls out. The manifest's own env wins."""
    metadata = template["metadata"] = dict(template.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels(facts)}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), "octopod.dev/config-hash": digest}
    source = {"configMapRef": {"name": OWN_CONFIG}}
    spec = template["spec"]
    for container in [*spec["containers"], *(spec.get("initContainers") or [])]:
        container["envFrom"] = [source, *(container.get("envFrom") or [])]
