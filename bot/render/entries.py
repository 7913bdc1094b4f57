"""What lets people into a staging: only at its own hosts, and only to what is its own. Pure."""

from collections.abc import Iterator
from typing import Any

from bot.domain import naming
from bot.domain.objects import mapping
from bot.ports import RenderFacts
from bot.render.located import Located, Path_

GATEWAYS = "gateway.networking.k8s.io"


def mistakes_in_ingress(located: Located, facts: RenderFacts) -> Iterator[str]:
    """As `file:line:column: text`."""
    own, known = _own_hosts(facts)
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


def mistakes_in_route(located: Located, facts: RenderFacts) -> Iterator[str]:
    """Its Gateway may be another namespace's, as one is enough for all; what it leads to may not."""
    own, known = _own_hosts(facts)
    spec = mapping(located.value.get("spec"))
    hosts = spec.get("hostnames")
    if not isinstance(hosts, list) or not hosts:
        yield f"{located.place('spec', 'hostnames')}: an HTTPRoute needs hostnames, else it answers for all; {known}"
        hosts = []
    for index, host in enumerate(hosts):
        if not isinstance(host, str) or host not in own:
            yield f"{located.place('spec', 'hostnames', index)}: a hostname must be the staging's own; {known}"
    parents = spec.get("parentRefs")
    if not isinstance(parents, list) or not parents:
        yield f"{located.place('spec', 'parentRefs')}: an HTTPRoute needs parentRefs, which name the Gateway it is for"
        parents = []
    for index, parent in enumerate(parents):
        named = {"kind": "Gateway", "group": GATEWAYS, **mapping(parent)}
        if (named["kind"], named["group"]) != ("Gateway", GATEWAYS) or not isinstance(named.get("name"), str):
            yield f"{located.place('spec', 'parentRefs', index)}: must name a Gateway"
    for path, target in _targets(spec, ("spec",)):
        if target.get("namespace") not in (None, facts.namespace):
            yield f"{located.place(*path, 'namespace')}: leads out of the staging; only its own Services are allowed"


def _targets(value: Any, path: Path_) -> Iterator[tuple[Path_, dict[str, Any]]]:
    """All that requests may go to, copies of them as well."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        if key == "backendRef":
            yield (*path, key), mapping(one)
        if key == "backendRefs" and isinstance(one, list):
            yield from (((*path, key, index), mapping(each)) for index, each in enumerate(one))
        yield from _targets(one, (*path, key))


def _own_hosts(facts: RenderFacts) -> tuple[set[str], str]:
    """And how to name them."""
    own = {naming.without_port(host) for host in facts.hosts.values()}
    return own, "its own hosts are " + ", ".join(f"${{host.{name}}}" for name in facts.hosts)
