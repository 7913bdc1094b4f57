"""From YAML nodes to what JSON can hold, with every value's place. Aliases are written out, and counted."""

from collections.abc import Callable
from typing import Any

import yaml

from bot.render.located import Located, Mistake, Path_
from bot.scalars import TAG, scalar

Fill = Callable[[str], Any]

KEYS = (TAG + "str", TAG + "timestamp", TAG + "value")
MERGE = TAG + "merge"
DEEPEST = 100


class TooLarge(Exception):
    """All manifests together hold more than anybody would write by hand."""


class Budget:
    """What all manifests together may hold, aliases written out and references filled in."""

    def __init__(self, values: int = 100_000, characters: int = 16_000_000) -> None:
        self._values, self._characters = values, characters

    def spend(self, values: int, characters: int) -> None:
        """Raises TooLarge."""
        self._values -= values
        self._characters -= characters
        if self._values < 0 or self._characters < 0:
            raise TooLarge


class Builder:
    """Builds one document into `located`; its mistakes are added to `mistakes`. Raises TooLarge.

    `last_wins`: a key that is said twice is no mistake, as for Helm.
    """

    def __init__(
        self, located: Located, fill: Fill, mistakes: list[str], budget: Budget, last_wins: bool = False
    ) -> None:
        self._located, self._fill, self._mistakes, self._budget = located, fill, mistakes, budget
        self._last_wins = last_wins
        self._around: set[int] = set()

    def build(self, node: yaml.Node, path: Path_ = ()) -> Any:
        self._located.marks.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        self._budget.spend(1, 0)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if not self._enter(node):
            return None
        try:
            return self._collection(node, path)
        finally:
            self._around.discard(id(node))

    def _enter(self, node: yaml.Node) -> bool:
        """An alias can lead back to what is around it, or ever deeper."""
        if id(node) in self._around:
            self._wrong(node, "refers to itself")
            return False
        if len(self._around) >= DEEPEST:
            raise TooLarge
        self._around.add(id(node))
        return True

    def _collection(self, node: yaml.Node, path: Path_) -> Any:
        if isinstance(node, yaml.SequenceNode) and node.tag == TAG + "seq":
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == TAG + "map":
            return {key: self.build(value, (*path, key)) for key, value in self._pairs(node).items()}
        return self._wrong(node, f"the tag {node.tag} is not supported in a manifest")

    def _pairs(self, node: yaml.MappingNode) -> dict[str, yaml.Node]:
        """A mapping's own keys win over those merged into it."""
        own: dict[str, yaml.Node] = {}
        merged: dict[str, yaml.Node] = {}
        for key, value in node.value:
            self._budget.spend(1, len(key.value))
            if key.tag == MERGE:
                self._merge(value, merged)
            elif not isinstance(key, yaml.ScalarNode) or key.tag not in KEYS or "\0" in key.value:
                self._wrong(key, "a key must be text; put it in quotes")
            elif key.value in own and not self._last_wins:
                self._wrong(key, f"`{key.value[:100]}` is said twice")
            else:
                own[key.value] = value
        return merged | own

    def _merge(self, node: yaml.Node, merged: dict[str, yaml.Node]) -> None:
        """Of several mappings the first wins. Empty ones count too: there can be as many of them."""
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            self._budget.spend(1, 0)
            if not isinstance(source, yaml.MappingNode):
                self._wrong(source, "`<<` takes a mapping")
            elif self._enter(source):
                for key, value in self._pairs(source).items():
                    merged.setdefault(key, value)
                self._around.discard(id(source))

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            value = scalar(node)
            if isinstance(value, str) and "${" in value:
                value = self._fill(value)
        except (Mistake, ValueError) as mistake:
            self._wrong(node, str(mistake))
            return node.value
        self._budget.spend(0, len(value) if isinstance(value, str) else 1)
        return value

    def _wrong(self, node: yaml.Node, text: str) -> None:
        mark = node.start_mark
        place = f"{self._located.file}:{mark.line + 1}:{mark.column + 1}"
        self._located.wrong.add(place)
        self._mistakes.append(f"{place}: {text}")
