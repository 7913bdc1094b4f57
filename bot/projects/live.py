"""The projects of a running bot: one object that all who need them share, as octopod.yaml may change meanwhile."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from bot.domain.project import Project

T = TypeVar("T")


class Projects(Mapping[str, Project]):
    """By name, of the newest octopod.yaml without mistakes. Replaced as a whole, between two steps of the event loop.

    `refused`: the mistakes of a newer file, which therefore does not count.
    """

    def __init__(self, projects: Mapping[str, Project]) -> None:
        self._projects = dict(projects)
        self.refused: Sequence[str] = ()

    @classmethod
    def of(cls, projects: Mapping[str, Project]) -> "Projects":
        """The same, if they are shared already."""
        return projects if isinstance(projects, cls) else cls(projects)

    def replace(self, projects: Mapping[str, Project]) -> None:
        self._projects, self.refused = dict(projects), ()

    def each(self, of: Callable[[Project], T]) -> Mapping[str, T]:
        """One thing of each project, always as it is now."""
        return _Each(self, of)

    def __getitem__(self, name: str) -> Project:
        return self._projects[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._projects)

    def __len__(self) -> int:
        return len(self._projects)


class _Each(Mapping[str, T]):
    def __init__(self, projects: Projects, of: Callable[[Project], T]) -> None:
        self._projects, self._of = projects, of

    def __getitem__(self, name: str) -> T:
        return self._of(self._projects[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._projects)

    def __len__(self) -> int:
        return len(self._projects)
