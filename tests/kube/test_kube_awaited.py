"""The project's own image is waited for when the kubelet says that it is not there; any other one fails at once."""

from dataclasses import replace
from pathlib import Path

import pytest
from object_kit import NOW, SETTLED, condition, container, crashing, deployment, namespace, pod, waiting, workload

from bot.domain.project import Fence
from bot.domain.status import StagingStatus, WorkloadState
from bot.kube.kinds import Object
from bot.kube.labels import IMAGE, annotations
from bot.kube.pods import Grace
from bot.kube.prepare import namespace as prepared_namespace
from bot.kube.standing import Seen, stand
from bot.ports import ReleaseOrder

READY, PROGRESSING, FAILED = WorkloadState.READY, WorkloadState.PROGRESSING, WorkloadState.FAILED
OWN = "registry.example.com/acme/shop:1"
LATE = condition("Progressing", "False", "ProgressDeadlineExceeded")
MISSING = waiting("ImagePullBackOff", f"Back-off pulling image: {OWN}: not found", image=OWN)


def status(*containers: Object, of: Object | None = None, kind: str = "Deployment", own: str = OWN) -> StagingStatus:
    place = namespace(workloads=f'[["{kind}", "web"]]')
    place["metadata"]["annotations"][IMAGE] = own
    ill = pod(*containers, kind=kind)
    return stand(Seen("s1", place, [of or deployment()], [ill]), NOW, Grace()).status(lambda one: NOW, lambda one: ())


def test_its_own_image_is_awaited() -> None:
    [found] = status(MISSING).workloads
    assert (found.state, found.awaits) == (PROGRESSING, OWN)
    assert found.reason == f"web: the image {OWN} is not in the registry yet"


def test_another_image_fails_at_once() -> None:
    [found] = status(MISSING, own="registry.example.com/acme/shop:2").workloads
    assert (found.state, found.awaits) == (FAILED, "")
    assert status(MISSING, own="").workloads[0].state is FAILED


@pytest.mark.parametrize(
    "other", [waiting("ErrImagePull", "shop-db: not found", image="shop-db:1", name="db"), crashing(9, name="db")]
)
def test_what_will_not_pass_is_not_hidden_by_the_wait(other: Object) -> None:
    [found] = status(MISSING, other).workloads
    assert (found.state, found.awaits) == (FAILED, "") and "(container db)" in found.reason


def test_a_refusal_is_no_lack() -> None:
    assert status(waiting("ErrImagePull", "401 Unauthorized", image=OWN)).workloads[0].state is FAILED


def test_the_clusters_own_deadline_does_not_end_the_wait() -> None:
    [found] = status(MISSING, of=deployment(conditions=[LATE])).workloads
    assert (found.state, found.awaits) == (PROGRESSING, OWN)
    [other] = status(container(), of=deployment(conditions=[LATE])).workloads
    assert other.state is FAILED


def test_jobs_and_sets_wait_too() -> None:
    for kind in ("Job", "StatefulSet", "DaemonSet"):
        spec, told = {"replicas": 1}, {"desiredNumberScheduled": 1}
        [found] = status(MISSING, of=workload(kind, spec, told), kind=kind).workloads
        assert (found.state, found.awaits) == (PROGRESSING, OWN), kind


def test_ready_awaits_nothing() -> None:
    done = deployment(updated=1, total=1, available=1, conditions=[SETTLED])
    [found] = status(MISSING, of=done).workloads
    assert (found.state, found.awaits) == (READY, "")


def test_the_namespace_says_which_image_it_is() -> None:
    order = ReleaseOrder("s1", "x", "shop", "r1", "c" * 40, [], Path("/nowhere"), OWN)
    assert annotations(prepared_namespace(order, Fence(), []))[IMAGE] == OWN
    assert IMAGE not in annotations(prepared_namespace(replace(order, image=""), Fence(), []))
