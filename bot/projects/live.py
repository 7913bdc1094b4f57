"""The projects of a running bot: one object that all who need them share, as octopod.yaml may change meanwhile."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from bot.domain.known import Learned
from bot.domain.project import Project

T = TypeVar("T")
MOST_BRANCHES = 50
"""Of a project, of which is remembered what values they know."""


class Projects(Mapping[str, Project]):
    """By name, of the newest octopod.yaml without mistakes. Replaced as a whole, between two steps of the event loop.

    `refused`: the mistakes of a newer file, which therefore does not count.
    """

    def __init__(self, projects: Mapping[str, Project]) -> None:
        self._projects = dict(projects)
        self.refused: Sequence[str] = ()
        self._learned: dict[str, dict[str, Learned]] = {}

    @classmethod
    def of(cls, projects: Mapping[str, Project]) -> "Projects":
        """The same, if they are shared already."""
        return projects if isinstance(projects, cls) else cls(projects)

    def replace(self, projects: Mapping[str, Project]) -> None:
        self._projects, self.refused = dict(projects), ()

    def learned(self, name: str, branch: str) -> Learned:
        """What is remembered of this very branch."""
        return self._learned.get(name, {}).get(branch, Learned())

    def learn(self, name: str, branch: str, learned: Learned) -> None:
        """Kept when the file changes. Branches that say the same share it."""
        known = self._learned.setdefault(name, {})
        known.pop(branch, None)
        known[branch] = next((one for one in known.values() if one == learned), learned)
        if len(known) > MOST_BRANCHES:
            del known[next(iter(known))]

    def on(self, name: str, branch: str) -> Project | None:
        """With the values that its source knows on this branch; else on the baseline, from which branches come; else on
        the one that was seen last."""
        project = self._projects.get(name)
        if project is None:
            return None
        fitting = {
            one: known for one, known in self._learned.get(name, {}).items() if known.source == repr(project.source)
        }
        meant = fitting.get(branch) or fitting.get(project.baseline) or next(reversed(fitting.values()), Learned())
        return replace(project, known=meant.values)

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
