"""Where a whole staging stands: its namespace, workloads and pods as one snapshot. Pure."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.hooks import FIRST, MAIN, Rank, Turn
from bot.domain.status import StagingStatus, WorkloadState, WorkloadStatus
from bot.kube import kinds
from bot.kube.customs import judge_custom
from bot.kube.ended import ended_hooks, to_go
from bot.kube.kinds import Object, is_further, kind_of
from bot.kube.labels import ASLEEP, IMAGE, RELEASE, WORKLOADS, annotations, release_of
from bot.kube.pods import Grace, Tail, applied_at, condition, is_going, is_ready, time_of
from bot.kube.removal import NO_REMOVAL, Removal, removal, resting
from bot.kube.rollout import Judged, judge, owner_of
from bot.kube.signs import signs_of

Key = tuple[str, str]
WITH_PODS = frozenset(kind.name for kind in kinds.WORKLOADS)
Since = Callable[[Judged], datetime]
Tails = Callable[[Judged], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one staging. `namespace`: None when it is not there (any more)."""

    staging: str
    namespace: Object | None
    workloads: Sequence[Object] = ()
    pods: Sequence[Object] = ()
    events: Sequence[Object] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """`newest`: the workloads of the newest release, or of an older one where that is all there is yet.

    `reached`: what of the newest release has its turn now; `due`: and has not been applied yet, though it could be.
    `asleep`: it was put to sleep, and nothing of it runs. `removal`: how its end, or its sleep, goes. `going`: hooks of
    it that have ended and whose Jobs are to go.
    """

    staging: str
    present: bool
    release: str | None = None
    newest: tuple[Judged, ...] = ()
    serving: str | None = None
    older: tuple[Judged, ...] = ()
    reached: Rank = FIRST
    due: bool = False
    asleep: bool = False
    removal: Removal = NO_REMOVAL
    going: tuple[Judged, ...] = ()

    @property
    def again(self) -> datetime | None:
        return min((one.again for one in self.newest if one.again), default=self.removal.again)

    @property
    def tails(self) -> list[Tail]:
        """Whose last lines are to be told: of what has failed, and of what serves and is ill."""
        ill = [one for one in self.newest if one.state is WorkloadState.FAILED or self.serving == self.release]
        return [one.tail for one in ill if one.tail]

    def status(self, since: Since, tails: Tails) -> StagingStatus:
        if not self.present:
            return StagingStatus(self.staging, None, present=False)
        newest = tuple(_told(one, since, tails) for one in self.newest)
        older = tuple(_told(one, since, tails) for one in self.older)
        serving = newest if self.serving == self.release and self.serving is not None else older
        return StagingStatus(
            self.staging,
            self.release,
            newest,
            self.serving,
            serving,
            hanging=self.removal.reason,
            ask_again=self.due,
            asleep=self.asleep,
        )


def stand(seen: Seen, now: datetime, grace: Grace) -> Standing:
    if seen.namespace is None:
        return Standing(seen.staging, present=False)
    standing = _stand(seen, seen.namespace, now, grace)
    if not is_going(seen.namespace):
        return standing
    return replace(standing, removal=removal(seen.namespace, [*seen.workloads, *seen.pods], now, grace))


def _stand(seen: Seen, namespace: Object, now: datetime, grace: Grace) -> Standing:
    release = annotations(namespace).get(RELEASE)
    if release is None:
        return Standing(seen.staging, present=True)
    grace = replace(grace, awaited=annotations(namespace).get(IMAGE, ""))
    pods, events = _by_owner(seen.pods), _since(namespace, seen.events)
    known = {_key(thing): thing for thing in seen.workloads}
    ranks, ended = expected(namespace), ended_hooks(namespace, release)
    newest = tuple(
        _judged(known[key], pods[key], now, grace, events) if key in known else _expected(key, release, ended)
        for key in ranks
    )
    told = list(zip(ranks.values(), newest, strict=True))
    reached, due = _turn(release, told)
    if ASLEEP in annotations(namespace):
        working = at_work(seen.workloads, seen.pods)
        late = resting(namespace, working, now, grace)
        left = any(one["kind"] in WITH_PODS and not is_going(one) for one in working)  # as a late apply may have made
        return Standing(seen.staging, True, release, reached=reached, due=left, asleep=not working, removal=late)
    standing = Standing(seen.staging, True, release, newest, reached=reached, due=due)
    standing = replace(standing, going=to_go(known, newest, release))
    older = _older_serving(release, newest, seen.pods)
    if older:
        return replace(standing, serving=older, older=_still(newest, pods, older))
    serves = [one for rank, one in told if rank.turn is not Turn.AFTER and one.serves]
    settled = bool(serves) and all(one.settled and one.release == release for one in serves)
    return replace(standing, serving=release if settled else None)


def at_work(workloads: Sequence[Object], pods: Sequence[Object]) -> list[Object]:
    """What of these runs, or makes others run: not a Job or pod that has come to its end, nor a custom resource."""
    running = [one for one in workloads if one["kind"] in WITH_PODS and not (one["kind"] == "Job" and _ended(one))]
    return [*running, *(pod for pod in pods if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"))]


def _ended(job: Object) -> bool:
    return any(condition(job, type).get("status") == "True" for type in ("Complete", "Failed"))


def _judged(thing: Object, pods: Sequence[Object], now: datetime, grace: Grace, events: Sequence[Object]) -> Judged:
    if is_further(kind_of(thing)):
        return judge_custom(thing, now, grace)
    return judge(thing, pods, now, grace, events)


def expected(namespace: Object) -> Mapping[Key, Rank]:
    """Kind and name of every workload of the newest release, hooks among them, and when it has its turn."""
    found = json.loads(annotations(namespace).get(WORKLOADS, "[]"))
    return {(kind, name): Rank(Turn[rank[0]], *rank[1:]) if rank else MAIN for kind, name, *rank in found}


def _turn(release: str, told: Sequence[tuple[Rank, Judged]]) -> tuple[Rank, bool]:
    """The first turn that is not over, or the last one; and whether nothing of it is there, though another was before.

    What comes first is applied when the release is; whatever began to be applied later is applied to its end.
    """
    ranks = sorted({rank for rank, _ in told})
    for rank in ranks:
        of_it = [one for its, one in told if its == rank]
        own = [one for one in of_it if one.release == release]
        over = all(one.release == release and one.state is WorkloadState.READY for one in of_it)
        if not over or rank == ranks[-1]:
            return rank, rank != ranks[0] and not any(one.applied for one in own)
    return FIRST, False


def _since(namespace: Object, events: Sequence[Object]) -> Sequence[Object]:
    """Those of the newest release. What an earlier one met with says nothing: Kubernetes keeps events for an hour."""
    begun = applied_at(namespace)
    return [event for event in events if begun is None or (time_of(event.get("lastTimestamp")) or begun) >= begun]


def _key(thing: Object) -> Key:
    return thing["kind"], thing["metadata"]["name"]


def _by_owner(pods: Sequence[Object]) -> Mapping[Key, list[Object]]:
    found: defaultdict[Key, list[Object]] = defaultdict(list)
    for pod in pods:
        owner = owner_of(pod)
        if owner:
            found[owner].append(pod)
    return found


def _expected(key: Key, release: str, ended: Mapping[str, Judged]) -> Judged:
    """On its way to the API server, or a hook whose Job is gone."""
    if key[0] == kinds.JOB.name and key[1] in ended:
        return ended[key[1]]
    serves = key[0] in WITH_PODS
    return Judged(*key, release, WorkloadState.PROGRESSING, wanted=1, ready=0, applied=False, serves=serves)


def _older_serving(release: str, newest: Sequence[Judged], pods: Sequence[Object]) -> str | None:
    """The release before the newest one, while its pods answer and the newest one is not ready."""
    if newest and all(one.state is WorkloadState.READY and one.release == release for one in newest):
        return None
    old = [pod for pod in pods if release_of(pod) not in ("", release) and is_ready(pod) and not _of_job(pod)]
    last = max(old, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), default=None)
    return release_of(last) if last else None


def _of_job(pod: Object) -> bool:
    owner = owner_of(pod)
    return owner is not None and owner[0] == "Job"


def _still(newest: Sequence[Judged], pods: Mapping[Key, list[Object]], older: str) -> tuple[Judged, ...]:
    """How the workloads serve meanwhile: requests go to whatever pod is ready, of whichever release."""
    found = []
    for one in newest:
        ready = min(one.wanted, sum(map(is_ready, pods[one.kind, one.name])))
        own = [pod for pod in pods[one.kind, one.name] if release_of(pod) == older]
        if one.kind != "Job" and own:
            state = WorkloadState.READY if ready == one.wanted else WorkloadState.PROGRESSING
            signs = signs_of(own, one.name, settled=True)
            found.append(Judged(one.kind, one.name, older, state, one.wanted, ready, signs=signs))
    return tuple(found)


def _told(one: Judged, since: Since, tails: Tails) -> WorkloadStatus:
    """What is no workload often has the name of one."""
    name = one.name if one.serves else f"{one.kind} {one.name}"
    reached = (one.kind, name, one.release, one.state, one.wanted, one.ready)
    return WorkloadStatus(*reached, since(one), one.reason, tails(one), one.awaits, one.signs)
