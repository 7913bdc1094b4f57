"""`extends:` in octopod.yaml: a project takes from another one whatever it does not say itself.

Mappings are merged key by key, however deep; all else is replaced. Where nothing stands at a key inside of them
(`KEY:`), what is inherited is left out. It happens on what was read, before any of it is checked, so that what is
inherited keeps the place where it is written.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from bot.projects.places import Document, Keys, Mistake

# Each project has a copy of what it inherits; many projects of much would be read for minutes.
_MOST = 100_000
# Says one thing by one of several keys, so that a key of another one must not join it.
_WHOLE = {("source",)}
# Nothing below these keys is nothing said: perhaps all of it is a comment.
_OPEN = ("env", "secrets", "values", "profiles")


class _TooMuch(Exception):
    pass


def inherit(document: Document) -> Iterator[Mistake]:
    """Complete the projects of the document in place. Mistakes are in the `extends` alone."""
    projects = document.data.get("projects") if isinstance(document.data, dict) else None
    if not isinstance(projects, dict):
        return
    heirs = _Heirs(document, projects)
    try:
        for name in projects:
            yield from heirs.complete(name)
    except _TooMuch:
        yield document.mistake(("projects",), "is too much: what projects inherit would be read for minutes")


class _Heirs:
    def __init__(self, document: Document, projects: dict[str, Any]) -> None:
        self._document, self._projects = document, projects
        self._complete: set[str] = set()
        self._left = _MOST

    def complete(self, name: str) -> Iterator[Mistake]:
        """The project and all that it extends, the farthest first."""
        line: list[str] = []
        while name not in self._complete:
            if name in line:
                ring = [*line[line.index(name) :], name]
                self._complete.update(line)
                text = f"leads back to itself: {' → '.join(ring)}" if len(ring) > 2 else "must name another project"
                yield self._document.mistake(("projects", name, "extends"), text)
                return
            line.append(name)
            parent = self._parent(name)
            if isinstance(parent, Mistake):
                yield parent
            if not isinstance(parent, str):
                break
            name = parent
        for heir in reversed(line):
            self._complete.add(heir)
            parent = self._parent(heir)
            if isinstance(parent, str):
                self._of_level(("projects", parent), ("projects", heir), self._projects[parent], self._projects[heir])

    def _parent(self, name: str) -> str | Mistake | None:
        project = self._projects[name]
        if not isinstance(project, dict) or "extends" not in project:
            return None
        parent, place = project["extends"], ("projects", name, "extends")
        if not isinstance(parent, str):
            return self._document.mistake(place, "must be the name of another project")
        if parent in self._projects:
            return parent if isinstance(self._projects[parent], dict) else None
        close = difflib.get_close_matches(parent, self._projects, 1)
        others = ", ".join(other for other in self._projects if other != name)
        hint = f"did you mean {close[0]}?" if close else f"there is {others}" if others else "there is no other"
        return self._document.mistake(place, f"is no project; {hint}")

    def _of_level(self, theirs: Keys, ours: Keys, parent: Mapping[str, Any], child: dict[str, Any]) -> None:
        """Of a project or a profile: what is secret in one of them is not also plain by the other."""
        taken = {key: value for key, value in parent.items() if key != "extends"}
        for key in _OPEN:
            if key in child and child[key] is None and isinstance(taken.get(key), dict):
                child[key] = {}
        for key, other in (("env", "secrets"), ("secrets", "env")):
            if isinstance(taken.get(key), dict) and isinstance(child.get(other), dict):
                given = {name for name, value in child[other].items() if other == "secrets" or _gives(value)}
                taken[key] = {name: _without(value) if name in given else value for name, value in taken[key].items()}
                taken[key] = {name: value for name, value in taken[key].items() if value is not None}
        self._merge(theirs, ours, taken, child)

    def _merge(self, theirs: Keys, ours: Keys, parent: Mapping[str, Any], child: dict[str, Any]) -> None:
        own = dict(child)
        child.clear()
        for key, value in parent.items():
            self._spend()
            if key not in own:
                child[key] = self._taken((*theirs, key), (*ours, key), value)
            elif own[key] is not None or len(ours) == 2:
                child[key] = self._joined((*theirs, key), (*ours, key), value, own[key])
        child.update((key, value) for key, value in own.items() if key not in parent)

    def _joined(self, theirs: Keys, ours: Keys, parent: Any, child: Any) -> Any:
        if ours[-2:-1] == ("env",) and len(ours) == 4:
            parent, child = self._as_key(theirs, parent, child), self._as_key(ours, child, parent)
            if isinstance(child, dict) and child.get("secret") == "true":
                parent = _without(parent) or {}
        if not isinstance(parent, dict) or not isinstance(child, dict) or ours[2:] in _WHOLE:
            return child
        if len(ours) == 4 and ours[2] == "profiles":
            self._of_level(theirs, ours, parent, child)
        else:
            self._merge(theirs, ours, parent, child)
        return child

    def _as_key(self, at: Keys, value: Any, other: Any) -> Any:
        """A plain text of `env` is the default of its key, where the other project says more about that."""
        if not isinstance(value, str) or not isinstance(other, dict):
            return value
        self._document.values[(*at, "default")] = self._document.values[at]
        return {"default": value}

    def _taken(self, theirs: Keys, ours: Keys, value: Any) -> Any:
        """A copy, with the places of the original."""
        self._spend()
        document = self._document
        document.inherited.add(ours)
        for marks in (document.keys, document.values):
            if theirs in marks:
                marks[ours] = marks[theirs]
        if isinstance(value, dict):
            return {key: self._taken((*theirs, key), (*ours, key), one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._taken((*theirs, index), (*ours, index), one) for index, one in enumerate(value)]
        return value

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooMuch


def _gives(value: object) -> bool:
    return not isinstance(value, dict) or "default" in value


def _without(value: object) -> dict[str, Any] | None:
    """What is said about a key of `env`, without values."""
    if not isinstance(value, dict):
        return None
    return {name: one for name, one in value.items() if name not in ("default", "choices")}
