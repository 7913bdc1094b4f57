"""Changes of a staging's configuration, checked and made. All mistakes are told at once. Pure."""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.configuration import (
    ENV_KEY,
    Overrides,
    Secret,
    is_secret,
    path_of,
)
from bot.domain.errors import UserError
from bot.domain.project import Project


@dataclass(frozen=True, slots=True)
class Change:
    """`env` and `values`: key and value, as typed. `unset_env` and `unset`: overrides to take back, so that what
    profiles and defaults say counts again. `secrets`: sealed already."""

    profiles: tuple[str, ...] = ()
    drop_profiles: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    unset_env: tuple[str, ...] = ()
    values: tuple[tuple[str, Any], ...] = ()
    unset: tuple[str, ...] = ()
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((self.profiles, self.drop_profiles, self.env, self.unset_env, self.values, self.unset, self.secrets))


@dataclass(frozen=True, slots=True)
class Mistake:
    """`level`: which part of a change it is about: profiles, env, values or secrets; `key` the one of it."""

    level: str
    key: str
    text: str


class WrongChange(UserError):
    """Every mistake of a change."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(mistake.text for mistake in mistakes))
        self.mistakes = tuple(mistakes)


def changed(overrides: Overrides, change: Change, project: Project) -> Overrides:
    """The overrides afterwards. Raises WrongChange."""
    mistakes = [*_mistakes(overrides, change, project)]
    if mistakes:
        raise WrongChange(mistakes)
    return applied(overrides, change)


def applied(overrides: Overrides, change: Change) -> Overrides:
    """As `changed`, for what was looked at, or will be."""
    profiles = [name for name in overrides.profiles if name not in change.drop_profiles]
    return Overrides(
        tuple(dict.fromkeys([*profiles, *change.profiles])),
        _without(overrides.env, [*change.unset_env, *change.secrets]) | dict(change.env),
        _without(overrides.values, change.unset) | dict(change.values),
        _without(overrides.secrets, change.unset_env) | dict(change.secrets),
    )


def _without(given: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in set(keys)}


def _mistakes(overrides: Overrides, change: Change, project: Project) -> Iterator[Mistake]:
    yield from _of_profiles(overrides, change, project)
    for key, value in change.env:
        if trouble := _env_trouble(project, key, value):
            yield Mistake("env", key, trouble)
    for key, _ in change.values:
        if trouble := values_trouble(key):
            yield Mistake("values", key, trouble)
    for key in change.secrets:
        if not is_secret(project, key):
            yield Mistake("secrets", key, f"`{key}` is not a secret key of {project.name}.")
    own = {"env": [*overrides.env, *overrides.secrets], "values": [*overrides.values]}
    yield from _of_unset("env", [key for key, _ in change.env], change.unset_env, own["env"])
    yield from _of_unset("values", [key for key, _ in change.values], change.unset, own["values"])


def _of_profiles(overrides: Overrides, change: Change, project: Project) -> Iterator[Mistake]:
    kept = [name for name in overrides.profiles if name not in change.drop_profiles and name not in change.profiles]
    for name in change.profiles:
        if name not in project.profiles:
            yield Mistake("profiles", name, _unknown_profile(name, project))
    for name in kept:
        if name not in project.profiles:
            gone = f"The profile `{name}`, which this staging has, is not in octopod.yaml any more."
            yield Mistake("profiles", name, f"{gone} Take it away: `config --drop-profile {name}`.")
    for name in change.drop_profiles:
        if name in change.profiles:
            yield Mistake("profiles", name, f"The profile `{name}` is both added and dropped.")
        elif name not in overrides.profiles:
            has = ", ".join(f"`{one}`" for one in overrides.profiles) or "none"
            yield Mistake("profiles", name, f"This staging does not have the profile `{name}`. It has {has}.")


def _unknown_profile(name: str, project: Project) -> str:
    if not project.profiles:
        return f"There is no profile `{_short(name)}`: {project.name} has no `profiles:` in octopod.yaml."
    meant = close(name, project.profiles)
    listed = ", ".join(f"`{one}`" for one in list(project.profiles)[:20])
    return f"There is no profile `{_short(name)}`. " + (f"Did you mean `{meant}`?" if meant else f"There is {listed}.")


def _env_trouble(project: Project, key: str, value: str) -> str:
    if not ENV_KEY.fullmatch(key):
        return f"`{_short(key)}` can't be a key of `env`: use letters, digits and underscores, with no digit first."
    if is_secret(project, key):
        kept = "What you typed was not kept; if it stands in a channel, delete it there."
        return f"`{key}` is secret: enter it with [Config…] on the card. {kept}"
    if "\0" in value:
        return f"The value of `{key}` holds a NUL character, which no variable can."
    known = project.keys.get(key)
    if known and known.choices and value not in known.choices:
        meant = close(value, known.choices)
        hint = f" Did you mean `{meant}`?" if meant else ""
        return f"`{key}` can be {' or '.join(f'`{one}`' for one in known.choices)}, not `{_short(value)}`.{hint}"
    return ""


def values_trouble(key: str) -> str:
    """What is wrong with a dotted key."""
    parts = path_of(key)
    if len(key) > 300 or not all(parts) or any(c.isspace() or not c.isprintable() for c in key):
        return f"`{_short(key)}` can't be a key of `values`: it is names with dots between them, as in `web.replicas`."
    return ""


def _of_unset(level: str, given: Sequence[str], unset: Sequence[str], own: Sequence[str]) -> Iterator[Mistake]:
    for key in (key for key, count in Counter(given).items() if count > 1):
        yield Mistake(level, key, f"`{_short(key)}` is given twice.")
    for key in unset:
        if key in given:
            yield Mistake(level, key, f"`{_short(key)}` is both set and unset.")
        elif key not in own:
            has = ", ".join(f"`{_short(one)}`" for one in own[:20]) or "nothing"
            yield Mistake(level, key, f"`{_short(key)}` is not changed on this staging. Changed is {has}.")


def close(word: str, known: Iterable[str]) -> str:
    by_case = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(word.casefold()[:200], by_case, 1)
    return by_case[found[0]] if found else ""


def _short(text: str) -> str:
    line = " ".join(text.replace("`", "'").split())
    return line if len(line) <= 80 else f"{line[:79]}…"
