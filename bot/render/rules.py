"""What a branch's objects may be. Whoever can push decides what manifests say, so only what is listed is applied."""

import re
from collections.abc import Iterator
from typing import Any

from bot.domain import naming
from bot.domain.hooks import HOOK, HOOKS
from bot.ports import EngineFacts, RenderFacts
from bot.render.located import Located
from bot.render.pods import TEMPLATES, mapping, mistakes_in_pods, not_texts

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")
# Annotations by which an Ingress answers for other hosts, or configures the controller that all share.
FAR_REACHING = ("/server-alias", "-snippet", "/hostname")
OWN_CONFIG = "octopod-env"


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
    if (version, kind) not in engine.kinds:
        yield f"{located.place('kind')}: {_refused_kind(version, kind, engine)}"
        return
    yield from _hook(located, kind)
    match kind:
        case "Ingress":
            yield from _ingress(located, facts)
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


def _refused_kind(version: str, kind: str, engine: EngineFacts) -> str:
    allowed = ", ".join(sorted({name for _, name in engine.kinds}))
    versions = [v for v, name in engine.kinds if name == kind]
    if versions:
        return f"{kind} must be {versions[0]}, not {version}"
    return f"{kind} is not applied by the {engine.name} engine; a branch may have {allowed}"


def _ingress(located: Located, facts: RenderFacts) -> Iterator[str]:
    own = {naming.without_port(host) for host in facts.hosts.values()}
    known = "its own hosts are " + ", ".join(f"${{host.{name}}}" for name in facts.hosts)
    spec = mapping(located.value.get("spec"))
    rules = spec.get("rules")
    if not isinstance(rules, list) or not rules:
        yield f"{located.place('spec', 'rules')}: an Ingress needs rules with hosts; {known}"
        return
    if "defaultBackend" in spec:
        yield f"{located.place('spec', 'defaultBackend')}: a default backend would answer for other hosts; use rules"
    for index, rule in enumerate(rules):
        host = mapping(rule).get("host")
        if not isinstance(host, str) or host not in own:
            yield f"{located.place('spec', 'rules', index, 'host')}: a rule's host must be the staging's own; {known}"
    tls = spec.get("tls") or []
    if not isinstance(tls, list):
        yield f"{located.place('spec', 'tls')}: tls must be a list"
        return
    for index, entry in enumerate(tls):
        hosts = mapping(entry).get("hosts") or []
        if not isinstance(hosts, list) or any(not isinstance(host, str) or host not in own for host in hosts):
            yield f"{located.place('spec', 'tls', index)}: TLS is for the staging's own hosts; {known}"


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
