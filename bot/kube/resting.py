"""A staging put to sleep, and emptied: what runs is deleted, what keeps data or configuration stays.

Workloads are deleted, not scaled: nothing is left that a controller or an autoscaler could start again, and a wake
applies the very objects that were rendered then. Jobs that have succeeded stay, so that no hook runs twice. Custom
resources stay, too: what their controllers make of them is theirs.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.errors import TemporaryError
from bot.kube.client import Kube
from bot.kube.ended import ended_hooks
from bot.kube.kinds import (
    AUTOSCALER,
    CLAIM,
    CRON_JOB,
    DAEMON_SET,
    DEPLOYMENT,
    INGRESS,
    JOB,
    NAMESPACE,
    POD,
    ROUTE,
    STATEFUL_SET,
    Kind,
    Object,
    kinds_in,
)
from bot.kube.labels import (
    ASLEEP,
    ENDED,
    HOOK_MANAGER,
    KINDS,
    MANAGED_BY,
    OURS,
    PROJECT,
    RELEASE,
    STAGING,
    annotations,
    labels,
)
from bot.kube.pods import is_going
from bot.kube.rollout import owner_of
from bot.kube.standing import at_work

# What lets people in and what starts others goes first.
STOPPED = (INGRESS, ROUTE, AUTOSCALER, CRON_JOB, DEPLOYMENT, STATEFUL_SET, DAEMON_SET)
NOTES, PAUSE = "octopod.dev/", 0.5


async def sleep(kube: Kube, staging: str, now: datetime) -> bool:
    """Whether nothing of it runs any more. May be done again from the start."""
    there = await _namespace(kube, staging)
    if there is None or RELEASE not in annotations(there):  # nothing of a release was ever applied
        return True
    place = there["metadata"]["name"]
    if ASLEEP not in annotations(there):
        await kube.apply(_marked(there, now))
    had = set(kinds_in(annotations(there).get(KINDS, "[]")))
    for kind in STOPPED:
        if kind in had:
            for thing in await _own(kube, kind, place, staging):
                await kube.delete(kind, thing["metadata"]["name"], place, orphan=kind is STATEFUL_SET)
    jobs = await _own(kube, JOB, place, staging)
    for job in at_work(jobs, ()):
        await kube.delete(JOB, job["metadata"]["name"], place)
    pods = await _own(kube, POD, place, staging)
    for pod in at_work((), pods):
        # A StatefulSet is orphaned: with it, its claims would go if it says so. Its pods have no owner any more then.
        if not is_going(pod) and owner_of(pod) in (None, *_sets(pod)):
            await kube.delete(POD, pod["metadata"]["name"], place, pod["metadata"]["uid"])
    return not at_work(jobs, pods)


async def wipe(kube: Kube, staging: str) -> None:
    """Of one that sleeps: all claims of its namespace, the Jobs and the note of those that went: hooks run again.

    Raises TemporaryError while any is left.
    """
    there = await _namespace(kube, staging)
    if there is None:
        return
    place = there["metadata"]["name"]
    claims, _ = await kube.list(CLAIM, place, metadata=True)
    jobs = await _own(kube, JOB, place, staging)
    for kind, found in ((CLAIM, claims), (JOB, jobs)):
        for thing in found:
            if not is_going(thing):
                await kube.delete(kind, thing["metadata"]["name"], place, thing["metadata"]["uid"])
    if ended_hooks(there, annotations(there).get(RELEASE, "")):
        bare = {"apiVersion": NAMESPACE.version, "kind": NAMESPACE.name, "metadata": {"name": place}}
        await kube.apply(bare, force=True, manager=HOOK_MANAGER)
    if claims or jobs:
        names = ", ".join(thing["metadata"]["name"] for thing in (*claims, *jobs))
        raise TemporaryError(f"Its data is still being wiped: {names}.", retry_after=PAUSE)


async def _namespace(kube: Kube, staging: str) -> Object | None:
    found, _ = await kube.list(NAMESPACE, which=[("labelSelector", f"{OURS},{STAGING}={staging}")])
    return next((thing for thing in found if not is_going(thing)), None)


async def _own(kube: Kube, kind: Kind, place: str, staging: str) -> Sequence[Object]:
    found, _ = await kube.list(kind, place, which=[("labelSelector", f"{STAGING}={staging}")])
    return [{"apiVersion": kind.version, "kind": kind.name, **thing} for thing in found]


def _sets(pod: Object) -> tuple[tuple[str, str] | None, ...]:
    owner = owner_of(pod)
    return (owner,) if owner and owner[0] == STATEFUL_SET.name else ()


def _marked(there: Object, now: datetime) -> Object:
    """All that we have said of the namespace must be said again: what is left out of an apply is taken away."""
    ours = {k: v for k, v in labels(there).items() if k in (MANAGED_BY, PROJECT, STAGING) or k.startswith("pod-sec")}
    notes = {key: value for key, value in annotations(there).items() if key.startswith(NOTES) and key != ENDED}
    metadata = {"name": there["metadata"]["name"], "labels": ours, "annotations": {**notes, ASLEEP: now.isoformat()}}
    return {"apiVersion": NAMESPACE.version, "kind": NAMESPACE.name, "metadata": metadata}
