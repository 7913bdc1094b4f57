"""The configuration of a release key by key: its value, and who said so. For people. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.configuration import Layer, flat, is_secret, layers, literal, written_value
from bot.domain.model import Release
from bot.domain.notes import ENV, VALUES, note
from bot.domain.project import Project


@dataclass(frozen=True, slots=True)
class Line:
    """`value`: None for a secret. `origin`: "default", the name of a profile, or "" for what people changed; None when
    octopod.yaml has changed since. `default`: what it would be without. `note`: what is odd about the key."""

    level: str
    key: str
    value: str | None
    origin: str | None
    default: str | None = None
    place: str = ""
    note: str = ""


def lines(project: Project | None, release: Release) -> Sequence[Line]:
    """Of the application's keys, then of the deployment's. Without a project nothing is known of their origins."""
    found = layers(project, release.overrides) if project else []
    env = [(name, _told_env(layer)) for name, layer in found]
    values = [(name, dict(flat(layer.values))) for name, layer in found]
    return [
        *_lines(project, ENV, _told_env(release.configuration), env, release),
        *_lines(project, VALUES, dict(flat(release.values)), values, release),
    ]


def _told_env(layer: Layer) -> Mapping[str, Any]:
    return {**layer.env, **layer.secrets}


def _lines(
    project: Project | None,
    level: str,
    given: Mapping[str, Any],
    said: Sequence[tuple[str, Mapping[str, Any]]],
    release: Release,
) -> Iterator[Line]:
    for key, value in given.items():
        secret = release.secrets.get(key) if level == ENV else None
        hidden = secret or (level == ENV and project and is_secret(project, key))  # octopod.yaml may call it so by now
        told = [(name, layer[key]) for name, layer in said if key in layer]
        origin = told[-1][0] if told and told[-1][1] == value else None
        write = _writing(level, key, release)
        yield Line(
            level,
            key,
            None if hidden else write(value),
            origin,
            None if hidden or origin == "default" else _default(project, level, key, told, write),
            secret.place if secret else "",
            note(project, level, key, value) if project else "",
        )


def _default(
    project: Project | None, level: str, key: str, told: Sequence[tuple[str, Any]], write: Callable[[Any], str]
) -> str | None:
    """What octopod.yaml says for all, else what the chart or the template takes where it says nothing."""
    if told and told[0][0] == "default":
        return write(told[0][1])
    known = project.known.get(key) if project and level == VALUES else None
    return known.default if known else None


def _writing(level: str, key: str, release: Release) -> Callable[[Any], str]:
    """As it was said: references in octopod.yaml's words, and what people typed as they typed it."""
    typed = release.overrides.env if level == ENV else release.overrides.values

    def write(value: Any) -> str:
        own = typed.get(key)
        said = own if own is not None and value == literal(own) else value
        return said if level == ENV and isinstance(said, str) else written_value(said)

    return write
