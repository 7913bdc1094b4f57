"""A form that shows the overrides of a staging: what was changed in it, and who changed the same meanwhile. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from bot.domain.changes import Change
from bot.domain.configuration import Overrides, written_value
from bot.domain.errors import UserError

Place = tuple[str, str]
"""A level of the configuration (profiles, env, values or secrets) and a key of it."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a form holds. `offered`: profiles that can be chosen in it; `shown`: the keys of env that it has fields for;
    `further`: there is one for all other keys as well. `values` is None if it has none for those; `secrets`: only those
    that were entered."""

    profiles: tuple[str, ...] = ()
    offered: frozenset[str] = frozenset()
    env: Mapping[str, str] = field(default_factory=dict)
    shown: frozenset[str] = frozenset()
    further: bool = False
    values: Mapping[str, Any] | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def change_by(filled: Filled, base: Overrides) -> Change:
    """What somebody changed in a form that was drawn for `base`, without the secrets."""
    values = base.values if filled.values is None else filled.values
    return Change(
        profiles=tuple(name for name in filled.profiles if name not in base.profiles),
        drop_profiles=tuple(n for n in base.profiles if n in filled.offered and n not in filled.profiles),
        env=tuple((key, value) for key, value in filled.env.items() if base.env.get(key) != value),
        unset_env=tuple(k for k in base.env if k not in filled.env and (filled.further or k in filled.shown)),
        values=tuple((k, v) for k, v in values.items() if k not in base.values or not _same(base.values[k], v)),
        unset=tuple(key for key in base.values if key not in values),
    )


def _same(one: Any, other: Any) -> bool:
    """1 and true are not."""
    return written_value(one) == written_value(other)


def rebased(change: Change, current: Overrides) -> Change:
    """Without taking away what somebody else has taken away meanwhile."""
    return replace(
        change,
        drop_profiles=tuple(name for name in change.drop_profiles if name in current.profiles),
        unset_env=tuple(key for key in change.unset_env if key in {**current.env, **current.secrets}),
        unset=tuple(key for key in change.unset if key in current.values),
    )


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that somebody else changed meanwhile. `now`: what it is, written out; None: unchanged again, or secret."""

    level: str
    key: str
    now: str | None
    actor: str


class ChangedMeanwhile(UserError):
    """Nothing was changed: the same keys were changed by others since the form was drawn. `change`: what was wanted."""

    def __init__(self, conflicts: Sequence[Conflict], change: Change) -> None:
        super().__init__("Somebody else changed the same meanwhile: " + ", ".join(one.key for one in conflicts) + ".")
        self.conflicts, self.change = tuple(conflicts), change


def conflicts(history: Sequence[tuple[str, Overrides]], change: Change) -> Sequence[Conflict]:
    """`history`: the overrides that the form was drawn for, then all that followed, each with who made them."""
    known = [(actor, _keyed(own)) for actor, own in history]
    base, now = known[0][1], known[-1][1]
    found = []
    for place, wanted in _wanted(change).items():
        if base.get(place) != now.get(place) and now.get(place) != wanted:
            shown = now.get(place) if place[0] != "secrets" else None
            found.append(Conflict(*place, shown, _changer(known, place)))
    return found


def _changer(known: Sequence[tuple[str, Mapping[Place, str]]], place: Place) -> str:
    """Who did it last."""
    pairs = pairwise(known)
    return [actor for (_, before), (actor, after) in pairs if before.get(place) != after.get(place)][-1]


def _keyed(overrides: Overrides) -> Mapping[Place, str]:
    return {
        **{("profiles", name): name for name in overrides.profiles},
        **{("env", key): value for key, value in overrides.env.items()},
        **{("values", key): written_value(value) for key, value in overrides.values.items()},
        **{("secrets", key): secret.meant for key, secret in overrides.secrets.items()},
    }


def _wanted(change: Change) -> Mapping[Place, str | None]:
    """What each key that is changed becomes; None: it is taken back."""
    given = _keyed(Overrides(change.profiles, dict(change.env), dict(change.values), change.secrets))
    taken: dict[Place, str | None] = {("profiles", name): None for name in change.drop_profiles}
    taken |= {("env", key): None for key in change.unset_env} | {("values", key): None for key in change.unset}
    return {**taken, **given}
