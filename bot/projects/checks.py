"""What a schema can't see in octopod.yaml: names, references, and what one key says about another.

Looks at what is there, legal or not, so that these mistakes are told together with all others.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.domain.naming import valid_name
from bot.projects import environment, fences, githosts, health_mistakes, hosts, sources
from bot.projects.places import Document, Keys, Mistake

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
            yield from hosts.mistakes(document, name, project)
            yield from sources.mistakes(document, ("projects", name, "source"), project.get("source"), templates)
    yield from hosts.meetings(document, projects)


def _of_project(document: Document, at: Keys, project: Mapping[str, Any]) -> Iterator[Mistake]:
    for key, why in KUBERNETES_ONLY.items():
        if key in project and document.data.get("engine") == "local":
            yield document.mistake((*at, key), f"is for engine: kubernetes; the local engine {why}", at_key=True)
    yield from _inside_mistakes(document, (*at, "url_probe"), project.get("url_probe"))
    yield from githosts.mistakes(document, at, project)
    yield from fences.mistakes(document, (*at, "fence"), project.get("fence"))
    yield from environment.reference_mistakes(document, (*at, "image"), project.get("image"), _IN_IMAGES)
    yield from environment.mistakes(document, at, project, hosts.known(project))
    yield from health_mistakes.mistakes(document, at, project, hosts.known(project))


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
