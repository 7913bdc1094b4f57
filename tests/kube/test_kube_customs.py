"""How far a custom resource is, from conditions as controllers set them."""

from datetime import timedelta
from typing import Any

import pytest
from object_kit import NEW, NOW, SETTLED, ago, container, deployment, namespace, pod

from bot.domain.status import WorkloadState
from bot.kube.customs import judge_custom
from bot.kube.kinds import Object
from bot.kube.pods import Grace
from bot.kube.rollout import Judged
from bot.kube.standing import Seen, stand

READY, PROGRESSING, FAILED = WorkloadState.READY, WorkloadState.PROGRESSING, WorkloadState.FAILED


def told(type: str, status: str = "True", seconds: float = 60, seen: int | None = None, message: str = "") -> Object:
    found: Object = {"type": type, "status": status, "lastTransitionTime": ago(seconds), "message": message}
    return found if seen is None else {**found, "observedGeneration": seen}


def thing(
    *conditions: Object,
    kind: str = "Widget",
    age: float = 300,
    applied: float = 30,
    seen: int | None = None,
    **more: Any,
) -> Object:
    """Of generation 2, applied for the newest release half a minute ago."""
    status: Object = {"conditions": list(conditions), **more.pop("status", {})}
    return {
        "apiVersion": more.pop("version", "example.dev/v1"),
        "kind": kind,
        "metadata": {
            "name": "own",
            "namespace": "shop--x",
            "generation": 2,
            "creationTimestamp": ago(age),
            "labels": {"octopod.dev/release": NEW},
            "managedFields": [{"manager": "octopod", "time": ago(applied)}, {"manager": "its", "time": ago(0)}],
        },
        "status": status if seen is None else {**status, "observedGeneration": seen},
        **more,
    }


def judged(one: Object) -> Judged:
    return judge_custom(one, NOW, Grace())


ILL = "Widget `own` is not ready"
UNSEEN = "Widget `own`: its controller has not looked"


@pytest.mark.parametrize(
    ("one", "state", "again", "reason"),
    [
        (thing(told("Ready")), READY, None, ""),
        (thing(told("Ready"), told("Available", "False")), READY, None, ""),
        (thing(told("Available"), told("Accepted")), READY, None, ""),
        (thing(told("Available"), told("Accepted", "False")), PROGRESSING, 570, ILL),
        (thing(told("Ready", "Unknown")), PROGRESSING, 570, ILL),
        (thing(told("Ready", "False", message="no\n disk.")), PROGRESSING, 570, f"{ILL}: no disk"),
        (thing(told("Ready", "False", 1000), applied=601), FAILED, None, ILL),
        (thing(told("Ready", "False", 1000), applied=5), PROGRESSING, 595, ILL),
        (thing(told("Ready", "False", 5), applied=1000), PROGRESSING, 595, ILL),
        (thing(told("Ready"), seen=1), PROGRESSING, 570, UNSEEN),
        (thing(told("Ready"), seen=1, applied=601), FAILED, None, UNSEEN),
        (thing(told("Ready", seen=1), seen=2), PROGRESSING, 570, UNSEEN),
        (thing(told("Ready", seen=2), seen=2), READY, None, ""),
        (thing(told("Ready"), told("Reconciling", message="2 of 3")), PROGRESSING, 570, f"{ILL}: 2 of 3"),
        (thing(told("Ready"), told("Reconciling", "False")), READY, None, ""),
        (
            thing(told("Stalled", message="no"), told("Ready", "False")),
            FAILED,
            None,
            "Widget `own` can't get ready: no.",
        ),
        (thing(told("Failed", message="no")), FAILED, None, "Widget `own` can't get ready: no."),
        (thing(told("Synced", "False")), READY, None, ""),
        (thing(age=3), PROGRESSING, 7, ""),
        (thing(age=11), READY, None, ""),
        (thing(status={"conditions": "none"}), READY, None, ""),
        ({**thing(), "status": None}, READY, None, ""),
    ],
)
def test_conditions(one: Object, state: WorkloadState, again: float | None, reason: str) -> None:
    found = judged(one)
    assert found.state is state and found.reason.startswith(reason) and bool(found.reason) == bool(reason)
    assert found.again == (None if again is None else NOW + timedelta(seconds=again))
    assert (found.wanted, found.ready, found.release) == (1, int(state is READY), NEW)


PUBLIC: Object = {"name": "public", "namespace": "infra"}
OWN: Object = {"name": "own", "sectionName": "https"}
HERE: Object = {**OWN, "namespace": "shop--x"}
FULLY: Object = {**PUBLIC, "kind": "Gateway", "group": "gateway.networking.k8s.io"}
TAKEN = [told("Accepted", seen=2), told("ResolvedRefs", seen=2)]
REFUSED = [{**told("Accepted", "False", seen=2, message="no listener."), "reason": "NotAllowedByListeners"}]
NOBODY = "HTTPRoute `own`: nothing has answered for the Gateway"
NOT_IN = "HTTPRoute `own` is not served by the Gateway"


def route(*answers: tuple[Object, list[Object]], parents: tuple[Object, ...] = (PUBLIC,), **more: Any) -> Object:
    status = {"parents": [{"parentRef": parent, "conditions": conditions} for parent, conditions in answers]}
    version = "gateway.networking.k8s.io/v1"
    return thing(kind="HTTPRoute", version=version, status=status, spec={"parentRefs": list(parents)}, **more)


@pytest.mark.parametrize(
    ("one", "state", "again", "reason"),
    [
        (route((PUBLIC, TAKEN)), READY, None, ""),
        (route((FULLY, TAKEN)), READY, None, ""),
        (route(), PROGRESSING, 30, f"{NOBODY} infra/public yet. See that"),
        (route(applied=61), FAILED, None, f"{NOBODY} infra/public yet. See that"),
        (route((PUBLIC, [told("Accepted", seen=1)])), PROGRESSING, 30, NOBODY),
        (route((PUBLIC, [told("ResolvedRefs", seen=2)])), PROGRESSING, 30, NOBODY),
        (route(({**PUBLIC, "sectionName": "http"}, TAKEN)), PROGRESSING, 30, NOBODY),
        (
            route((PUBLIC, REFUSED), applied=5),
            PROGRESSING,
            5,
            f"{NOT_IN} infra/public: NotAllowedByListeners: no listener. Mend the route, or",
        ),
        (route((PUBLIC, REFUSED)), FAILED, None, f"{NOT_IN} infra/public"),
        (route((PUBLIC, [TAKEN[0], told("ResolvedRefs", "False")])), FAILED, None, NOT_IN),
        (route((PUBLIC, TAKEN), parents=(PUBLIC, OWN)), PROGRESSING, 30, f"{NOBODY} shop--x/own"),
        (route((PUBLIC, TAKEN), (OWN, REFUSED), parents=(PUBLIC, OWN)), FAILED, None, f"{NOT_IN} shop--x/own"),
        (route((PUBLIC, TAKEN), (HERE, TAKEN), parents=(PUBLIC, OWN)), READY, None, ""),
    ],
)
def test_routes(one: Object, state: WorkloadState, again: float | None, reason: str) -> None:
    found = judged(one)
    assert found.state is state and found.reason.startswith(reason) and bool(found.reason) == bool(reason)
    assert found.again == (None if again is None else NOW + timedelta(seconds=again))


BOTH = '[["Deployment", "web", "MAIN"], ["Widget", "own", "MAIN"]]'
WEB = deployment(updated=1, total=1, available=1, conditions=[SETTLED])
UP = pod(container(state={"running": {}}, ready=True), ready=True)


@pytest.mark.parametrize(
    ("there", "states"),
    [
        ([WEB], [READY, PROGRESSING]),
        ([WEB, thing(told("Ready", "False"))], [READY, PROGRESSING]),
        ([WEB, thing(told("Ready"))], [READY, READY]),
    ],
)
def test_pods_serve_whatever_a_custom_resource_lacks(there: list[Object], states: list[WorkloadState]) -> None:
    found = stand(Seen("s1", namespace(workloads=BOTH), there, [UP]), NOW, Grace())
    assert [one.state for one in found.newest] == states
    assert found.serving == NEW
    told = found.status(lambda one: NOW, lambda one: ())
    assert [one.name for one in told.workloads] == ["web", "Widget own"]
