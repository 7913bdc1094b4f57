"""What Octopod adds to a branch's objects: namespace, labels, and the effective configuration for every container."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.objects import template_of
from bot.ports import RenderFacts
from bot.render.rules import OWN_CONFIG

Object = dict[str, Any]


def completed(objects: Sequence[Object], facts: RenderFacts, env: Mapping[str, str]) -> list[Object]:
    """The objects, and before them the ConfigMap with the configuration, and the Secret with what of it is secret.
    Selectors are left as they are."""
    own = {"name": OWN_CONFIG}
    config: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": dict(own), "data": dict(env)}
    # A plain hash of a secret could be guessed; its mark is a keyed one.
    digest = hashlib.sha256(json.dumps([env, facts.secrets_mark], sort_keys=True).encode()).hexdigest()[:16]
    sources: list[Object] = [{"configMapRef": own}, *([{"secretRef": own}] if facts.secrets else [])]
    made = [config, *([_secret(facts.secrets)] if facts.secrets else []), *objects]
    for thing in made:
        metadata = thing["metadata"]
        metadata["namespace"] = facts.namespace
        metadata["labels"] = {**(metadata.get("labels") or {}), **labels(facts)}
        if (template := template_of(thing)) is not None:
            _complete_pods(template, facts, digest, sources)
    return made


def labels(facts: RenderFacts) -> dict[str, str]:
    return {
        "app.kubernetes.io/managed-by": "octopod",
        "octopod.dev/project": facts.project,
        "octopod.dev/staging": facts.staging,
        "octopod.dev/release": facts.release,
    }


def _secret(values: Mapping[str, str]) -> Object:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": OWN_CONFIG}, "type": "Opaque", "data": data}


def _complete_pods(template: Object, facts: RenderFacts, digest: str, sources: Sequence[Object]) -> None:
    """The release's label changes with each release on purpose: each one rolls out. The manifest's own env wins."""
    metadata = template["metadata"] = dict(template.get("metadata") or {})
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels(facts)}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), "octopod.dev/config-hash": digest}
    spec = template["spec"]
    for container in [*spec["containers"], *(spec.get("initContainers") or [])]:
        container["envFrom"] = [*map(dict, sources), *(container.get("envFrom") or [])]
