"""How far something of a release is that has no pods: by the conditions that its controller sets. Pure.

What they mean is agreed on in
https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
and for routes in https://gateway-api.sigs.k8s.io/geps/gep-1364/.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.objects import mapping
from bot.domain.status import WorkloadState
from bot.kube import words
from bot.kube.kinds import ROUTE, Object, kind_of
from bot.kube.labels import release_of
from bot.kube.pods import Grace, applied_at, time_of
from bot.kube.rollout import Judged

# What says that all is well, where nothing says Ready.
ENOUGH = ("Available", "Accepted", "Programmed")
Condition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Lack:
    """`due`: from when on it will not pass by itself."""

    reason: str
    due: datetime


def judge_custom(thing: Object, now: datetime, grace: Grace) -> Judged:
    """Of controllers that do not say which generation they mean all is believed."""
    is_route = thing["kind"] == ROUTE.name and kind_of(thing).group == ROUTE.group
    lack = next(_of_route(thing, now, grace), None) if is_route else _lack(thing, now, grace)
    told = (thing["kind"], thing["metadata"]["name"], release_of(thing))
    if lack is None:
        return Judged(*told, WorkloadState.READY, wanted=1, ready=1, serves=False)
    over = now >= lack.due
    state = WorkloadState.FAILED if over else WorkloadState.PROGRESSING
    again = None if over else lack.due
    return Judged(*told, state, wanted=1, ready=0, reason=lack.reason, again=again, serves=False)


def _lack(thing: Object, now: datetime, grace: Grace) -> _Lack | None:
    title = kind_of(thing).title(thing["metadata"]["name"])
    status = mapping(thing.get("status"))
    if _is_old(status, thing):
        return _Lack(words.unseen(title), _after(thing, None, grace.custom, now))
    found = {str(one.get("type")): one for one in _list(status.get("conditions"))}
    if _says(found, "Stalled") or _says(found, "Failed"):
        ill = found["Stalled"] if _says(found, "Stalled") else found["Failed"]
        return _Lack(words.stalled(title, *_why(ill)), now)
    if _says(found, "Reconciling"):
        return _lacking(thing, title, found["Reconciling"], grace, now)
    decide = [found[one] for one in (("Ready",) if "Ready" in found else ENOUGH) if one in found]
    for one in decide:
        if _is_old(one, thing) or one.get("status") != "True":
            return _lacking(thing, title, one, grace, now)
    born = time_of(thing["metadata"].get("creationTimestamp")) or now
    due = born + timedelta(seconds=grace.silence)
    return None if decide or now >= due else _Lack("", due)


def _lacking(thing: Object, title: str, told: Condition, grace: Grace, now: datetime) -> _Lack:
    text = words.unseen(title) if _is_old(told, thing) else words.not_yet(title, *_why(told))
    return _Lack(text, _after(thing, time_of(told.get("lastTransitionTime")), grace.custom, now))


def _of_route(thing: Object, now: datetime, grace: Grace) -> Iterator[_Lack]:
    """Each of its gateways must have taken it."""
    name = thing["metadata"]["name"]
    told = _list(mapping(thing.get("status")).get("parents"))
    for parent in _list(mapping(thing.get("spec")).get("parentRefs")):
        gateway = f"{parent.get('namespace') or thing['metadata']['namespace']}/{parent.get('name')}"
        of_it = [
            {str(one.get("type")): one for one in _list(entry.get("conditions"))}
            for entry in told
            if _same(mapping(entry.get("parentRef")), parent, thing)
        ]
        answers = [found["Accepted"] for found in of_it if "Accepted" in found]
        if not answers or any(_is_old(one, thing) for one in answers):
            yield _Lack(words.route_unseen(name, gateway), _after(thing, None, grace.gateway, now))
        for one in (found[type] for found in of_it for type in ("Accepted", "ResolvedRefs") if type in found):
            if one.get("status") != "True" and not _is_old(one, thing):
                since = time_of(one.get("lastTransitionTime"))
                yield _Lack(words.route_refused(name, gateway, *_why(one)), _after(thing, since, grace.start, now))


def _same(one: Condition, other: Condition, route: Object) -> bool:
    """Which of its parents a status is about: https://gateway-api.sigs.k8s.io/reference/spec/#parentreference."""
    usual = {"namespace": route["metadata"]["namespace"], "kind": "Gateway", "group": ROUTE.group}
    keys = ("group", "kind", "namespace", "name", "sectionName", "port")
    return all(one.get(key, usual.get(key)) == other.get(key, usual.get(key)) for key in keys)


def _after(thing: Object, since: datetime | None, seconds: float, now: datetime) -> datetime:
    """What has been so for long may be over with what we have just changed."""
    begun = max((time for time in (applied_at(thing), since) if time), default=now)
    return begun + timedelta(seconds=seconds)


def _is_old(told: Condition, thing: Object) -> bool:
    """Whether it is about an earlier generation."""
    seen, newest = told.get("observedGeneration"), thing["metadata"].get("generation")
    return isinstance(seen, int) and isinstance(newest, int) and seen < newest


def _says(found: Mapping[str, Condition], type: str) -> bool:
    return type in found and found[type].get("status") == "True"


def _why(told: Condition) -> tuple[str, str]:
    return str(told.get("reason") or ""), str(told.get("message") or "")


def _list(value: object) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
