"""What a branch's objects may be. Whoever can push decides what manifests say, so only what is listed is applied."""

import re
from collections.abc import Iterator
from typing import Any

from bot.domain import naming
from bot.ports import EngineFacts, RenderFacts
from bot.render.source import Located

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")
WITH_PODS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
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
    match kind:
        case "Ingress":
            yield from _ingress(located, facts)
        case "Service":
            yield from _service(located)
        case "ConfigMap" | "Secret" if _name(thing) == OWN_CONFIG:
            yield f"{located.place('metadata', 'name')}: `{OWN_CONFIG}` is Octopod's own, from `env:`; rename yours"
        case _ if kind in WITH_PODS:
            yield from _pods(located, kind)


def _metadata(located: Located, facts: RenderFacts) -> Iterator[str]:
    metadata = located.value.get("metadata")
    if not isinstance(metadata, dict):
        yield f"{located.place('metadata')}: metadata.name must be said"
        return
    name = metadata.get("name")
    if not isinstance(name, str) or len(name) > 253 or not NAME.fullmatch(name):
        yield f"{located.place('metadata', 'name')}: metadata.name must be a name of a–z, 0–9, dashes and dots"
    namespace = metadata.get("namespace")
    if namespace not in (None, facts.namespace):
        yield (
            f"{located.place('metadata', 'namespace')}: the namespace is the staging's own; leave it out, or write "
            "`${namespace}`"
        )
    for key in ("labels", "annotations"):
        if not isinstance(metadata.get(key, {}), dict):
            yield f"{located.place('metadata', key)}: metadata.{key} must be a mapping"


def _refused_kind(version: str, kind: str, engine: EngineFacts) -> str:
    allowed = ", ".join(sorted({name for _, name in engine.kinds}))
    versions = [v for v, name in engine.kinds if name == kind]
    if versions:
        return f"{kind} must be {versions[0]}, not {version}"
    return f"{kind} is not applied by the {engine.name} engine; a branch may have {allowed}"


def _ingress(located: Located, facts: RenderFacts) -> Iterator[str]:
    own = {naming.without_port(host) for host in facts.hosts.values()}
    known = "its own hosts are " + ", ".join(f"${{host.{name}}}" for name in facts.hosts)
    spec = _mapping(located.value.get("spec"))
    rules = spec.get("rules")
    if not isinstance(rules, list) or not rules:
        yield f"{located.place('spec', 'rules')}: an Ingress needs rules with hosts; {known}"
        return
    if "defaultBackend" in spec:
        yield f"{located.place('spec', 'defaultBackend')}: a default backend would answer for other hosts; use rules"
    for index, rule in enumerate(rules):
        if _mapping(rule).get("host") not in own:
            yield f"{located.place('spec', 'rules', index, 'host')}: a rule's host must be the staging's own; {known}"
    tls = spec.get("tls")
    for index, entry in enumerate(tls if isinstance(tls, list) else []):
        hosts = _mapping(entry).get("hosts")
        if any(host not in own for host in (hosts if isinstance(hosts, list) else [])):
            yield f"{located.place('spec', 'tls', index)}: TLS is for the staging's own hosts; {known}"


def _service(located: Located) -> Iterator[str]:
    spec = _mapping(located.value.get("spec"))
    if spec.get("type", "ClusterIP") != "ClusterIP":
        yield f"{located.place('spec', 'type')}: a Service must be ClusterIP; an Ingress makes it reachable"
    for key in ("externalIPs", "loadBalancerIP", "externalName"):
        if key in spec:
            yield f"{located.place('spec', key)}: {key} is not allowed; an Ingress makes a Service reachable"


def _pods(located: Located, kind: str) -> Iterator[str]:
    path = ("spec", "template", "spec", "containers")
    template = _mapping(_mapping(located.value.get("spec")).get("template"))
    containers = _mapping(template.get("spec")).get("containers")
    if not isinstance(containers, list) or not containers:
        yield f"{located.place(*path)}: a {kind} needs spec.template.spec.containers"
        return
    for index, container in enumerate(containers):
        if not isinstance(_mapping(container).get("name"), str):
            yield f"{located.place(*path, index)}: every container needs a name"


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(thing: dict[str, Any]) -> Any:
    return _mapping(thing.get("metadata")).get("name")
