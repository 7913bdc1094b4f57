"""What is odd about a key of the configuration, or its value. No mistakes: the next commit may have the key. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from bot.domain.changes import Change, close
from bot.domain.configuration import flat, key_of, known_env, known_values, path_of, written_value
from bot.domain.project import Helm, Manifests, Project, Template

ENV, VALUES = "env", "values"
OURS = "octopod.yaml does not know this key"
MOST_CHOICES = 10
MOST_COMPARED = 500
"""Keys that one that nobody knows is compared with, as that takes longer than anything else here."""


def note(project: Project, level: str, key: str, value: Any = None) -> str:
    """Empty if nothing is odd, or nothing is known that it could be measured by. `value`: of the deployment's keys."""
    if level == ENV:
        known = known_env(project)
        return _meant(OURS, close(key, known)) if known and key not in known else ""
    if not isinstance(project.source, Manifests) and not project.known:
        return ""  # what it is made of was not seen yet
    there = dict.fromkeys(known_values(project))
    if there and not _fits(key, there):
        return _meant(_nobody_knows(project), _close_key(key, tuple(there)))
    return _no_choice(project, key, value)


def odd(project: Project, change: Change) -> Sequence[tuple[str, str]]:
    """About the keys that are to be set."""
    given = [(ENV, key, value) for key, value in change.env]
    given += [(VALUES, one, leaf) for key, value in change.values for one, leaf in _leaves(key, value)]
    return [(key, said) for level, key, value in given if (said := note(project, level, key, value))]


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        return flat(value, path_of(key))
    return iter([(key, value)])


def _fits(key: str, known: Mapping[str, object]) -> bool:
    """It is known, within what is known, or around it."""
    parts = path_of(key)
    around = (key_of(parts[:length]) for length in range(1, len(parts) + 1))
    return any(one in known for one in around) or any(one.startswith(f"{key}.") for one in known)


def _close_key(key: str, known: tuple[str, ...]) -> str:
    """Step by step from the top, as mostly one of them is mistyped; else whatever looks like it as a whole."""
    found: list[str] = []
    paths = _paths(known)
    for step in path_of(key):
        there = dict.fromkeys(path[0] for path in paths if path)
        name = step if step in there else close(step, there)
        if not name:
            return close(key, known[:MOST_COMPARED])
        found.append(name)
        paths = [path[1:] for path in paths if path and path[0] == name]
    return key_of(found)


@lru_cache(maxsize=4)
def _paths(known: tuple[str, ...]) -> Sequence[tuple[str, ...]]:
    """Of one project mostly, for one key after the other."""
    return [path_of(one) for one in known]


def _meant(said: str, meant: str) -> str:
    return f"{said}; did you mean `{meant}`?" if meant else said


def source_in_words(project: Project) -> str:
    """What knows values besides octopod.yaml; empty if nothing can."""
    match project.source:
        case Helm():
            return "the chart"
        case Template(name):
            return f"the template {name}"
        case Manifests():
            return ""


def _nobody_knows(project: Project) -> str:
    source = source_in_words(project)
    return f"neither octopod.yaml nor {source} knows this key" if source else OURS


def _no_choice(project: Project, key: str, value: Any) -> str:
    """A schema speaks of what it is given, so references of octopod.yaml are not measured by it."""
    choices = project.known[key].choices if key in project.known else ()
    text = value if isinstance(value, str) else written_value(value)
    if value is None or not choices or text in choices or "${" in text:
        return ""
    listed = ", ".join(f"`{one}`" for one in choices[:MOST_CHOICES])
    more = f" and {len(choices) - MOST_CHOICES} more" if len(choices) > MOST_CHOICES else ""
    return _meant(f"{source_in_words(project)} takes only {listed}{more}", close(text, choices))
