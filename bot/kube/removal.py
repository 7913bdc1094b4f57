"""Why a staging that is being removed is still there, or one that was put to sleep still runs, if that takes longer
than it should. Pure.

The namespace controller tells it by conditions of the namespace:
https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/namespace/deletion/status_condition_utils.go
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.kube import words
from bot.kube.kinds import Object
from bot.kube.labels import ASLEEP, annotations
from bot.kube.pods import Grace, condition, is_going, time_of

_LEFT = re.compile(r"(\S+?)\.? has (\d+) resource instances")
_HELD = re.compile(r"(\S+) in \d+ resource instances")
_FAILURES: Mapping[str, str] = {
    "NamespaceDeletionDiscoveryFailure": "unknown",
    "NamespaceDeletionGroupVersionParsingFailure": "unknown",
    "NamespaceDeletionContentFailure": "undeletable",
}


@dataclass(frozen=True, slots=True)
class Removal:
    """`reason`: one or more sentences for people, empty while all is well. `again`: when to look anew."""

    reason: str = ""
    again: datetime | None = None


NO_REMOVAL = Removal()


def removal(namespace: Object, objects: Sequence[Object], now: datetime, grace: Grace) -> Removal:
    """`objects`: what is known to be in it; those that can be named are named."""
    begun = time_of(namespace["metadata"].get("deletionTimestamp"))
    if begun is None:
        return NO_REMOVAL
    due = begun + timedelta(seconds=grace.removal)
    if now < due:
        return Removal(again=due)
    return Removal(" ".join(_reasons(namespace, [one for one in objects if is_going(one)])))


def resting(namespace: Object, working: Sequence[Object], now: datetime, grace: Grace) -> Removal:
    """Why it does not come to rest. `working`: what of it still runs."""
    begun = time_of(annotations(namespace).get(ASLEEP))
    if begun is None or not working:
        return NO_REMOVAL
    due = begun + timedelta(seconds=grace.removal)
    if now < due:
        return Removal(again=due)
    names = [f"{one['kind']} `{one['metadata']['name']}`" for one in working]
    return Removal(words.still_running(str(namespace["metadata"]["name"]), names))


def _reasons(namespace: Object, going: Sequence[Object]) -> list[str]:
    place = str(namespace["metadata"]["name"])
    told = [
        words.unknown_content(message) if kind == "unknown" else words.undeletable(message)
        for type, kind in _FAILURES.items()
        if (message := _true(namespace, type))
    ]
    own = namespace["metadata"].get("finalizers") or []
    if own:
        told.append(words.namespace_held(place, own))
    remaining, held = _true(namespace, "NamespaceContentRemaining"), _true(namespace, "NamespaceFinalizersRemaining")
    left = {kind: int(count) for kind, count in _LEFT.findall(remaining)}
    names = [
        f"{one['kind']} `{one['metadata']['name']}`" for one in going if not held or one["metadata"].get("finalizers")
    ]
    if held:
        told.append(words.content_held(place, left, names, _HELD.findall(held) or [held]))
    elif remaining:
        told.append(words.content_left(place, left, names, remaining))
    return told


def _true(namespace: Object, type: str) -> str:
    """The message of a condition that holds."""
    found = condition(namespace, type)
    return str(found.get("message") or type) if found.get("status") == "True" else ""
