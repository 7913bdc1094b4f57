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
from bot.kube.kinds import NAMESPACE, POD, WATCHED, WORKLOADS, Kind, Object
from bot.kube.labels import OURS, staging_of
from bot.kube.standing import Seen
from bot.kube.watch import Changed, Listed, Pace, list_watch

log = structlog.get_logger()
REFUSED = 30.0


class Mirror:
    """`changed(staging)` is called when something of a staging is new, `listed()` when a listing is complete.

    A listing is complete when every kind has been listed since the start; after that, with each new listing.
    """

    def __init__(self, kube: Kube, changed: Callable[[str], None], listed: Callable[[], None], pace: Pace) -> None:
        self._kube, self._changed, self._on_listed, self._pace = kube, changed, listed, pace
        # By kind and staging, then by uid: a new object may have the name of one that still goes.
        self._held: dict[Kind, defaultdict[str, dict[str, Object]]] = {k: defaultdict(dict) for k in WATCHED}
        self._unlisted = set(WATCHED)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for kind in WATCHED:
                group.create_task(self._follow(kind))

    @property
    def complete(self) -> bool:
        return not self._unlisted

    def seen(self, staging: str) -> Seen:
        def all_of(kind: Kind) -> list[Object]:
            return list(self._held[kind].get(staging, {}).values())

        namespaces = all_of(NAMESPACE)
        workloads = [thing for kind in WORKLOADS for thing in all_of(kind)]
        return Seen(staging, namespaces[0] if namespaces else None, workloads, all_of(POD))

    async def _follow(self, kind: Kind) -> None:
        while True:
            try:
                changes = list_watch(self._kube, kind, OURS, self._pace, lambda error: _interrupted(kind, error))
                async with aclosing(changes) as all_of_them:
                    async for change in all_of_them:
                        self._take(kind, change)
            except ApiRefused as error:
                log.warning("the cluster refuses to be watched; trying again", kind=kind.name, why=error.text)
                await asyncio.sleep(REFUSED)
            except Exception:
                log.exception("watching the cluster failed; trying again", kind=kind.name)
                await asyncio.sleep(REFUSED)

    def _take(self, kind: Kind, change: Listed | Changed) -> None:
        if isinstance(change, Changed):
            self._note(kind, change.thing, change.gone)
            return
        before = {staging: set(things) for staging, things in self._held[kind].items()}
        self._held[kind].clear()
        for thing in change.items:
            self._note(kind, {"apiVersion": kind.version, "kind": kind.name, **thing})
        for staging in before:
            self._changed(staging)
        self._unlisted.discard(kind)
        if self.complete:
            self._on_listed()

    def _note(self, kind: Kind, thing: Object, gone: bool = False) -> None:
        staging = staging_of(thing)
        if staging is None:
            return
        held = self._held[kind][staging]
        if gone:
            held.pop(thing["metadata"]["uid"], None)
        else:
            held[thing["metadata"]["uid"]] = _trimmed(thing)
        if not held:
            del self._held[kind][staging]
        self._changed(staging)


def _trimmed(thing: Object) -> Object:
    """Who set which field is of no use here, and is a third of it."""
    metadata: dict[str, Any] = {key: value for key, value in thing["metadata"].items() if key != "managedFields"}
    return {**thing, "metadata": metadata}


def _interrupted(kind: Kind, error: TemporaryError) -> None:
    log.info("a watch was interrupted", kind=kind.name, why=error.text)
