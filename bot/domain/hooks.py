"""Hooks: Jobs that a release runs before its workloads are started, or when they are ready, on every engine."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from bot.domain.objects import inner

HOOK = "octopod.dev/hook"
# Of hooks with the same turn those of a lower weight run to their end first; a whole number, 0 if it is not said.
WEIGHT = "octopod.dev/hook-weight"
# Whether a hook's Job goes when it has succeeded, failed, or both (Kubernetes); with commas between them.
DELETE = "octopod.dev/hook-delete"
ENDS = ("succeeded", "failed")
# A label on what stays when later releases have it no more, as what a chart makes once.
KEPT = "octopod.dev/kept"


class Turn(IntEnum):
    """When something of a release has its turn: each begins when all of the one before it is ready."""

    BEFORE = 0
    MAIN = 1
    AFTER = 2


class Rank(NamedTuple):
    """A turn, and the hook's weight within it."""

    turn: Turn
    weight: int = 0


HOOKS: Mapping[str, Turn] = {"pre-deploy": Turn.BEFORE, "post-deploy": Turn.AFTER}
FIRST, MAIN = Rank(Turn.BEFORE, -(2**31)), Rank(Turn.MAIN)


def turn_of(thing: Mapping[str, Any]) -> Turn:
    """Of a rendered object."""
    return HOOKS.get(str(_notes(thing).get(HOOK)), Turn.MAIN)


def rank_of(thing: Mapping[str, Any]) -> Rank:
    """Of a rendered object."""
    turn = turn_of(thing)
    return MAIN if turn is Turn.MAIN else Rank(turn, int(_notes(thing).get(WEIGHT, 0)))


def goes_when(thing: Mapping[str, Any]) -> frozenset[str]:
    """By which of `ENDS` a hook's Job goes. Nothing of what is no hook does."""
    notes = _notes(thing)
    return frozenset(str(notes.get(DELETE, "")).split(",")) & set(ENDS) if HOOK in notes else frozenset()


def is_weight(text: str) -> bool:
    """Whether it is a whole number that 32 bits can hold, as Helm has them."""
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 10 and abs(int(text)) < 2**31


def _notes(thing: Mapping[str, Any]) -> Mapping[str, Any]:
    return inner(thing, "metadata", "annotations")
