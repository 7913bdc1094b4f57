"""What a schema can't see in octopod.yaml: names, references, and what one key says about another.

Looks at what is there, legal or not, so that these mistakes are told together with all others.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from bot.domain.naming import STAGING, patterns_meet, same_pattern, valid_name
from bot.projects import environment, fences, fields, sources
from bot.projects.places import Document, Keys, Mistake
from bot.projects.schema import MISSING

LOCAL_HOSTS = {"web": f"{STAGING}.localhost"}

KUBERNETES_ONLY = {"copy_secrets": "has no Secrets to copy", "fence": "fences nothing", "kinds": "has only its own"}

_IN_IMAGES = ("commit", "branch", "staging", "project")


def contradictions(document: Document, templates: Mapping[str, Path]) -> Iterator[Mistake]:
    """`templates`: those that there are, by name."""
    data = document.data
    if not isinstance(data, dict) or not isinstance(projects := data.get("projects"), dict):
        return
    if not projects:
        yield document.mistake(("projects",), "must hold at least one project")
    for name, project in projects.items():
        if not valid_name(name):
            text = "must be named with at most 40 letters a–z, digits and dashes"
            yield document.mistake(("projects", name), text, at_key=True)
        if isinstance(project, dict):
            yield from _of_project(document, ("projects", name), project)
            yield from sources.mistakes(document, ("projects", name, "source"), project.get("source"), templates)
    yield from _meetings(document, projects)


def _of_project(document: Document, at: Keys, project: Mapping[str, Any]) -> Iterator[Mistake]:
    if "hosts" not in project and document.data.get("engine") == "kubernetes":
        yield document.mistake((*at, "hosts"), MISSING["hosts"], at_key=True)
    for key, why in KUBERNETES_ONLY.items():
        if key in project and document.data.get("engine") == "local":
            yield document.mistake((*at, key), f"is for engine: kubernetes; the local engine {why}", at_key=True)
    yield from _inside_mistakes(document, (*at, "url_probe"), project.get("url_probe"))
    yield from fences.mistakes(document, (*at, "fence"), project.get("fence"))
    hosts = project.get("hosts", LOCAL_HOSTS)
    hosts = hosts if isinstance(hosts, dict) else {}
    yield from _host_mistakes(document, (*at, "hosts"), hosts)
    yield from environment.reference_mistakes(document, (*at, "image"), project.get("image"), _IN_IMAGES)
    yield from environment.mistakes(document, at, project, hosts)


def _inside_mistakes(document: Document, at: Keys, probe: object) -> Iterator[Mistake]:
    if not isinstance(probe, dict) or probe.get("from") != "cluster":
        return
    if document.data.get("engine") == "local":
        yield document.mistake((*at, "from"), "cluster is for engine: kubernetes; say bot or off")
    if "address" in probe:
        text = (
            "is dialled by the bot; with from: cluster the Service behind the staging's Ingress is asked. Leave one out"
        )
        yield document.mistake((*at, "address"), text, at_key=True)


def _host_mistakes(document: Document, at: Keys, hosts: Mapping[str, Any]) -> Iterator[Mistake]:
    for name, pattern in hosts.items():
        if mistake := fields.host_name_mistake(name):
            yield document.mistake((*at, name), mistake, at_key=True)
        if mistake := fields.host_pattern_mistake(pattern):
            yield document.mistake((*at, name), mistake)
    for (one, pattern), (other, other_pattern) in combinations(hosts.items(), 2):
        if isinstance(pattern, str) and isinstance(other_pattern, str) and same_pattern(pattern, other_pattern):
            yield document.mistake((*at, other), f"is the same host as {one}; a port does not tell hosts apart")


def _meetings(document: Document, projects: Mapping[str, Any]) -> Iterator[Mistake]:
    """Hosts that a staging of one project and a staging of another could both get: at the later one."""
    kubernetes = document.data.get("engine") == "kubernetes"
    patterns = {name: _patterns(project, {} if kubernetes else LOCAL_HOSTS) for name, project in projects.items()}
    for (one, ours), (other, theirs) in combinations(patterns.items(), 2):
        for key, pattern in theirs.items():
            met = next((f"{one}.hosts.{name}" for name, own in ours.items() if patterns_meet(own, pattern)), None)
            if met:
                better = pattern.replace(STAGING, f"{STAGING}.{other}")
                text = f"{pattern} could be the same host as one of projects.{met}; tell them apart, such as {better}"
                yield document.mistake(("projects", other, "hosts", key), text, at_key=True)


def _patterns(project: object, default: Mapping[str, str]) -> dict[str, str]:
    hosts = project.get("hosts", default) if isinstance(project, dict) else {}
    return {
        name: pattern
        for name, pattern in (hosts.items() if isinstance(hosts, Mapping) else ())
        if fields.host_pattern_mistake(pattern) is None
    }
