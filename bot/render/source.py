"""Manifests as they stand in the branch: YAML first, references filled in after parsing, every value with its place."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.domain.objects import mapping
from bot.render.located import Located, Path_
from bot.render.nodes import DEEPEST, Budget, Builder, Fill, TooLarge

MAX_FILE_BYTES = 1024 * 1024
MAX_FILES = 500
SUFFIXES = {".yaml", ".yml", ".json"}
NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def manifest_files(folder: Path, tree: Path, named: Callable[[Path], str], mistakes: list[str]) -> list[Path]:
    """In a fixed order. Links to folders are not followed, nor links out of `tree`; both are mistakes.

    `named`: what people know a file by.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        name = named(path)
        if path.is_symlink() and not leads_inside(path, tree):
            mistakes.append(f"{name}: is a link that leads out of the branch's files")
        elif path.is_symlink() and path.is_dir():
            mistakes.append(f"{name}: is a link to a folder, which is not followed; move the folder here")
        elif path.suffix.lower() in SUFFIXES and not path.is_dir():
            found.append(path)
    if len(found) > MAX_FILES:
        mistakes.append(f"{named(folder)}: holds more than {MAX_FILES} manifest files")
    return found[:MAX_FILES]


def read(file: Path, name: str, fill: Fill, mistakes: list[str], budget: Budget) -> Iterator[Located]:
    """The objects of one file. Mistakes are added as `name:line:column: text`; what is wrong is left out."""
    text = _text(file, name, mistakes)
    if text is not None:
        yield from objects_in(text, name, fill, mistakes, budget)


def objects_in(
    text: str, name: str, fill: Fill, mistakes: list[str], budget: Budget, last_wins: bool = False
) -> Iterator[Located]:
    """The same of a text. `last_wins`: of a key that is said twice."""
    if _nested_too_deeply(text, name, mistakes):
        return
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        mistakes.append(f"{name}:{where}: is no YAML: {error.problem or error.context}")
        return
    except (yaml.YAMLError, ValueError) as error:
        mistakes.append(f"{name}:1:1: is no YAML: {[*str(error).splitlines(), 'it makes no sense'][0]}")
        return
    for node in nodes:
        yield from _objects(node, Located(name, None), fill, mistakes, budget, last_wins)


def mapping_in(text: str) -> dict[str, Any]:
    """Of one document that anybody may have written; empty if it is none."""
    mistakes: list[str] = []
    found = list(objects_in(text, "", str, mistakes, Budget(), last_wins=True))
    return mapping(found[0].value) if found and not mistakes else {}


def leads_inside(path: Path, tree: Path) -> bool:
    """Whether what the path leads to, links followed, is one of the branch's files."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(tree))


def shown(path: Path) -> str:
    """File names are bytes; people get what can be printed of them."""
    name = os.fsencode(path).decode(errors="replace")
    return "".join(character if character.isprintable() else "�" for character in name)


def yaml_folders(tree: Path, limit: int = 5) -> Sequence[str]:
    """Folders of the tree that hold YAML, for people who named another one."""
    folders = set()
    for here, inner, files in os.walk(tree):
        inner[:] = [name for name in inner if not name.startswith(".") and name != "node_modules"]
        if any(Path(name).suffix.lower() in SUFFIXES for name in files):
            folders.add(shown(Path(here).relative_to(tree)))
    return sorted(folders)[:limit]


def _text(file: Path, name: str, mistakes: list[str]) -> str | None:
    """The file's text, if all of it can be YAML."""
    try:
        if not file.is_file():
            raise OSError(0, "it is no ordinary file")
        with file.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        mistakes.append(f"{name}: can't be read: {error.strerror}")
        return None
    if len(content) > MAX_FILE_BYTES:
        mistakes.append(f"{name}:1:1: is larger than {MAX_FILE_BYTES // 1024} kB")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", errors="replace")
        mistakes.append(f"{name}:{_after(before)}: is not UTF-8 text")
        return None
    if odd := NOT_TEXT.search(text):
        mistakes.append(f"{name}:{_after(text[: odd.start()])}: is no YAML: control character U+{ord(odd[0]):04X}")
        return None
    return text


def _after(before: str) -> str:
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _nested_too_deeply(text: str, name: str, mistakes: list[str]) -> bool:
    """Composing deep nesting overflows the C stack and would end the bot; the parser's events come one by one."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                where = f"{event.start_mark.line + 1}:{event.start_mark.column + 1}" if event.start_mark else "1:1"
                mistakes.append(f"{name}:{where}: is nested too deeply")
                return True
    except (yaml.YAMLError, ValueError):
        return False  # composing finds it again
    return False


def _objects(
    node: yaml.Node | None, located: Located, fill: Fill, mistakes: list[str], budget: Budget, last_wins: bool
) -> Iterator[Located]:
    if node is None:
        return
    try:
        located.value = Builder(located, fill, mistakes, budget, last_wins).build(node)
    except TooLarge:
        mistakes.append(f"{located.place()}: the manifests unfold to too much; aliases or references repeat too often")
        return
    if located.value is not None:
        yield from _items(located)


def _items(located: Located) -> Iterator[Located]:
    """The object itself; of a List its items, however deep they are."""
    value = located.value
    if not (isinstance(value, dict) and value.get("kind") == "List" and isinstance(value.get("items"), list)):
        yield located
        return
    marks: list[dict[Path_, tuple[int, int]]] = [{} for _ in value["items"]]
    for path, mark in located.marks.items():
        if len(path) > 1 and path[0] == "items" and isinstance(path[1], int):
            marks[path[1]][path[2:]] = mark
    for item, inner in zip(value["items"], marks, strict=True):
        yield from _items(Located(located.file, item, inner, located.wrong))
