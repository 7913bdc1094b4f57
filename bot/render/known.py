"""What values a chart or a template has, by its values.yaml and its schema. Pure but for reading a chart's files.

A description is the schema's, else `@param KEY …` of a comment, else the comment right above the key.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any

from bot.domain.changes import values_trouble
from bot.domain.configuration import flat, key_of, over, written_value
from bot.domain.known import KnownValue
from bot.domain.objects import inner, mapping
from bot.domain.redaction import shapes_hidden
from bot.render.chart_files import chart_files
from bot.render.located import Located
from bot.render.nodes import Budget
from bot.render.source import mapping_in, objects_in

DEEPEST = 8
MOST = 2000
MOST_CHOICES = 100
LONGEST = 200
_PARAM = re.compile(r"^[ ]*#+[ ]*@param[ ]+(\S+)[ ]+(?:\[[^\]\n]*\][ ]+)?(\S.*)$", re.MULTILINE)
_COMMENT = re.compile(r"#+ ?(?:-- )?(.*)")


def known_values(chart: Path, files: Iterable[str] = ()) -> Mapping[str, KnownValue]:
    """By dotted key. `chart`: a folder or an archive; `files`: texts of values files. What can't be read is unknown.

    Of the charts in it only the names are known, as keys below which anything may stand.
    """
    given = chart_files(chart)
    schema = _schema(given.texts["values.schema.json"])
    found = dict(known_defaults(given.texts["values.yaml"], files))
    for key, part in islice(_described(schema, schema), MOST):
        if key in found or _takes_any(part) or not any(one.startswith(f"{key}.") for one in found):
            found[key] = _with_schema(found.get(key, KnownValue()), key, part)
    for name in given.charts:
        found.setdefault(key_of([name]), KnownValue(description="Of a chart in this one"))
    if given.charts:
        found.setdefault("global", KnownValue(description="For all charts in this one"))
    return _typed(found)


def known_defaults(text: str, files: Iterable[str] = ()) -> Mapping[str, KnownValue]:
    """The same of a values.yaml alone."""
    mistakes: list[str] = []
    [document] = [*islice(objects_in(text, "", str, mistakes, Budget(), last_wins=True), 1)] or [Located("", {})]
    own = {} if mistakes else mapping(document.value)
    said = _comments(document, text) if own else {}
    defaults = reduce(over, [mapping_in(one) for one in files], own)
    return _typed({key: KnownValue(_default(key, value), said.get(key, "")) for key, value in flat(defaults)})


def lets_in(chart: Path, key: str) -> bool:
    """Whether its schema, if it has one, takes this key at the top."""
    schema = _schema(chart_files(chart).texts["values.schema.json"])
    return schema.get("additionalProperties") is not False or key in mapping(schema.get("properties"))


def _typed(found: Mapping[str, KnownValue]) -> Mapping[str, KnownValue]:
    """Those that somebody could type."""
    return dict(islice(((key, one) for key, one in found.items() if not values_trouble(key)), MOST))


def _default(key: str, value: Any) -> str:
    """Passwords stand in public charts, too."""
    return _line(shapes_hidden(f"{key}={written_value(value)}").removeprefix(f"{key}="))


def _line(text: str) -> str:
    """In one line, and short."""
    line = "".join(one if one.isprintable() else "�" for one in text.strip().replace("\n", "⏎"))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


# --- comments of values.yaml -----------------------------------------------------------------------------------------


def _comments(document: Located, text: str) -> Mapping[str, str]:
    """By the key that they are about."""
    lines = text.splitlines()
    found: dict[str, str] = {}
    for path, (line, _) in document.marks.items():
        names = [part for part in path if isinstance(part, str)]
        if names and names == list(path) and (said := _above(lines, line - 1, names[-1])):
            found[key_of(names)] = _line(said)
    return found | {key: _line(shapes_hidden(said)) for key, said in _PARAM.findall(text)}


def _above(lines: list[str], at: int, name: str) -> str:
    """The comment that ends right above this line, as far in as it is."""
    line = lines[at] if at < len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    if name not in line:
        return ""  # a value that begins below its key
    found: list[str] = []
    for above in reversed(lines[:at]):
        said = _COMMENT.fullmatch(above.removeprefix(indent))
        if not above.startswith(indent) or not said:
            break
        found.insert(0, said[1].strip())
    return shapes_hidden(" ".join(found))


# --- the schema ------------------------------------------------------------------------------------------------------


def _schema(text: str) -> dict[str, Any]:
    try:
        return mapping(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        return {}


def _described(
    part: Mapping[str, Any], whole: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What has no parts of its own, and what takes others besides those that it names."""
    for key, one in mapping(part.get("properties")).items():
        meant, there = _meant(mapping(one), whole), (*path, key)
        inside = mapping(meant.get("properties")) and len(there) < DEEPEST
        if not inside or _takes_any(meant):
            yield key_of(there), meant
        if inside:
            yield from _described(meant, whole, there)


def _takes_any(part: Mapping[str, Any]) -> bool:
    return bool(part.get("additionalProperties") or part.get("patternProperties"))


def _meant(part: dict[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """A reference within the schema is followed, once."""
    reference = part.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#"):
        return part
    steps = [step.replace("~1", "/").replace("~0", "~") for step in reference.split("/")[1:]]
    return {**inner(dict(whole), *steps), **{key: one for key, one in part.items() if key != "$ref"}}


def _with_schema(was: KnownValue, key: str, part: Mapping[str, Any]) -> KnownValue:
    default = _default(key, part["default"]) if was.default is None and "default" in part else was.default
    said = _line(str(part.get("description") or part.get("title") or was.description))
    return KnownValue(default, said, _choices(part))


def _choices(part: Mapping[str, Any]) -> tuple[str, ...]:
    """None if they are more than anybody would read, or nothing that can be typed."""
    if part.get("type") == "boolean":
        return ("true", "false")
    listed = part.get("enum")
    found = [one if isinstance(one, str) else json.dumps(one) for one in listed] if isinstance(listed, list) else []
    return tuple(found) if len(found) <= MOST_CHOICES and all(_line(one) == one for one in found) else ()
