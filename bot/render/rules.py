"""What a branch's objects may be. Whoever can push decides what manifests say, so only what is listed is applied."""

import re
from collections.abc import Iterator
from typing import Any

from bot.domain.hooks import DELETE, ENDS, HOOK, HOOKS, WEIGHT, is_weight
from bot.domain.objects import TEMPLATES, mapping
from bot.ports import EngineFacts, RenderFacts
from bot.render.entries import mistakes_in_ingress, mistakes_in_route
from bot.render.located import Located
from bot.render.pods import mistakes_in_pods, not_texts

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")
# Annotations by which an Ingress answers for other hosts, or configures the controller that all share.
FAR_REACHING = ("/server-alias", "-snippet", "/hostname")
OWN_CONFIG = "octopod-env"
# What charts like to bring along for all namespaces.
CLUSTER_WIDE = frozenset(
    {
        "APIService",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "PersistentVolume",
        "PriorityClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    }
)


def mistakes_in(located: Located, facts: RenderFacts, engine: EngineFacts) -> Iterator[str]:
    """As `file:line:column: text`."""
    thing = located.value
    if not isinstance(thing, dict):
        yield f"{located.place()}: is not an object; a manifest needs apiVersion, kind and metadata"
        return
    kind, version = thing.get("kind"), thing.get("apiVersion")
    if not isinstance(kind, str) or not isinstance(version, str):
        yield f"{located.place()}: apiVersion and kind must be said, as text"
        return
    yield from _metadata(located, facts)
    if (version, kind) not in engine.kinds | facts.kinds:
        yield f"{located.place('kind')}: {_refused_kind(version, kind, engine, facts)}"
        return
    yield from _hook(located, kind)
    match kind:
        case "Ingress":
            yield from mistakes_in_ingress(located, facts)
        case "HTTPRoute":
            yield from mistakes_in_route(located, facts)
        case "Service":
            yield from _service(located)
        case "ConfigMap" | "Secret":
            yield from _configuration(located)
        case _ if kind in TEMPLATES:
            yield from mistakes_in_pods(located, kind)
            yield from _claim_templates(located)


def _metadata(located: Located, facts: RenderFacts) -> Iterator[str]:
    metadata = located.value.get("metadata")
    if not isinstance(metadata, dict):
        yield f"{located.place('metadata')}: metadata.name must be said"
        return
    name = metadata.get("name")
    if not isinstance(name, str) or len(name) > 253 or not NAME.fullmatch(name):
        yield f"{located.place('metadata', 'name')}: metadata.name must be a name of a–z, 0–9, dashes and dots"
    elif len(name) > 63 and located.value.get("kind") in ("Service", *TEMPLATES):
        yield f"{located.place('metadata', 'name')}: metadata.name must not be longer than 63 characters here"
    namespace = metadata.get("namespace")
    if namespace not in (None, facts.namespace):
        yield (
            f"{located.place('metadata', 'namespace')}: the namespace is the staging's own; leave it out, or write "
            "`${namespace}`"
        )
    for key in ("generateName", "finalizers", "ownerReferences"):
        if key in metadata:
            yield f"{located.place('metadata', key)}: metadata.{key} is not allowed; Octopod names and removes objects"
    for key in ("labels", "annotations"):
        yield from not_texts(located, "metadata", key)
    for key in mapping(metadata.get("annotations")):
        if key.endswith(FAR_REACHING):
            place = located.place("metadata", "annotations", key)
            yield f"{place}: {key} is not allowed; it reaches beyond the staging"


def _hook(located: Located, kind: str) -> Iterator[str]:
    annotations = mapping(mapping(located.value.get("metadata")).get("annotations"))
    if HOOK not in annotations:
        return
    place = located.place("metadata", "annotations", HOOK)
    if kind != "Job":
        yield f"{place}: {HOOK} is for a Job, which runs to its end; a {kind} does not"
    elif annotations[HOOK] not in HOOKS:
        yield f"{place}: {HOOK} must be {' or '.join(HOOKS)}"
    if not is_weight(str(annotations.get(WEIGHT, "0"))):
        yield f"{located.place('metadata', 'annotations', WEIGHT)}: {WEIGHT} must be a whole number in quotes"
    if not set(str(annotations.get(DELETE, ENDS[0])).split(",")) <= set(ENDS):
        yield f"{located.place('metadata', 'annotations', DELETE)}: {DELETE} must be {','.join(ENDS)}, or one of them"


def _refused_kind(version: str, kind: str, engine: EngineFacts, facts: RenderFacts) -> str:
    kinds = engine.kinds | facts.kinds
    versions = [v for v, name in kinds if name == kind]
    if versions:
        return f"{kind} must be {versions[0]}, not {version}"
    if kind in CLUSTER_WIDE:
        return f"{kind} is for the whole cluster, which no branch changes; an administrator applies it"
    allowed = ", ".join(sorted({name for _, name in kinds}))
    return f"{kind} is not applied by the {engine.name} engine; a branch may have {allowed}"


def _configuration(located: Located) -> Iterator[str]:
    if _name(located.value) == OWN_CONFIG:
        yield f"{located.place('metadata', 'name')}: `{OWN_CONFIG}` is Octopod's own, from `env:`; rename yours"
    for key in ("data", "binaryData", "stringData"):
        yield from not_texts(located, key)


def _claim_templates(located: Located) -> Iterator[str]:
    """What a StatefulSet keeps its data in is asked about by name before it is deleted."""
    templates = mapping(located.value.get("spec")).get("volumeClaimTemplates") or []
    named = isinstance(templates, list) and all(isinstance(_name(mapping(one)), str) for one in templates)
    if not named:
        yield f"{located.place('spec', 'volumeClaimTemplates')}: must be a list of claims, each with metadata.name"


def _service(located: Located) -> Iterator[str]:
    spec = mapping(located.value.get("spec"))
    if (spec.get("type") or "ClusterIP") != "ClusterIP":
        yield f"{located.place('spec', 'type')}: a Service must be ClusterIP; an Ingress makes it reachable"
    for key in ("externalIPs", "loadBalancerIP", "externalName"):
        if key in spec:
            yield f"{located.place('spec', key)}: {key} is not allowed; an Ingress makes a Service reachable"


def _name(thing: dict[str, Any]) -> Any:
    return mapping(thing.get("metadata")).get("name")
