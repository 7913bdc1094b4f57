"""Manifests as they stand in the branch: YAML first, references filled in after parsing, every value with its place."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_FILE_BYTES = 1024 * 1024
MAX_NODES = 50_000
SUFFIXES = {".yaml", ".yml", ".json"}
# Read as written: a date is text to Kubernetes, and YAML's binary and sets have no place in a manifest.
TEXT_TAGS = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:str"}
PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null")}
MERGE = "tag:yaml.org,2002:merge"

Path_ = tuple[str | int, ...]
Fill = Callable[[str], Any]


class Mistake(Exception):
    """Something wrong with one value; the reader adds the place."""


@dataclass(slots=True)
class Located:
    """One object of a manifest, and where its parts stand."""

    file: str
    value: Any
    marks: dict[Path_, tuple[int, int]] = field(default_factory=dict)

    def place(self, *path: str | int) -> str:
        """file:line:column of this part, or of the closest one around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.marks:
                line, column = self.marks[path[:length]]
                return f"{self.file}:{line}:{column}"
        return self.file


def manifest_files(folder: Path) -> list[Path]:
    """In a fixed order. Links are not followed: they could lead out of the branch's files."""
    return sorted(f for f in folder.rglob("*") if f.suffix.lower() in SUFFIXES and not f.is_symlink() and f.is_file())


def read(file: Path, name: str, fill: Fill, mistakes: list[str]) -> Iterator[Located]:
    """The objects of one file. Mistakes are added as `name:line:column: text`; what is wrong is left out."""
    if file.stat().st_size > MAX_FILE_BYTES:
        mistakes.append(f"{name}:1:1: is larger than {MAX_FILE_BYTES // 1024} kB")
        return
    try:
        nodes = list(yaml.compose_all(file.read_text("utf-8"), Loader=yaml.CSafeLoader))
    except UnicodeDecodeError:
        mistakes.append(f"{name}:1:1: is not UTF-8 text")
        return
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        mistakes.append(f"{name}:{where}: is no YAML: {error.problem or error.context}")
        return
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mistakes.append(f"{name}:1:1: is no YAML: {str(error).splitlines()[0] if str(error) else 'nested too deeply'}")
        return
    for node in nodes:
        yield from _objects(node, name, fill, mistakes)


def _objects(node: yaml.Node | None, name: str, fill: Fill, mistakes: list[str]) -> Iterator[Located]:
    if node is None:
        return
    located = Located(name, None)
    builder = _Builder(located, fill, mistakes)
    try:
        located.value = builder.build(node, ())
    except RecursionError:
        mistakes.append(f"{located.place()}: is nested too deeply")
        return
    except _TooLarge:
        mistakes.append(f"{located.place()}: unfolds to more than {MAX_NODES} values; aliases may repeat too much")
        return
    if located.value is None:
        return
    value = located.value
    if isinstance(value, dict) and value.get("kind") == "List" and isinstance(value.get("items"), list):
        for index, item in enumerate(value["items"]):
            prefix: Path_ = ("items", index)
            marks = {path[2:]: mark for path, mark in located.marks.items() if path[:2] == prefix}
            yield Located(name, item, marks)
        return
    yield located


class _TooLarge(Exception):
    pass


class _Builder:
    def __init__(self, located: Located, fill: Fill, mistakes: list[str]) -> None:
        self._located, self._fill, self._mistakes = located, fill, mistakes
        self._nodes = 0
        self._constructor = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, path: Path_) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _TooLarge
        self._located.marks.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
            case _:
                return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        built: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == MERGE:
                self._merge(value, path, merged)
            elif not isinstance(key, yaml.ScalarNode) or key.tag not in TEXT_TAGS:
                self._wrong(key, "a key must be text; put it in quotes")
            elif key.value in built:
                self._wrong(key, f"`{key.value}` is said twice")
            else:
                built[key.value] = self.build(value, (*path, key.value))
        return {**merged, **built}

    def _merge(self, node: yaml.Node, path: Path_, into: dict[str, Any]) -> None:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for source in reversed(sources):
            if isinstance(source, yaml.MappingNode):
                into.update(self._mapping(source, path))
            else:
                self._wrong(source, "`<<` takes a mapping")

    def _scalar(self, node: yaml.Node) -> Any:
        if node.tag in PLAIN_TAGS:
            try:
                return self._constructor.construct_object(node)
            except (ValueError, yaml.YAMLError):
                return str(node.value)
        if node.tag not in TEXT_TAGS:
            self._wrong(node, f"the tag {node.tag} is not supported in a manifest")
            return None
        if "${" not in node.value:
            return node.value
        try:
            return self._fill(node.value)
        except Mistake as mistake:
            self._wrong(node, str(mistake))
            return node.value

    def _wrong(self, node: yaml.Node, text: str) -> None:
        mark = node.start_mark
        self._mistakes.append(f"{self._located.file}:{mark.line + 1}:{mark.column + 1}: {text}")


def yaml_folders(tree: Path, limit: int = 5) -> Sequence[str]:
    """Folders of the tree that hold YAML, for people who named another one."""
    folders = sorted({str(f.parent.relative_to(tree)) for f in manifest_files(tree)})
    return [folder for folder in folders if not folder.startswith(".")][:limit]
