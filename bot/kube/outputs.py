"""The last lines of a staging's workloads, on request."""

import asyncio
from collections.abc import Mapping, Sequence

from bot.domain.errors import UserError
from bot.domain.redaction import Redactor, secrets_of
from bot.kube.client import Kube
from bot.kube.errors import ApiRefused
from bot.kube.kinds import SECRET, WORKLOADS, Object, kind_of
from bot.kube.labels import RELEASE, annotations, release_of
from bot.kube.rollout import owner_of
from bot.kube.standing import Seen

MOST_PODS = 4


async def read_outputs(
    kube: Kube, seen: Seen, asked: str | None, lines: int, own: frozenset[str]
) -> Mapping[str, Sequence[str]]:
    """By workload: of its newest release's pods, else of whatever pods it has.

    `own`: the bot's own secrets, which are hidden as well as the staging's.

    Raises UserError if `asked` is none of them, and TemporaryError.
    """
    names = sorted({thing["metadata"]["name"] for thing in seen.workloads if kind_of(thing) in WORKLOADS})
    if asked is not None and asked not in names:
        there_are = f"there are {', '.join(names)}" if names else "it has none"
        raise UserError(f"This staging has no workload {asked}: {there_are}.", suggestions=names)
    wanted = names if asked is None else [asked]
    redactor = await redactor_for(kube, str((seen.namespace or {})["metadata"]["name"]), own)
    found = await asyncio.gather(*(_of_workload(kube, _pods(seen, name), lines, redactor) for name in wanted))
    return dict(zip(wanted, found, strict=True))


def _pods(seen: Seen, workload: str) -> list[Object]:
    own = [pod for pod in seen.pods if (owner_of(pod) or ("", ""))[1] == workload]
    release = annotations(seen.namespace or {"metadata": {}}).get(RELEASE)
    newest = [pod for pod in own if release_of(pod) == release] or own
    return sorted(newest, key=lambda pod: str(pod["metadata"].get("creationTimestamp")))[-MOST_PODS:]


async def redactor_for(kube: Kube, namespace: str, own: frozenset[str]) -> Redactor:
    """For what is said in it, with all Secrets that there are by now. Raises TemporaryError and ApiRefused."""
    found, _ = await kube.list(SECRET, namespace)
    return Redactor(own | secrets_of(found))


async def _of_workload(kube: Kube, pods: Sequence[Object], lines: int, redactor: Redactor) -> list[str]:
    places = [
        (pod["metadata"], container["name"])
        for pod in pods
        for container in (*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"])
    ]
    each = lines if len(places) == 1 else max(5, lines // max(1, len(places)))
    said = await asyncio.gather(*(_tail(kube, pod["namespace"], pod["name"], name, each) for pod, name in places))
    said = [redactor.lines(one) for one in said]
    if len(said) == 1:
        return list(said[0])
    return [f"{pod['name']} {name}: {line}" for (pod, name), tail in zip(places, said, strict=True) for line in tail]


async def _tail(kube: Kube, namespace: str, pod: str, container: str, lines: int) -> Sequence[str]:
    """A container that has not started yet has no log, which the API server calls a bad request."""
    try:
        return await kube.logs(namespace, pod, container, lines)
    except ApiRefused as error:
        return [] if error.status in (400, 404) else [f"({error.text})"]
