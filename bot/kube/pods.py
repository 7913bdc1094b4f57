"""What is wrong with one pod, if anything, and whether it may still pass. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.kube import words
from bot.kube.kinds import Object
from bot.kube.labels import MANAGER

NOTHING: Mapping[str, str] = {}
# Of the scheduler: https://github.com/kubernetes/kubernetes/tree/master/pkg/scheduler/framework/plugins/volumebinding
_NO_CLAIM = re.compile(r'persistentvolumeclaim "([^"]+)" (?:not found|is being deleted)')
_NO_VOLUME = ("unbound immediate PersistentVolumeClaims", "find available persistent volumes to bind")
_NEVER_BOUND = ("no storage class is set", "not found")
PULLING = {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ErrImageNeverPull"}
_NO_SUCH_IMAGE = ("not found", "manifest unknown", "name unknown", "does not exist", "not present with pull policy")
_NO_ENTRY = ("unauthorized", "denied", "authentication required", "forbidden", "no basic auth")


@dataclass(frozen=True, slots=True)
class Grace:
    """How many seconds after the pod's start a trouble may still be a blip; after `crashes` it is none in any case.

    `custom`, `gateway`: for what is no workload. `silence`: after it a controller that has said nothing never will.
    `awaited`: the image that may be on its way still, so that its lack is no failure.
    `removal`: how long the removal of a whole staging may take before anything is said about it. `snapshot`: how long
    the baseline's data is waited for.
    """

    crash: float = 10.0
    crashes: int = 3
    start: float = 10.0
    image: float = 60.0
    room: float = 30.0
    volume: float = 120.0
    custom: float = 600.0
    gateway: float = 60.0
    silence: float = 10.0
    awaited: str = ""
    removal: float = 60.0
    snapshot: float = 60.0


@dataclass(frozen=True, slots=True)
class Container:
    """One of a pod, by the pod's name and its own."""

    namespace: str
    pod: str
    name: str


@dataclass(frozen=True, slots=True)
class Tail:
    """Whose last lines say more. `previous`: of the container before the present one. `count` tells crashes apart."""

    namespace: str
    pod: str
    container: str
    previous: bool
    count: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """`final`: it will not pass by itself. `again`: when it will be final, if nothing else happens. `awaits`: the image
    that is all it lacks."""

    text: str
    final: bool = False
    again: datetime | None = None
    tail: Tail | None = None
    awaits: str = ""


def is_ready(pod: Object) -> bool:
    return not is_going(pod) and condition(pod, "Ready").get("status") == "True"


def is_going(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def is_lost(pod: Object) -> bool:
    """Whether its node is not well: then the cluster's own controller calls it not ready, though nobody has told so of
    its containers. Its kubelet always says why."""
    ready = condition(pod, "Ready")
    unasked = ready.get("status") == "False" and not ready.get("reason") and not pod["spec"].get("readinessGates")
    return unasked and condition(pod, "ContainersReady").get("status") == "True"


def node_of(pod: Object) -> str:
    return str(pod["spec"].get("nodeName") or "")


def who(pod: Object, told: Object, workload: str) -> str:
    """What people call one container of it. `told`: its status."""
    containers = pod["spec"].get("containers") or []
    return words.subject(workload, told["name"], len(containers) == 1 and told["name"] == containers[0]["name"])


def trouble(
    pod: Object, workload: str, now: datetime, grace: Grace, event: str = "", claims: Mapping[str, str] = NOTHING
) -> Trouble | None:
    """The worst of it: what is final comes first.

    `event`: the newest warning about it; `claims`: by the claim's name, why it has no volume yet.
    """
    found = list(_troubles(pod, workload, now, grace, claims))
    if event and not found and (pod.get("status") or {}).get("phase", "Pending") == "Pending":
        found = [_unmounted(pod, workload, event, now, grace)]
    return next((one for one in found if one.final), found[0] if found else None)


def condition(thing: Object, type: str) -> Mapping[str, Any]:
    conditions = (thing.get("status") or {}).get("conditions") or []
    return next((one for one in conditions if one.get("type") == type), {})


def applied_at(thing: Object) -> datetime | None:
    """When we changed it the last time: each release does."""
    fields = thing["metadata"].get("managedFields") or []
    ours = [time_of(field.get("time")) for field in fields if field.get("manager") == MANAGER]
    return max((time for time in ours if time), default=None)


def time_of(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _troubles(pod: Object, workload: str, now: datetime, grace: Grace, claims: Mapping[str, str]) -> Iterator[Trouble]:
    status = pod.get("status") or {}
    if status.get("reason") == "Evicted":
        yield Trouble(words.evicted(workload, str(status.get("message") or "")))
        return
    if is_lost(pod):
        yield Trouble(words.node_lost(workload, node_of(pod)))
        return
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        text, seconds = _unschedulable(pod, workload, str(scheduled.get("message") or ""), grace, claims)
        yield _after(text, time_of(scheduled.get("lastTransitionTime")), seconds, now)
    for told in (*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])):
        one = _of_container(pod, told, workload, now, grace)
        if one:
            yield one


def _unschedulable(
    pod: Object, workload: str, message: str, grace: Grace, claims: Mapping[str, str]
) -> tuple[str, float]:
    """Why, and for how many seconds that may still pass. Volumes are made while it waits."""
    missing = _NO_CLAIM.search(message)
    if missing:
        return words.claim_missing(workload, missing[1]), grace.room
    if not any(sign in message for sign in _NO_VOLUME):
        return words.unschedulable(workload, message), grace.room
    mounted = [one["persistentVolumeClaim"]["claimName"] for one in _volumes(pod) if one.get("persistentVolumeClaim")]
    known = {name: claims[name] for name in mounted if name in claims}
    never = any(sign in why for why in known.values() for sign in _NEVER_BOUND)
    return words.no_volume(workload, known or dict.fromkeys(mounted, message)), grace.room if never else grace.volume


def _volumes(pod: Object) -> list[Object]:
    return pod["spec"].get("volumes") or []


def _unmounted(pod: Object, workload: str, event: str, now: datetime, grace: Grace) -> Trouble:
    if "not found" in event or "references non-existent" in event:
        return Trouble(words.configuration(workload, event), final=True)
    return _after(words.not_mounted(workload, event), begun_at(pod), grace.image, now)


def _of_container(pod: Object, told: Object, workload: str, now: datetime, grace: Grace) -> Trouble | None:
    name = who(pod, told, workload)
    state = told.get("state") or {}
    waiting = state.get("waiting")
    if waiting:
        return _waiting(pod, told, name, waiting, now, grace)
    last = state.get("terminated") or (told.get("lastState") or {}).get("terminated")
    if last and not ended_well(last) and not told.get("ready"):
        return Trouble(words.crash(name, words.ending(last), crashes(told)), tail=_tail(pod, told))
    return None


def ended_well(terminated: Object) -> bool:
    """Init containers and jobs end well."""
    return terminated.get("exitCode") == 0 and terminated.get("reason") != "OOMKilled"


def _waiting(pod: Object, told: Object, who: str, waiting: Object, now: datetime, grace: Grace) -> Trouble | None:
    reason, message, image = waiting.get("reason"), str(waiting.get("message") or ""), str(told.get("image") or "")
    started = begun_at(pod)
    match reason:
        case "CreateContainerConfigError":
            return Trouble(words.configuration(who, message), final=True)
        case "InvalidImageName":
            return Trouble(words.image_name(who, image), final=True)
        case "CrashLoopBackOff":
            return _crash_loop(pod, told, who, now, grace)
        case "CreateContainerError" | "RunContainerError" | "StartError" | "ContainerCannotRun":
            return _after(words.not_started(who, message), started, grace.start, now)
        case _ if reason in PULLING:
            return _pulling(who, image, message, _after("", started, grace.image, now), grace.awaited)
    return None


def _pulling(who: str, image: str, message: str, waited: Trouble, awaited: str) -> Trouble:
    said = message.lower()
    if any(sign in said for sign in _NO_ENTRY):
        return Trouble(words.image_denied(who, image), final=True)
    if any(sign in said for sign in _NO_SUCH_IMAGE):
        if image == awaited:
            return Trouble(words.image_awaited(who, image), awaits=image)
        return Trouble(words.image_missing(who, image), final=True)
    return Trouble(words.image_trouble(who, image, message), waited.final, waited.again)


def _crash_loop(pod: Object, told: Object, who: str, now: datetime, grace: Grace) -> Trouble:
    last = (told.get("lastState") or {}).get("terminated") or {"exitCode": 1}
    how, times, tail = words.ending(last), crashes(told), _tail(pod, told)
    waited = _after("", begun_at(pod), grace.crash, now)
    if waited.final or times >= grace.crashes:
        return Trouble(words.crash_loop(who, how, times, memory_of(pod, told["name"])), final=True, tail=tail)
    return Trouble(words.crash(who, how, times), again=waited.again, tail=tail)


def _after(text: str, since: datetime | None, seconds: float, now: datetime) -> Trouble:
    due = (since or now) + timedelta(seconds=seconds)
    return Trouble(text, final=True) if now >= due else Trouble(text, again=due)


def begun_at(pod: Object) -> datetime | None:
    return time_of((pod.get("status") or {}).get("startTime")) or time_of(pod["metadata"].get("creationTimestamp"))


def crashes(told: Object) -> int:
    """The restarts, and the crash that waits for one."""
    return int(told.get("restartCount") or 0) + (0 if "running" in (told.get("state") or {}) else 1)


def _tail(pod: Object, told: Object) -> Tail:
    previous = not (told.get("state") or {}).get("terminated") and bool(told.get("restartCount"))
    metadata = pod["metadata"]
    return Tail(metadata["namespace"], metadata["name"], told["name"], previous, int(told.get("restartCount") or 0))


def memory_of(pod: Object, container: str) -> str | None:
    all_of_them = [*(pod["spec"].get("containers") or []), *(pod["spec"].get("initContainers") or [])]
    found: Object = next((one for one in all_of_them if one["name"] == container), {})
    limit = ((found.get("resources") or {}).get("limits") or {}).get("memory")
    return str(limit) if limit else None
