"""The configuration of a staging: the project's defaults ← its profiles in their order ← what people changed. Pure.

Two levels: `env` is the application's, `values` the deployment's, nested; their keys are written with dots: `a.b\\.c`
is `b.c` in `a`. What octopod.yaml says may hold references (`${…}`); what people type never does.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from bot.domain.project import Profile, Project, SecretPlace

ENV_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_DOT = re.compile(r"(?<!\\)\.")


@dataclass(frozen=True, slots=True, eq=False)
class Secret:
    """A secret value without its text: where it is (`place`, as a SecretPlace is written), or encrypted (`sealed`).

    `mark`: a keyed hash of it, by which it can be compared; of one with a place it is known once that was read. Two are
    equal if the same is meant: the same place, or the same text, which is encrypted differently each time.
    """

    place: str = ""
    sealed: str = ""
    mark: str = ""

    @property
    def meant(self) -> str:
        return self.place or self.mark

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.meant == other.meant

    def __hash__(self) -> int:
        return hash(self.meant)


@dataclass(frozen=True, slots=True, eq=False)
class Overrides:
    """What people changed of one staging. `values` by dotted key; texts are meant literally."""

    profiles: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Overrides)
            and (self.profiles, self.env, self.secrets) == (other.profiles, other.env, other.secrets)
            and _same_values(self.values, other.values)
        )

    def __bool__(self) -> bool:
        return bool(self.profiles or self.env or self.values or self.secrets)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Configuration as it is filled in: of octopod.yaml, a profile, people, or all of them (the effective one).

    No key is in `env` and in `secrets`: whichever is said later counts.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Layer)
            and (self.env, self.secrets) == (other.env, other.secrets)
            and _same_values(self.values, other.values)
        )


def _same_values(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """For Python 1, 1.0 and true are equal; for manifests they are not."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


class _Whole(dict[str, Any]):
    """A mapping that came where there was none, so it also replaces what was there before. Without it, which profiles
    are combined first would matter: `x: {p: 1}`, `x: 5`, `x: {q: 2}`."""


# --- what is in force ------------------------------------------------------------------------------------------------


def effective(project: Project, overrides: Overrides) -> Layer:
    """The whole configuration. A profile that octopod.yaml has no more adds nothing."""
    return reduce(combined, (layer for _, layer in layers(project, overrides)))


def layers(project: Project, overrides: Overrides) -> Sequence[tuple[str, Layer]]:
    """Each with its name, the later ones count: "default", the names of profiles, and "" for what people changed."""
    found = [("default", layer_of(project))]
    found += [(name, layer_of(project.profiles[name])) for name in overrides.profiles if name in project.profiles]
    return [*found, ("", typed_layer(overrides))]


def layer_of(given: Project | Profile) -> Layer:
    secrets = {key: Secret(str(place)) for key, place in given.secrets.items()}
    return Layer({k: v for k, v in given.env.items() if k not in secrets}, given.values, secrets)


def typed_layer(overrides: Overrides) -> Layer:
    parts = sorted((path_of(key), value) for key, value in overrides.values.items()) if overrides.values else []
    values: Mapping[str, Any] = reduce(over, (_nested(path, literal(value)) for path, value in parts), {})
    env = {key: literal(value) for key, value in overrides.env.items() if key not in overrides.secrets}
    return Layer(env, values, overrides.secrets)


def combined(below: Layer, above: Layer) -> Layer:
    """`above` counts where both say something. Associative."""
    return Layer(
        {k: v for k, v in below.env.items() if k not in above.secrets} | dict(above.env),
        over(below.values, above.values),
        {k: v for k, v in below.secrets.items() if k not in above.env} | dict(above.secrets),
    )


def over(below: Any, above: Any) -> Any:
    """Mappings are merged, however deep; of anything else `above` counts. Associative."""
    if not isinstance(above, Mapping) or isinstance(above, _Whole):
        return above
    if not isinstance(below, Mapping):
        return _Whole(above)
    both = {key: over(below[key], value) if key in below else value for key, value in above.items()}
    return (_Whole if isinstance(below, _Whole) else dict)({**below, **both})


def _nested(path: Sequence[str], value: Any) -> Any:
    return reduce(lambda inner, key: {key: inner}, reversed(path), value)


def literal(value: Any) -> Any:
    """Written so that references in it are none."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {key: literal(one) for key, one in value.items()}
    return [literal(one) for one in value] if isinstance(value, list) else value


# --- keys ------------------------------------------------------------------------------------------------------------


def path_of(key: str) -> tuple[str, ...]:
    """`web.annotations.nginx\\.io/x` → web, annotations, nginx.io/x."""
    return tuple(part.replace("\\.", ".") for part in _DOT.split(key))


def key_of(path: Sequence[str]) -> str:
    return ".".join(part.replace(".", "\\.") for part in path)


def flat(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The leaves by dotted key; an empty mapping is a leaf."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, (*path, key))
        else:
            yield key_of((*path, key)), value


def is_secret(project: Project, key: str) -> bool:
    """Whether its value is not to be seen, whatever it is."""
    return key in secret_keys(project)


def secret_keys(project: Project) -> frozenset[str]:
    said = (key for key, known in project.keys.items() if known.secret)
    return frozenset([*said, *(key for one in _givers(project) for key in one.secrets)])


def known_env(project: Project) -> Sequence[str]:
    """Every key of the application that octopod.yaml says something of."""
    found = (key for one in _givers(project) for key in (*one.env, *one.secrets))
    return list(dict.fromkeys([*found, *project.keys]))


def _givers(project: Project) -> Sequence[Project | Profile]:
    return [project, *project.profiles.values()]


def known_values(project: Project) -> Sequence[str]:
    """Every key of the deployment that octopod.yaml, the chart or the template says something of."""
    found = (key for one in _givers(project) for key, _ in flat(one.values))
    return list(dict.fromkeys([*found, *project.known]))


def place_of(text: str) -> SecretPlace:
    """As a SecretPlace is written."""
    if text.startswith("env:"):
        return SecretPlace(text.removeprefix("env:"))
    secret, _, key = text.partition("/")
    return SecretPlace(key, secret)


# --- values as they are typed and shown ------------------------------------------------------------------------------


def typed_value(text: str) -> Any:
    """What follows `KEY=`: true, false, null, numbers, JSON in brackets or double quotes; anything else is text.

    A number that would not be written back the same (1.10, 007, 1e5, one too large) is text. Raises ValueError.
    """
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        if text[:1] in ("{", "["):
            raise ValueError("looks like JSON, but is none; put the value in quotes if it is text") from None
        return text
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if json.dumps(value) == text and abs(value) < 2**53 else text
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def written_value(value: Any) -> str:
    """The inverse: `typed_value(written_value(value)) == value`."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        return value if typed_value(value) == value and not value.startswith('"') else json.dumps(value)
    except ValueError:
        return json.dumps(value, ensure_ascii=False)


# --- what differs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that two configurations have different values of, written out. None: that one lacks it.

    `secret`: one of the values at least, or both; those are empty here.
    """

    key: str
    before: str | None
    after: str | None
    secret: bool = False


def differences(before: Layer, after: Layer) -> Sequence[Difference]:
    """Of the application's keys, then of the deployment's."""
    return [*_different_env(before, after), *_different_values(before, after)]


def _different_env(before: Layer, after: Layer) -> Iterator[Difference]:
    for key in dict.fromkeys([*before.env, *before.secrets, *after.env, *after.secrets]):
        one, other = before.secrets.get(key), after.secrets.get(key)
        if one or other:
            if not _same_secret(one, other):
                yield Difference(key, _told(one, before, key), _told(other, after, key), secret=True)
        elif before.env.get(key) != after.env.get(key):
            yield Difference(key, before.env.get(key), after.env.get(key))


def _same_secret(one: Secret | None, other: Secret | None) -> bool:
    """By their marks, where both have one."""
    if one is None or other is None:
        return False
    return one.mark == other.mark if one.mark and other.mark else one.meant == other.meant


def _told(secret: Secret | None, layer: Layer, key: str) -> str | None:
    """Whether there is one, or what stands in its place in the open."""
    return "" if secret else layer.env.get(key)


def _different_values(before: Layer, after: Layer) -> Iterator[Difference]:
    ones, others = dict(flat(before.values)), dict(flat(after.values))
    for key in dict.fromkeys([*ones, *others]):
        first, second = (written_value(one[key]) if key in one else None for one in (ones, others))
        if first != second:
            yield Difference(key, first, second)


def summary(overrides: Overrides) -> Sequence[str]:
    """What a staging has of its own, in a few words each: `production-payments`, `RETRIES=5`, `web.replicas=2`."""
    return [
        *overrides.profiles,
        *(f"{key}={value}" for key, value in overrides.env.items()),
        *(f"{key}=•••" for key in overrides.secrets),
        *(f"{key}={written_value(value)}" for key, value in overrides.values.items()),
    ]
