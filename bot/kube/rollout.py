"""How far one workload is with the release that it was given. Pure.

Whether it is ready is told by its controller, and believed only for the generation that the controller has seen; why it
is not is told by the pods of that very release. Pods of an older one, however well, make nothing ready.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.domain.status import Sign, WorkloadState
from bot.kube import words
from bot.kube.kinds import Object
from bot.kube.labels import SCALED_BY, annotations, labels, release_of
from bot.kube.pods import Grace, Tail, Trouble, condition, is_going, is_ready, trouble
from bot.kube.signs import signs_of

PROGRESSING, READY, FAILED = WorkloadState.PROGRESSING, WorkloadState.READY, WorkloadState.FAILED


@dataclass(frozen=True, slots=True)
class Judged:
    """`settled`: its rollout was over at some time: since then it serves, well or not. `again`: when to look anew.

    `awaits`: the image that is all it lacks.
    `applied`: it is there, and not only on its way. `serves`: requests go to its pods; others only lack it or not.
    `signs`: what happened to its pods.
    """

    kind: str
    name: str
    release: str
    state: WorkloadState
    wanted: int
    ready: int
    reason: str = ""
    settled: bool = False
    again: datetime | None = None
    tail: Tail | None = None
    awaits: str = ""
    applied: bool = True
    serves: bool = True
    signs: tuple[Sign, ...] = ()


def owner_of(pod: Object) -> tuple[str, str] | None:
    """Kind and name of the workload that a pod belongs to."""
    for owner in pod["metadata"].get("ownerReferences") or []:
        if not owner.get("controller"):
            continue
        if owner["kind"] != "ReplicaSet":
            return owner["kind"], owner["name"]
        # A ReplicaSet of a Deployment is named after it and the hash that its pods carry.
        return "Deployment", owner["name"].removesuffix("-" + labels(pod).get("pod-template-hash", ""))
    return None


def judge(
    workload: Object, pods: Sequence[Object], now: datetime, grace: Grace, events: Sequence[Object] = ()
) -> Judged:
    """`pods`: all of this workload, of whatever release. `events`: warnings of the newest one, about anything."""
    own = [pod for pod in pods if release_of(pod) == release_of(workload)]
    told = {str((event.get("involvedObject") or {}).get("uid")): str(event.get("message") or "") for event in events}
    judged = _JUDGES[workload["kind"]](_Case(workload, own, now, grace, told, _claims(events)))
    if judged.kind == "Job":  # it serves nobody, and how often it is tried is its own affair
        return judged
    return replace(judged, signs=signs_of(own, judged.name, judged.settled))


def _claims(events: Sequence[Object]) -> Mapping[str, str]:
    """Why claims have no volume, by their names."""
    return {
        str(event["involvedObject"].get("name")): str(event.get("message") or "")
        for event in events
        if event.get("reason") in ("FailedBinding", "ProvisioningFailed") and event.get("involvedObject")
    }


@dataclass(frozen=True, slots=True)
class _Case:
    thing: Object
    pods: Sequence[Object]
    now: datetime
    grace: Grace
    events: Mapping[str, str]
    claims: Mapping[str, str]

    @property
    def name(self) -> str:
        return str(self.thing["metadata"]["name"])

    @property
    def spec(self) -> Mapping[str, Any]:
        return self.thing.get("spec") or {}

    @property
    def status(self) -> Mapping[str, Any]:
        return self.thing.get("status") or {}

    @property
    def replicas(self) -> int:
        return int(self.spec.get("replicas", 1))

    @property
    def observed(self) -> bool:
        """Whether the controller has seen the newest spec; until then its status is about an older one."""
        return int(self.status.get("observedGeneration", 0)) >= int(self.thing["metadata"].get("generation", 1))

    def count(self, key: str) -> int:
        return int(self.status.get(key) or 0)

    def worst(self) -> Trouble | None:
        living = [pod for pod in self.pods if not is_going(pod)]
        events = [self.events.get(pod["metadata"]["uid"], "") for pod in living]
        found = [
            trouble(pod, self.name, self.now, self.grace, event, self.claims)
            for pod, event in zip(living, events, strict=True)
        ]
        there = [one for one in found if one]
        return next((one for one in there if one.final), there[0] if there else None)

    def told(self, state: WorkloadState, wanted: int, reason: str = "", settled: bool = False) -> Judged:
        ready = min(wanted, sum(map(is_ready, self.pods)))
        thing = self.thing
        return Judged(
            thing["kind"],
            self.name,
            release_of(thing),
            state,
            wanted,
            wanted if state is READY else ready,
            reason,
            settled,
        )

    def grows(self, ready: int) -> bool:
        """Whether an autoscaler has asked for more, as it does at any moment, and all that is missing is their time."""
        return SCALED_BY in annotations(self.thing) and ready > 0 and self.worst() is None

    def by_pods(self, wanted: int, settled: bool = False) -> Judged:
        """Not ready: the pods say why, and whether it still can be."""
        refused = self.events.get(self.thing["metadata"]["uid"])
        if refused and len(self.pods) < wanted:
            return self.told(FAILED, wanted, words.refused(self.name, refused), settled)
        worst = self.worst()
        if worst is None:
            return self.told(PROGRESSING, wanted, settled=settled)
        judged = self.told(FAILED if worst.final else PROGRESSING, wanted, worst.text, settled)
        return _with(judged, worst)


def _with(judged: Judged, worst: Trouble) -> Judged:
    return replace(judged, again=worst.again, tail=worst.tail, awaits=worst.awaits)


def _deployment(case: _Case) -> Judged:
    wanted = case.replicas
    if not case.observed:
        return case.told(PROGRESSING, wanted)
    progressing, refused = condition(case.thing, "Progressing"), condition(case.thing, "ReplicaFailure")
    settled = progressing.get("reason") == "NewReplicaSetAvailable"
    updated = case.count("updatedReplicas")
    if updated == wanted == case.count("replicas") and case.count("availableReplicas") == wanted:
        return case.told(READY, wanted, settled=True)
    if settled and updated == case.count("replicas") and case.grows(case.count("availableReplicas")):
        return case.told(READY, case.count("availableReplicas"), settled=True)
    if refused.get("status") == "True":
        return case.told(FAILED, wanted, words.refused(case.name, str(refused.get("message") or "")), settled)
    judged = case.by_pods(wanted, settled)
    late = progressing.get("reason") == "ProgressDeadlineExceeded" and not judged.awaits
    if judged.state is PROGRESSING and late:
        limit = case.spec.get("progressDeadlineSeconds", 600)
        return case.told(
            FAILED, wanted, judged.reason or words.deadline(case.name, judged.ready, wanted, limit), settled
        )
    return judged


def _stateful_set(case: _Case) -> Judged:
    wanted = case.replicas
    strategy = case.spec.get("updateStrategy") or {}
    if not case.observed:
        return case.told(PROGRESSING, wanted)
    current, newest = case.status.get("currentRevision"), case.status.get("updateRevision")
    if strategy.get("type") == "OnDelete" and current != newest:
        return case.told(FAILED, wanted, words.on_delete(case.name))
    partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    updated = case.count("updatedReplicas") >= wanted - partition and (partition or current == newest)
    if updated and case.count("readyReplicas") == wanted == case.count("replicas"):
        return case.told(READY, wanted, settled=True)
    if current == newest and not partition and case.grows(case.count("readyReplicas")):
        return case.told(READY, case.count("readyReplicas"), settled=True)
    return case.by_pods(wanted, settled=bool(updated))


def _daemon_set(case: _Case) -> Judged:
    wanted = case.count("desiredNumberScheduled")
    if not case.observed:
        return case.told(PROGRESSING, wanted)
    updated = case.count("updatedNumberScheduled") == wanted
    if updated and case.count("numberAvailable") == wanted:
        return case.told(READY, wanted, settled=True)
    return case.by_pods(wanted)


def _job(case: _Case) -> Judged:
    """One of one when it has succeeded: how many pods that takes is its own affair."""
    if condition(case.thing, "Complete").get("status") == "True":
        return case.told(READY, 1, settled=True)
    failed = condition(case.thing, "Failed")
    worst = case.worst()
    if failed.get("status") == "True":
        how = _last_ending(case.pods)
        reason = words.job_failed(case.name, how, str(failed.get("reason") or ""))
        judged = Judged("Job", case.name, release_of(case.thing), FAILED, 1, 0, reason)
        return _with(judged, worst) if worst else judged
    if worst is None:
        return case.by_pods(1)
    # How often a crash is tried again is for its backoffLimit to say.
    state = FAILED if worst.final and worst.tail is None else PROGRESSING
    return _with(Judged("Job", case.name, release_of(case.thing), state, 1, 0, worst.text), worst)


def _last_ending(pods: Sequence[Object]) -> str:
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True):
        status = pod.get("status") or {}
        for told in (*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])):
            ended = (told.get("state") or {}).get("terminated") or (told.get("lastState") or {}).get("terminated")
            if ended and ended.get("exitCode"):
                return words.ending(ended)
    return ""


_JUDGES = {"Deployment": _deployment, "StatefulSet": _stateful_set, "DaemonSet": _daemon_set, "Job": _job}
