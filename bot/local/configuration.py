"""ConfigMaps, Secrets and the `env` and `envFrom` of containers, read into variables. Pure."""

import base64
import binascii
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.local.fields import Fields
from bot.local.spec import Source, Variable

Values = Mapping[str, str]


@dataclass(slots=True)
class Configuration:
    """The release's ConfigMaps and Secrets by name, and the namespace that its pods would be in."""

    config_maps: dict[str, Values] = field(default_factory=dict)
    secrets: dict[str, Values] = field(default_factory=dict)
    namespace: str = "default"


def read_config_map(found: Fields) -> Values:
    return found.text_map("data")


def read_secret(found: Fields) -> Values:
    return {**dict(_decoded(found)), **found.text_map("stringData")}


def _decoded(found: Fields) -> Iterator[tuple[str, str]]:
    for name, text in found.text_map("data").items():
        try:
            value = os.fsdecode(base64.b64decode("".join(text.split()), validate=True))
        except (binascii.Error, ValueError):
            found.wrong(f"data.{name} is not base64")
            continue
        if "\0" in value:
            found.wrong(f"data.{name} holds a zero byte, which no variable can")
            continue
        yield name, value


def read_variables(container: Fields, configuration: Configuration) -> tuple[Variable, ...]:
    """In the order of Kubernetes: `envFrom` first, then `env`, of which later ones win."""
    everything = [
        *(variable for entry in container.maps("envFrom") for variable in _from(entry, configuration)),
        *(variable for entry in container.maps("env") for variable in _one(entry, configuration)),
    ]
    for variable in everything:
        if "=" in variable.name or "\0" in variable.name:
            container.wrong(f"{variable.name!r} can't be the name of a variable")
    return tuple(everything)


def _from(entry: Fields, configuration: Configuration) -> Iterator[Variable]:
    for key, kind, known in _sources("configMapRef", "secretRef", configuration):
        if not entry.has(key):
            continue
        reference = entry.map(key)
        values = known.get(reference.text("name"))
        if values is None and not reference.values.get("optional"):
            entry.wrong(f"envFrom names the {kind} {reference.text('name')}, which is not in the manifests")
        for name, value in (values or {}).items():
            yield Variable(entry.text("prefix") + name, value)


def _one(entry: Fields, configuration: Configuration) -> Iterator[Variable]:
    name = entry.text("name")
    if not name:
        entry.wrong("an entry of env has no name")
    elif not entry.has("valueFrom"):
        yield Variable(name, entry.at(f"env {name}").text("value"), Source.EXPANDED)
    else:
        yield from _value_from(name, entry.at(f"env {name}").map("valueFrom"), configuration)


def _value_from(name: str, source: Fields, configuration: Configuration) -> Iterator[Variable]:
    for key, kind, known in _sources("configMapKeyRef", "secretKeyRef", configuration):
        if source.has(key):
            yield from _key(name, kind, source.map(key), known)
            return
    path = source.map("fieldRef").text("fieldPath")
    if path == "metadata.name":
        yield Variable(name, source=Source.POD_NAME)
    elif path == "metadata.namespace":
        yield Variable(name, configuration.namespace)
    else:
        what = f"the field {path}" if path else ", ".join(source.values) or "nothing"
        source.wrong(f"valueFrom {what} is not known to the local engine")


def _key(name: str, kind: str, reference: Fields, known: Mapping[str, Values]) -> Iterator[Variable]:
    holder, key = reference.text("name"), reference.text("key")
    values = known.get(holder)
    if values is not None and key in values:
        yield Variable(name, values[key])
    elif not reference.values.get("optional"):
        missing = f"there is no {kind} {holder}" if values is None else f"the {kind} {holder} has no key {key}"
        reference.wrong(f"{missing} in the manifests")


def _sources(
    config_map: str, secret: str, configuration: Configuration
) -> Iterator[tuple[str, str, Mapping[str, Values]]]:
    yield config_map, "ConfigMap", configuration.config_maps
    yield secret, "Secret", configuration.secrets
