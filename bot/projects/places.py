"""YAML with the place of everything in it, so that a mistake can be told as file:line:column.

Scalars stay text, as they were written: what `off`, `1.10` or `0x1F` mean is for the reader's schema to say. Only an
empty or null scalar is None. Where the reader asks for it, they have YAML's own types.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.scalars import TAG, scalar

Keys = tuple[str | int, ...]

_MERGE = f"{TAG}merge"
_PLAIN = ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "map", "seq")
_MOST_NODES = 100_000


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """A place (1-based) and what is wrong there. `path` is how the keys lead to it: `projects.shop.ttl`.

    `inherited`: the place is one of another project.
    """

    line: int
    column: int
    path: str
    text: str
    inherited: bool = field(default=False, compare=False)

    def at(self, file: str) -> str:
        return f"{file}:{self.line}:{self.column}: {self.path}{': ' if self.path else ''}{self.text}"


@dataclass(slots=True)
class Document:
    """Plain data (dict, list, str, None, and what is typed), where its keys and values are, and what was wrong with the
    YAML itself. `inherited`: what leads to a place of another project."""

    data: Any = None
    mistakes: list[Mistake] = field(default_factory=list)
    keys: dict[Keys, yaml.Mark] = field(default_factory=dict)
    values: dict[Keys, yaml.Mark] = field(default_factory=dict)
    inherited: set[Keys] = field(default_factory=set)

    def mistake(self, path: Keys, text: str, at_key: bool = False) -> Mistake:
        """A mistake in what `path` leads to. What is not there is placed at what it is missing in."""
        known = path
        while known and known not in self.values:
            known = known[:-1]
        mark = self.keys.get(known) if at_key or known != path else None
        return _mistake(mark or self.values.get(known), path, text, known in self.inherited)


def read(text: str, typed: Callable[[Keys], bool] = lambda path: False) -> Document:
    """The single document of a text. Broken YAML yields no data and one mistake.

    `typed`: whether what is at this place has YAML's own types (numbers, booleans).
    """
    reader = _Reader(typed)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is not None:
            reader.document.data = reader.value(node, ())
    except yaml.MarkedYAMLError as error:
        return Document(mistakes=[_mistake(error.problem_mark, (), f"is not valid YAML: {_problem(error)}")])
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - before.rfind("\n")
        return Document(mistakes=[Mistake(line, column, "", "a character that YAML does not allow")])
    except (RecursionError, _TooMuch):
        return Document(mistakes=[Mistake(1, 1, "", "is nested too deeply, or its aliases unfold to too much")])
    return reader.document


class _TooMuch(Exception):
    pass


class _Reader:
    def __init__(self, typed: Callable[[Keys], bool]) -> None:
        self.document = Document()
        self.nodes = 0
        self._typed = typed

    def value(self, node: yaml.Node, path: Keys) -> Any:
        self._count()
        self.document.values[path] = node.start_mark
        if node.tag.removeprefix(TAG) not in _PLAIN:
            self._wrong(node, path, f"the tag {node.tag.removeprefix(TAG)} is not understood here")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and self._typed(path):
            return self._scalar(node, path)
        return None if node.tag == f"{TAG}null" else str(node.value)

    def _scalar(self, node: yaml.ScalarNode, path: Keys) -> Any:
        try:
            return scalar(node)
        except ValueError as error:
            self._wrong(node, path, str(error))
            return None

    def _mapping(self, node: yaml.MappingNode, path: Keys) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in self._merged(node, path):
            data[key.value] = self._entry(key, value, path)
        own: set[str] = set()
        for key, value in node.value:
            if key.tag == _MERGE:
                continue
            if not isinstance(key, yaml.ScalarNode):
                self._wrong(key, path, "a key must be a plain word")
            elif key.value in own:
                self._wrong(key, (*path, key.value), "is here twice")
            else:
                own.add(key.value)
                data[key.value] = self._entry(key, value, path)
        return data

    def _entry(self, key: yaml.Node, value: yaml.Node, path: Keys) -> Any:
        self.document.keys[(*path, key.value)] = key.start_mark
        return self.value(value, (*path, key.value))

    def _merged(self, node: yaml.MappingNode, path: Keys) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        """What `<<: *other` brings in; what the mapping itself says comes later and wins."""
        for key, value in node.value:
            if key.tag != _MERGE:
                continue
            # Of several, the first one wins.
            for source in reversed(value.value) if isinstance(value, yaml.SequenceNode) else [value]:
                self._count()
                if isinstance(source, yaml.MappingNode):
                    yield from self._merged(source, path)
                    yield from (
                        one for one in source.value if isinstance(one[0], yaml.ScalarNode) and one[0].tag != _MERGE
                    )
                else:
                    self._wrong(source, path, "<< takes a mapping, or a list of them")

    def _count(self) -> None:
        """Also what is merged, even if there is nothing in it: aliases multiply it."""
        self.nodes += 1
        if self.nodes > _MOST_NODES:
            raise _TooMuch

    def _wrong(self, node: yaml.Node, path: Keys, text: str) -> None:
        self.document.mistakes.append(_mistake(node.start_mark, path, text))


def _mistake(mark: yaml.Mark | None, path: Keys, text: str, inherited: bool = False) -> Mistake:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Mistake(line, column, ".".join(str(part) for part in path), text, inherited)


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = " ".join(filter(None, (error.context, error.problem)))
    if "'@'" in problem or "'`'" in problem:
        return f"{problem}; put the value into quotes"
    return problem
