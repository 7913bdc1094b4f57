"""Hooks: Jobs that a release runs before its workloads are started, or when they are ready, on every engine."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

HOOK = "octopod.dev/hook"


class Turn(IntEnum):
    """When something of a release has its turn: each begins when all of the one before it is ready."""

    BEFORE = 0
    MAIN = 1
    AFTER = 2


HOOKS: Mapping[str, Turn] = {"pre-deploy": Turn.BEFORE, "post-deploy": Turn.AFTER}


def turn_of(thing: Mapping[str, Any]) -> Turn:
    """Of a rendered object."""
    notes = thing["metadata"].get("annotations")
    return HOOKS.get(str(notes.get(HOOK)), Turn.MAIN) if isinstance(notes, Mapping) else Turn.MAIN
