"""One object of a branch's manifests, and where its parts stand, so that every mistake is told with its place."""

from dataclasses import dataclass, field
from typing import Any

Path_ = tuple[str | int, ...]


class Mistake(Exception):
    """Something wrong with one value; the reader adds the place."""


@dataclass(slots=True)
class Located:
    """`wrong`: places at which a mistake was told already, so that nothing that follows from it is told as well."""

    file: str
    value: Any
    marks: dict[Path_, tuple[int, int]] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)

    def place(self, *path: str | int) -> str:
        """file:line:column of this part, or of the closest one around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.marks:
                line, column = self.marks[path[:length]]
                return f"{self.file}:{line}:{column}"
        return self.file
