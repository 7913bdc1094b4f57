"""What a chart's values are by default and by its schema, for suggestions. Pure but for reading the chart's files."""

import difflib
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.domain.objects import inner, mapping
from bot.render.source import MAX_FILE_BYTES

DEEPEST = 8
MOST = 2000


@dataclass(frozen=True, slots=True)
class KnownValue:
    """`default`: as the chart has it; None if it says none. `choices`: the only values that its schema takes."""

    default: Any = None
    description: str = ""
    choices: tuple[str, ...] = ()


def known_values(chart: Path) -> Mapping[str, KnownValue]:
    """By dotted key: all that stands in values.yaml, as a whole and in its parts, and what the schema names besides.

    `chart`: a folder or an archive. What can't be read is not known.
    """
    defaults = _mapping_in(_text(chart, "values.yaml"))
    schema = _schema(chart)
    found = {key: KnownValue(default) for key, default in _flat(defaults)}
    for key, part in _described(schema, schema):
        was = found.get(key, KnownValue())
        default = part.get("default") if was.default is None else was.default
        found[key] = KnownValue(default, str(part.get("description") or part.get("title") or ""), _choices(part))
    return dict(list(found.items())[:MOST])


def unknown_keys(values: Mapping[str, Any], known: Mapping[str, KnownValue]) -> dict[str, str]:
    """Keys that the chart does not have, each with the one that may be meant, or "". No mistakes: it may take them."""
    free = {key for key, one in known.items() if one.default in ({}, None)}
    found = {}
    for key, value in _flat(values):
        above = [key.rsplit(".", count)[0] for count in range(key.count(".") + 1)]
        if key in known or any(one in free for one in above) or isinstance(value, dict):
            continue
        close = difflib.get_close_matches(key, known, n=1)
        found[key] = close[0] if close else ""
    return found


def lets_in(chart: Path, key: str) -> bool:
    """Whether its schema, if it has one, takes this key at the top."""
    schema = _schema(chart)
    return schema.get("additionalProperties") is not False or key in mapping(schema.get("properties"))


def _schema(chart: Path) -> dict[str, Any]:
    try:
        return mapping(json.loads(_text(chart, "values.schema.json") or "{}"))
    except (ValueError, RecursionError):
        return {}


def _mapping_in(text: str) -> dict[str, Any]:
    try:
        return mapping(yaml.load(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}


def _text(chart: Path, name: str) -> str:
    """Empty if there is no such file, or nobody would read it."""
    try:
        if chart.is_dir():
            with (chart / name).open("rb") as stream:
                return _decoded(stream.read(MAX_FILE_BYTES + 1))
        with tarfile.open(chart) as archive:
            for member in archive:
                if member.isfile() and member.name.count("/") == 1 and member.name.endswith(f"/{name}"):
                    stream_in = archive.extractfile(member)
                    return _decoded(stream_in.read(MAX_FILE_BYTES + 1)) if stream_in else ""
    except (OSError, tarfile.TarError, EOFError):
        pass
    return ""


def _decoded(content: bytes) -> str:
    return content.decode(errors="replace") if len(content) <= MAX_FILE_BYTES else ""


def _flat(values: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        yield f"{prefix}{key}", value
        if isinstance(value, dict) and depth < DEEPEST:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)


def _described(
    part: Mapping[str, Any], whole: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, one in mapping(part.get("properties")).items():
        meant = _meant(mapping(one), whole)
        yield f"{prefix}{key}", meant
        if depth < DEEPEST:
            yield from _described(meant, whole, f"{prefix}{key}.", depth + 1)


def _meant(part: dict[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """A reference within the schema is followed, once."""
    reference = part.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return part
    steps = [step.replace("~1", "/").replace("~0", "~") for step in reference[2:].split("/")]
    return {**inner(dict(whole), *steps), **{key: one for key, one in part.items() if key != "$ref"}}


def _choices(part: Mapping[str, Any]) -> tuple[str, ...]:
    listed = part.get("enum")
    if isinstance(listed, list):
        return tuple(one if isinstance(one, str) else json.dumps(one) for one in listed)
    return ("true", "false") if part.get("type") == "boolean" else ()
