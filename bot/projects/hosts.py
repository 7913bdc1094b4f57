"""`hosts:` in octopod.yaml: the hosts of a staging, and that no two stagings can have the same one."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from bot.domain.naming import STAGING, patterns_meet, same_pattern, valid_name
from bot.projects import fields
from bot.projects.places import Document, Keys, Mistake
from bot.projects.schema import MISSING

PROJECT = "${project}"
_LOCAL, _LOCAL_HEIR = {"web": f"{STAGING}.localhost"}, {"web": f"{STAGING}.{PROJECT}.localhost"}


def patterns(project: str, said: Mapping[str, str] | None, *, extends: bool) -> dict[str, str]:
    """With the project's name filled in. Of the local engine, if nothing is said."""
    said = said or (_LOCAL_HEIR if extends else _LOCAL)
    return {name: filled(pattern, project) for name, pattern in said.items()}


def filled(pattern: str, project: str) -> str:
    # A name that is no name is told once, and not of each host again.
    return pattern.replace(PROJECT, project if valid_name(project) else "project")


def known(project: Mapping[str, Any]) -> Mapping[str, Any]:
    """What references may name."""
    found = project.get("hosts", _LOCAL)
    return found if isinstance(found, Mapping) else {}


def mistakes(document: Document, name: str, project: Mapping[str, Any]) -> Iterator[Mistake]:
    at = ("projects", name, "hosts")
    if "hosts" not in project and "extends" not in project and document.data.get("engine") == "kubernetes":
        yield document.mistake(at, MISSING["hosts"], at_key=True)
    yield from _of_patterns(document, at, name, known(project))


def _of_patterns(document: Document, at: Keys, project: str, hosts: Mapping[str, Any]) -> Iterator[Mistake]:
    for name, pattern in hosts.items():
        if mistake := fields.host_name_mistake(name):
            yield document.mistake((*at, name), mistake, at_key=True)
        if mistake := _pattern_mistake(pattern, project):
            yield document.mistake((*at, name), mistake)
    for (one, pattern), (other, other_pattern) in combinations(hosts.items(), 2):
        if isinstance(pattern, str) and isinstance(other_pattern, str) and same_pattern(pattern, other_pattern):
            yield document.mistake((*at, other), f"is the same host as {one}; a port does not tell hosts apart")


def _pattern_mistake(pattern: object, project: str) -> str | None:
    return fields.host_pattern_mistake(filled(pattern, project) if isinstance(pattern, str) else pattern)


def meetings(document: Document, projects: Mapping[str, Any]) -> Iterator[Mistake]:
    """Hosts that a staging of one project and a staging of another could both get: at the later one, once."""
    local = document.data.get("engine") != "kubernetes"
    legal = {name: _legal(name, project, local) for name, project in projects.items()}
    told: set[Keys] = set()
    for (one, ours), (other, theirs) in combinations(legal.items(), 2):
        for key, pattern in theirs.items():
            met = next((f"{one}.hosts.{name}" for name, own in ours.items() if patterns_meet(own, pattern)), None)
            place = ("projects", other, "hosts", key)
            if met and place not in told:
                told.add(place)
                yield _meeting(document, place, pattern, met)


def _meeting(document: Document, place: Keys, pattern: str, met: str) -> Mistake:
    _, project, _, key = place
    text = f"{pattern} could be the same host as one of projects.{met}; "
    if place in document.inherited:
        better = pattern.replace(STAGING, f"{STAGING}.{PROJECT}")
        text = f"inherits hosts.{key}, but {text}say hosts of its own, or write {PROJECT} into them, such as {better}"
        return document.mistake(("projects", project, "extends"), text)
    better = pattern.replace(STAGING, f"{STAGING}.{project}")
    return document.mistake(place, f"{text}tell them apart, such as {better}", at_key=True)


def _legal(name: str, project: object, local: bool) -> dict[str, str]:
    if not isinstance(project, Mapping):
        return {}
    default = (_LOCAL_HEIR if "extends" in project else _LOCAL) if local else {}
    hosts = project.get("hosts", default)
    return {
        key: filled(pattern, name)
        for key, pattern in (hosts.items() if isinstance(hosts, Mapping) else ())
        if isinstance(pattern, str) and _pattern_mistake(pattern, name) is None
    }
