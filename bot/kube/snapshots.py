"""Who waits for a snapshot of the baseline's data, and who gives it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain import snapshots
from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.snapshots import SNAPSHOT, SNAPSHOT_OF, SNAPSHOT_TO
from bot.kube import words
from bot.kube.kinds import Object
from bot.kube.labels import ASLEEP, BASELINE, NAME, annotations
from bot.kube.pods import Container, is_going, is_ready, time_of
from bot.kube.rollout import owner_of
from bot.kube.standing import Seen


@dataclass(frozen=True, slots=True)
class Wanted:
    """`path`: of a file in `container`, which started at `since`. `of`: a workload of `baseline`, a staging's id."""

    uid: str
    container: Container
    path: str
    of: str
    baseline: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Giver:
    container: Container
    command: tuple[str, ...]


def wanted_by(seen: Seen) -> Wanted | None:
    """The first pod of it that waits for a snapshot."""
    return next((found for found in (_wish(seen, pod) for pod in seen.pods if not is_going(pod)) if found), None)


def _wish(seen: Seen, pod: Object) -> Wanted | None:
    notes = annotations(pod)
    if seen.namespace is None or not {SNAPSHOT_OF, SNAPSHOT_TO} <= notes.keys():
        return None
    try:
        name, path = snapshots.place(notes[SNAPSHOT_TO])
    except ValueError:  # of a pod that nobody has checked, such as one of a custom resource
        return None
    running = _running(pod, name)
    if running is None:
        return None
    metadata = pod["metadata"]
    container = Container(metadata["namespace"], metadata["name"], name)
    baseline = annotations(seen.namespace).get(BASELINE, "")
    return Wanted(metadata["uid"], container, path, notes[SNAPSHOT_OF], baseline, time_of(running.get("startedAt")))


def _running(pod: Object, container: str) -> dict[str, Any] | None:
    status = pod.get("status") or {}
    told = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    return next(((one.get("state") or {}).get("running") for one in told if one["name"] == container), None)


def giver_of(seen: Seen, workload: str) -> Giver:
    """`seen`: of the baseline's staging. Raises TemporaryError while it is not ready, and PermanentError."""
    if seen.namespace is None:
        raise PermanentError(words.no_baseline())
    name = annotations(seen.namespace).get(NAME, "")
    if ASLEEP in annotations(seen.namespace):
        raise PermanentError(words.baseline_asleep(name))
    if workload not in {thing["metadata"]["name"] for thing in seen.workloads}:
        raise PermanentError(words.no_such_giver(name, workload))
    own = [pod for pod in seen.pods if (owner_of(pod) or ("", ""))[1] == workload]
    ready = next((pod for pod in own if is_ready(pod)), None)
    if ready is None:
        raise TemporaryError(words.giver_not_ready(name, workload))
    try:
        command = snapshots.command(annotations(ready).get(SNAPSHOT, ""))
    except ValueError as error:
        raise PermanentError(words.gives_nothing(name, workload)) from error
    metadata = ready["metadata"]
    return Giver(Container(metadata["namespace"], metadata["name"], ready["spec"]["containers"][0]["name"]), command)
