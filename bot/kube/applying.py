"""A release put on the cluster: looked at, rehearsed as a whole, applied, and rid of what it has no more."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.hooks import FIRST, KEPT, MAIN, Rank, Turn, rank_of
from bot.domain.project import Fence
from bot.kube import words
from bot.kube.client import Kube
from bot.kube.ended import ended_hooks
from bot.kube.errors import ApiRefused
from bot.kube.kinds import (
    AUTOSCALER,
    CLAIM,
    DEPLOYMENT,
    JOB,
    NAMESPACE,
    OF_BRANCHES,
    POD,
    STATEFUL_SET,
    WORKLOADS,
    Kind,
    Object,
    is_further,
    kind_of,
    kinds_in,
)
from bot.kube.labels import KINDS, MANAGED_BY, RELEASE, STAGING, annotations, labels
from bot.kube.pods import is_going, is_ready
from bot.kube.prepare import (
    admission,
    bare_namespace,
    fences,
    in_steps,
    key,
    namespace,
    namespace_name,
    prepared,
    pull_secrets,
)
from bot.kube.rollout import owner_of
from bot.ports import ReleaseOrder

RIGHTS_LOOKS, RIGHTS_PAUSE = 100, 0.05
# The manager of what a HorizontalPodAutoscaler sets, as the API server names it in a conflict.
SCALER = '"kube-controller-manager"'
T = TypeVar("T")
Existing = Mapping[tuple[Kind, str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Applying:
    """One order. Everything in it may be done again from the start.

    `reached`: what has had its turn already. Whoever asks again then brings the release on by one.
    """

    kube: Kube
    order: ReleaseOrder
    fence: Fence
    account: str
    secrets: Sequence[Object] = ()
    reached: Rank = FIRST

    async def run(self) -> None:
        """Raises TemporaryError; PermanentError only while nothing of the release was changed yet."""
        objects = prepared([*self.order.objects, *self.secrets], pull_secrets(self.secrets))
        ranks = {rank_of(thing) for thing in objects if key(thing)[0] in WORKLOADS}
        if MAIN not in ranks:
            raise PermanentError(
                "The manifests of this branch hold nothing that runs.",
                next_step="Add a Deployment, push, and deploy again.",
            )
        kinds = set(map(kind_of, objects))
        await self._require_known(kinds)
        there = await self._there()
        if there is None:
            await self.kube.apply(bare_namespace(self.order, self.fence))
        await self._admitted()
        existing = await self._existing(kinds | _had(there)) if there else {}
        self._require_own(objects, existing)
        await _together([self._fence(thing) for thing in fences(self.order, self.fence)])
        stale = self._stale_jobs(existing)
        await self._rehearsed([thing for thing in objects if key(thing) not in stale])
        rank, ended = max(self.reached, min(ranks)), self._ended(there)
        try:
            kinds |= {kind for (kind, _), its in existing.items() if its.get(STAGING) == self.order.staging}
            await self.kube.apply(namespace(self.order, self.fence, kinds))
            for step in in_steps(objects, rank, ended):
                for kind, name in stale & set(map(key, step)):
                    await self.kube.delete(kind, name, namespace_name(self.order))
                await _together([self._put(thing) for thing in step])
            if rank.turn is Turn.BEFORE:
                return
            await self._unblock([thing for thing in objects if key(thing)[0] is STATEFUL_SET])
            await self._prune(objects, existing)
        except ApiRefused as error:
            # The rehearsal went well, so somebody is changing things at this moment.
            raise TemporaryError(error.text, retry_after=5) from error

    async def _require_known(self, kinds: Iterable[Kind]) -> None:
        """What not every cluster has, and nobody may watch, would be waited for in vain."""
        further = sorted(filter(is_further, kinds), key=lambda kind: (kind.version, kind.name))
        mistakes = [mistake for mistake in await _together([self._mistake(kind) for kind in further]) if mistake]
        if mistakes:
            raise PermanentError("This branch has kinds of objects that can't be deployed here.", mistakes)

    async def _mistake(self, kind: Kind) -> str | None:
        found = await self.kube.find(kind)
        if found is None:
            return words.unknown_kind(kind)
        if not found.namespaced:
            return words.cluster_wide(found)
        return None if await self.kube.may("watch", found) else words.unwatched(found)

    async def _there(self) -> Object | None:
        """Its namespace. It gets one without its release, which is said when it is known to fit."""
        place = namespace_name(self.order)
        found = await self.kube.get(NAMESPACE, place)
        if found is None:
            return None
        if "deletionTimestamp" in found["metadata"]:
            raise TemporaryError(f"The namespace `{place}` is still being removed.", retry_after=1)
        if labels(found).get(STAGING) != self.order.staging:
            whose = "another staging's" if labels(found).get(MANAGED_BY) == "octopod" else "not Octopod's"
            raise PermanentError(
                f"There is a namespace `{place}` already, and it is {whose}.",
                next_step=f"Remove it (`kubectl delete namespace {place}`), or deploy the branch under another name.",
            )
        return found

    def _ended(self, there: Object | None) -> set[tuple[Kind, str]]:
        """Hooks of this release that would run a second time, as their Jobs are gone."""
        return {(JOB, name) for name in ended_hooks(there, self.order.release)} if there else set()

    async def _admitted(self) -> None:
        """Rights in a namespace of its own. New ones take the API server a moment to know of."""
        binding = admission(self.order, self.account)
        if binding is None:
            return
        await self.kube.apply(binding)
        for _ in range(RIGHTS_LOOKS):
            if await self.kube.may("patch", DEPLOYMENT, namespace_name(self.order)):
                return
            await asyncio.sleep(RIGHTS_PAUSE)

    async def _existing(self, kinds: Iterable[Kind]) -> Existing:
        """What there is in the namespace, and its labels; none for what other objects have made, as a CronJob makes
        Jobs: those may copy our labels, and are theirs to remove."""
        place = namespace_name(self.order)
        listed = await _together([self._list(kind, place) for kind in kinds])
        going = [
            kind.title(one["metadata"]["name"]) for kind, things in listed for one in things if _on_its_way(kind, one)
        ]
        if going:  # whatever is applied to it would go with it
            raise TemporaryError(f"{going[0]} of `{place}` is still being removed.", retry_after=0.5)
        return {
            (kind, thing["metadata"]["name"]): {} if _made_by_another(thing) else labels(thing)
            for kind, things in listed
            for thing in things
        }

    async def _list(self, kind: Kind, place: str) -> tuple[Kind, list[Object]]:
        """Nothing of a kind that the cluster does not know any more: that has gone with it."""
        try:
            return kind, (await self.kube.list(kind, place, metadata=True))[0]
        except ApiRefused as error:
            if error.status == 404 and is_further(kind):
                return kind, []
            raise

    def _require_own(self, objects: Sequence[Object], existing: Existing) -> None:
        foreign = [
            f"{kind.title(name)} is there already, and is not this staging's"
            for kind, name in map(key, objects)
            if (kind, name) in existing and existing[kind, name].get(STAGING) != self.order.staging
        ]
        if foreign:
            raise PermanentError(
                f"Somebody else's objects in namespace `{namespace_name(self.order)}` have the names of this branch's.",
                foreign,
                "Remove them, or rename yours; Octopod does not take over what it has not made.",
            )

    async def _fence(self, thing: Object) -> None:
        """Somebody may have given this staging more, or less, by hand."""
        try:
            await self.kube.apply(thing)
        except ApiRefused as error:
            if error.status != 409:
                raise

    def _stale_jobs(self, existing: Existing) -> set[tuple[Kind, str]]:
        """A Job can't be changed: each release runs its own anew."""
        return {
            (kind, name)
            for (kind, name), its in existing.items()
            if kind is JOB and its.get(STAGING) == self.order.staging and its.get(RELEASE) != self.order.release
        }

    async def _rehearsed(self, objects: Sequence[Object]) -> None:
        """Everything that the cluster would refuse, at once, before anything is changed."""
        rehearsals = [self._put(thing, rehearsal=True) for thing in objects]
        answers = await asyncio.gather(*rehearsals, return_exceptions=True)
        refused: list[ApiRefused] = []
        for answer in answers:
            if isinstance(answer, ApiRefused):
                refused.append(answer)
            elif isinstance(answer, BaseException):
                raise answer
        if refused:
            raise _refusal(refused)

    async def _put(self, thing: Object, rehearsal: bool = False) -> None:
        """Replicas that an autoscaler of an earlier release has left behind belong to nobody."""
        try:
            await self.kube.apply(thing, rehearsal)
        except ApiRefused as error:
            if not left_by_an_autoscaler(error) or await self._others_scale():
                raise
            await self.kube.apply(thing, rehearsal, force=True)

    async def _others_scale(self) -> bool:
        """Whether there are autoscalers that this staging's releases have not made."""
        found, _ = await self.kube.list(AUTOSCALER, namespace_name(self.order), metadata=True)
        return any(labels(one).get(STAGING) != self.order.staging for one in found)

    async def _unblock(self, sets: Sequence[Object]) -> None:
        """A StatefulSet waits for a bad pod to become ready before it replaces it, even with a good one.

        https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
        """
        if not sets:
            return
        place, names = namespace_name(self.order), {thing["metadata"]["name"] for thing in sets}
        pods, _ = await self.kube.list(POD, place, which=[("labelSelector", f"{RELEASE}!={self.order.release}")])
        stuck = [
            pod
            for pod in pods
            if owner_of(pod) in {("StatefulSet", name) for name in names} and not is_ready(pod) and not is_going(pod)
        ]
        await _together(
            [self.kube.delete(POD, pod["metadata"]["name"], place, pod["metadata"]["uid"]) for pod in stuck]
        )

    async def _prune(self, objects: Sequence[Object], existing: Existing) -> None:
        """Only what this staging's earlier releases made. Claims stay: data goes with the staging, not by an update."""
        kept = set(map(key, objects))
        gone = [
            (kind, name)
            for (kind, name), its in existing.items()
            if its.get(STAGING) == self.order.staging
            and (kind, name) not in kept
            and kind is not CLAIM
            and KEPT not in its
        ]
        await _together([self.kube.delete(kind, name, namespace_name(self.order)) for kind, name in gone])


def _had(namespace: Object) -> set[Kind]:
    """Of which kinds its releases have made anything."""
    said = annotations(namespace).get(KINDS)
    return set(kinds_in(said)) if said else set(OF_BRANCHES)


def _on_its_way(kind: Kind, thing: Object) -> bool:
    """Out, as a sleep has left it."""
    return kind is STATEFUL_SET and is_going(thing)


def _made_by_another(thing: Object) -> bool:
    return any(owner.get("controller") for owner in thing["metadata"].get("ownerReferences") or [])


def left_by_an_autoscaler(error: ApiRefused) -> bool:
    """Whether all that is in the way are replicas as the controller of autoscalers has set them."""
    scaled = [field == ".spec.replicas" and SCALER in told for field, told in error.conflicts]
    return bool(scaled) and all(scaled)


def _refusal(refused: Sequence[ApiRefused]) -> PermanentError:
    conflict = any(error.status == 409 for error in refused)
    details = [error.text for error in refused]
    if conflict:
        return PermanentError(
            "Somebody has changed objects of this staging by hand, and this release says otherwise.",
            details,
            "Undo the change, or delete the staging and deploy again; Octopod does not overwrite what others have set.",
        )
    count = "an object" if len(refused) == 1 else f"{len(refused)} objects"
    return PermanentError(f"The cluster refuses {count} of this branch.", details, "Mend them, push, and deploy again.")


async def _together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All of it, even if some fails; then the first failure is raised."""
    answers = await asyncio.gather(*work, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]
