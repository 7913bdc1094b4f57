"""What the API server holds of ours, kept up to date by one watch per kind, whatever the number of stagings."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import structlog

from bot.domain.errors import TemporaryError
from bot.kube.client import Kube
from bot.kube.errors import ApiRefused
from bot.kube.kinds import EVENT, NAMESPACE, POD, WORKLOADS, Kind, Object, Selection, is_further, kinds_in
from bot.kube.labels import KINDS, MANAGER, OURS, annotations, staging_of
from bot.kube.standing import Seen
from bot.kube.watch import Changed, Listed, Pace, list_watch

log = structlog.get_logger()
REFUSED = 30.0
# What only events tell: a volume that can't be mounted, a pod that a controller can't make, why a claim has no volume.
MOUNTS = Selection(EVENT, fields="reason=FailedMount,involvedObject.kind=Pod")
REFUSALS = Selection(EVENT, fields="reason=FailedCreate")
CLAIMS = Selection(EVENT, fields="involvedObject.kind=PersistentVolumeClaim")
NAMESPACES, PODS = Selection(NAMESPACE, OURS), Selection(POD, OURS)
OF_WORKLOADS = tuple(Selection(kind, OURS) for kind in WORKLOADS)
OF_EVENTS = (MOUNTS, REFUSALS, CLAIMS)
WATCHED = (NAMESPACES, *OF_WORKLOADS, PODS, *OF_EVENTS)


class Mirror:
    """`changed(staging)` is called when something of a staging is new, `listed()` when a listing is complete.

    A listing is complete when everything has been listed since the start; after that, with each new listing. Kinds that
    only some clusters have are followed from when a namespace says that its staging has such.
    """

    def __init__(self, kube: Kube, changed: Callable[[str], None], listed: Callable[[], None], pace: Pace) -> None:
        self._kube, self._changed, self._on_listed, self._pace = kube, changed, listed, pace
        # By staging (events: by namespace), then by uid: a new object may have the name of one that still goes.
        self._held: dict[Selection, defaultdict[str, dict[str, Object]]] = {w: defaultdict(dict) for w in WATCHED}
        self._unlisted = set(WATCHED)
        self._further: list[Selection] = []
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            for which in WATCHED:
                self._tasks.create_task(self._follow(which))

    @property
    def complete(self) -> bool:
        return not self._unlisted

    def seen(self, staging: str) -> Seen:
        """Only what is in its own namespace: labels can be copied to anywhere."""
        namespaces = self._all(NAMESPACES, staging)
        places = [namespace["metadata"]["name"] for namespace in namespaces]
        workloads, pods = (
            [one for which in some for one in self._all(which, staging) if one["metadata"]["namespace"] in places]
            for some in ((*OF_WORKLOADS, *self._further), (PODS,))
        )
        events = [event for place in places for which in OF_EVENTS for event in self._all(which, place)]
        return Seen(staging, namespaces[0] if namespaces else None, workloads, pods, events)

    def _all(self, which: Selection, group: str) -> list[Object]:
        return list(self._held[which].get(group, {}).values())

    async def _follow(self, which: Selection) -> None:
        kind = which.kind.name
        while True:
            try:
                changes = list_watch(self._kube, which, self._pace, lambda error: self._interrupted(which, error))
                async with aclosing(changes) as all_of_them:
                    async for change in all_of_them:
                        self._take(which, change)
            except ApiRefused as error:
                log.warning("the cluster refuses to be watched; trying again", kind=kind, why=error.text)
                self._do_without(which, gone=error.status == 404)
            except Exception:
                log.exception("watching the cluster failed; trying again", kind=kind)
            await asyncio.sleep(REFUSED)

    def _also(self, kind: Kind) -> None:
        which = Selection(kind, OURS)
        if which not in self._held and self._tasks is not None:
            self._held[which] = defaultdict(dict)
            self._further.append(which)
            self._unlisted.add(which)
            self._tasks.create_task(self._follow(which))

    def _do_without(self, which: Selection, gone: bool = False) -> None:
        """A further kind keeps nobody from being told of all others. What can't be seen is thought to be as it was."""
        if which in self._further and gone:
            self._take(which, Listed(()))
        elif which in self._further and which in self._unlisted:
            self._listed(which)

    def _interrupted(self, which: Selection, error: TemporaryError) -> None:
        log.info("a watch was interrupted", kind=which.kind.name, why=error.text)
        self._do_without(which)

    def _take(self, which: Selection, change: Listed | Changed) -> None:
        if isinstance(change, Changed):
            self._note(which, change.thing, change.gone)
            return
        before = list(self._held[which])
        self._held[which].clear()
        for thing in change.items:
            self._note(which, {"apiVersion": which.kind.version, "kind": which.kind.name, **thing})
        for group in before:
            self._tell(which, group)
        self._listed(which)

    def _listed(self, which: Selection) -> None:
        self._unlisted.discard(which)
        if self.complete:
            self._on_listed()

    def _note(self, which: Selection, thing: Object, gone: bool = False) -> None:
        group = thing["metadata"]["namespace"] if which.kind is EVENT else staging_of(thing)
        if group is None:
            return
        if which is NAMESPACES and not gone:
            for kind in _further_of(thing):
                self._also(kind)
        held = self._held[which][group]
        if gone:
            held.pop(thing["metadata"]["uid"], None)
        else:
            held[thing["metadata"]["uid"]] = thing if which is NAMESPACES else _trimmed(thing)
        if not held:
            del self._held[which][group]
        self._tell(which, group)

    def _tell(self, which: Selection, group: str) -> None:
        if which.kind is not EVENT:
            self._changed(group)
            return
        for staging, namespaces in self._held[NAMESPACES].items():
            if any(one["metadata"]["name"] == group for one in namespaces.values()):
                self._changed(staging)


def _further_of(namespace: Object) -> list[Kind]:
    try:
        return [kind for kind in kinds_in(annotations(namespace).get(KINDS, "[]")) if is_further(kind)]
    except (ValueError, TypeError) as error:
        log.warning("a namespace's kinds can't be read", name=namespace["metadata"]["name"], why=str(error))
        return []


def _trimmed(thing: Object) -> Object:
    """Who set which field is of no use here, and is a third of it; only when we did is."""
    fields = thing["metadata"].get("managedFields") or []
    ours = [{"manager": MANAGER, "time": one.get("time")} for one in fields if one.get("manager") == MANAGER]
    metadata: dict[str, Any] = {**thing["metadata"], "managedFields": ours}
    return {**thing, "metadata": metadata}
