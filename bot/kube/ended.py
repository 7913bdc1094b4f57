"""Hooks that have ended and whose Jobs are to go. That they ended is noted on the namespace first, so that no Job which
is gone is taken for one that never ran. Pure."""

import json
from collections.abc import Iterable, Mapping

from bot.domain.hooks import goes_when
from bot.domain.status import WorkloadState
from bot.kube.kinds import JOB, Object
from bot.kube.labels import ENDED, annotations, release_of
from bot.kube.rollout import Judged

ENDS = {WorkloadState.READY: "succeeded", WorkloadState.FAILED: "failed"}


def ended_hooks(namespace: Object, release: str) -> dict[str, Judged]:
    """Of this release, by name, as the note has them."""
    told = json.loads(annotations(namespace).get(ENDED, "{}"))
    if told.get("release") != release:
        return {}
    return {name: _ended(name, release, WorkloadState(state), reason) for name, state, reason in told["hooks"]}


def _ended(name: str, release: str, state: WorkloadState, reason: str) -> Judged:
    done = state is WorkloadState.READY
    return Judged(JOB.name, name, release, state, wanted=1, ready=int(done), reason=reason, settled=done)


def to_go(things: Mapping[tuple[str, str], Object], judged: Iterable[Judged], release: str) -> tuple[Judged, ...]:
    """Those whose Jobs are there, and are to go by how they ended."""
    return tuple(
        one
        for one in judged
        if (one.kind, one.name) in things
        and _is_there(things[one.kind, one.name], release)
        and ENDS.get(one.state) in goes_when(things[one.kind, one.name])
    )


def note(namespace: Object, release: str, ended: Iterable[Judged]) -> Object:
    """The namespace with what is known to have ended, and these as well. To be applied by a manager of its own."""
    known = ended_hooks(namespace, release) | {one.name: one for one in ended}
    told = {"release": release, "hooks": [[one.name, one.state, one.reason] for one in known.values()]}
    metadata = {"name": namespace["metadata"]["name"], "annotations": {ENDED: json.dumps(told)}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _is_there(thing: Object, release: str) -> bool:
    return thing["kind"] == JOB.name and release_of(thing) == release and "deletionTimestamp" not in thing["metadata"]
