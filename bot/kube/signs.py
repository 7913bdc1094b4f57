"""What happened to the pods of one workload that may explain why it broke later. Pure.

A sign is the same however often it is looked at: its time is the cluster's own, and its text has nothing that changes.
What programs said when they ended is not in it, as that could hold a secret.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.status import MOST_SIGNS, Sign, SignKind
from bot.kube import words
from bot.kube.kinds import Object
from bot.kube.pods import (
    PULLING,
    begun_at,
    condition,
    crashes,
    ended_well,
    is_going,
    is_lost,
    memory_of,
    node_of,
    time_of,
    who,
)

HUB = "docker.io"
# Why a pod was ended or given up: of its status, and of its condition DisruptionTarget.
_NODE_ENDED_IT = {"NodeLost", "NodeShutdown", "Terminated"}
_NODE_IS_NOT_WELL = {"DeletionByTaintManager", "DeletionByPodGC"}


def signs_of(pods: Sequence[Object], workload: str, settled: bool) -> tuple[Sign, ...]:
    """The newest of them, in order of time. `settled`: its rollout was over; before that an image may be on its way."""
    found = dict.fromkeys(sign for pod in pods for sign in _of_pod(pod, workload, settled))
    return tuple(sorted(found, key=lambda sign: (sign.at, sign.text))[-MOST_SIGNS:])


def registry_of(image: str) -> str:
    """The host, with its port, from which an image with this name is pulled."""
    head, slash, _ = image.partition("/")
    named = slash and ("." in head or ":" in head or head == "localhost")
    return head if named else HUB


def _of_pod(pod: Object, workload: str, settled: bool) -> Iterator[Sign]:
    begun = begun_at(pod)
    if begun is None:
        return
    turned = time_of(condition(pod, "Ready").get("lastTransitionTime")) or begun
    if _was_taken_off(pod):
        yield _taken_off(pod, workload, turned)
    elif is_lost(pod):
        node = node_of(pod)
        yield Sign(SignKind.NODE, workload, turned, node, words.node_lost(workload, node))
    elif not is_going(pod):
        yield from _ends(pod, workload, begun)
        if settled:
            yield from _pulls(pod, workload, turned)


def _was_taken_off(pod: Object) -> bool:
    why = (pod.get("status") or {}).get("reason")
    return why == "Evicted" or why in _NODE_ENDED_IT or condition(pod, "DisruptionTarget").get("status") == "True"


def _taken_off(pod: Object, workload: str, turned: datetime) -> Sign:
    status, target, node = pod["status"], condition(pod, "DisruptionTarget"), node_of(pod)
    ill = status.get("reason") in _NODE_ENDED_IT or target.get("reason") in _NODE_IS_NOT_WELL
    at = time_of(target.get("lastTransitionTime")) or turned
    message = str(status.get("message") or target.get("message") or "")
    return Sign(
        SignKind.NODE if ill else SignKind.EVICTED, workload, at, node, words.taken_off(workload, node, message)
    )


def _ends(pod: Object, workload: str, begun: datetime) -> Iterator[Sign]:
    """Of containers. Those that prepare the others are meant to end, but well."""
    status = pod.get("status") or {}
    for told in status.get("initContainerStatuses") or []:
        last = _last_end(told)
        if last and not ended_well(last):
            yield _ended(pod, told, last, workload, begun)
    for told in status.get("containerStatuses") or []:
        last = _last_end(told)
        if last:
            yield _ended(pod, told, last, workload, begun)


def _last_end(told: Object) -> Object | None:
    return (told.get("state") or {}).get("terminated") or (told.get("lastState") or {}).get("terminated")


def _ended(pod: Object, told: Object, last: Object, workload: str, begun: datetime) -> Sign:
    at, name, how = (
        time_of(last.get("finishedAt")) or begun,
        who(pod, told, workload),
        words.ending(last | {"message": ""}),
    )
    if last.get("reason") == "OOMKilled":
        limit = memory_of(pod, told["name"]) or ""
        return Sign(SignKind.OUT_OF_MEMORY, workload, at, limit, words.out_of_memory(name, how, limit))
    return Sign(SignKind.RESTARTED, workload, at, "", words.crash(name, how, crashes(told)))


def _pulls(pod: Object, workload: str, turned: datetime) -> Iterator[Sign]:
    status = pod.get("status") or {}
    for told in (*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])):
        if ((told.get("state") or {}).get("waiting") or {}).get("reason") in PULLING:
            image = str(told.get("image") or "")
            registry = registry_of(image)
            text = words.not_pulled(who(pod, told, workload), image, registry)
            yield Sign(SignKind.IMAGE, workload, turned, registry, text)
