"""What happened to pods, from objects as clusters have them."""

import pytest
from object_kit import (
    NOW,
    OLD,
    SETTLED,
    ago,
    condition,
    container,
    crashing,
    deployment,
    ended,
    namespace,
    pod,
    waiting,
    workload,
)

from bot.domain.status import MOST_SIGNS, Sign, SignKind
from bot.kube.kinds import Object
from bot.kube.pods import Grace
from bot.kube.rollout import judge
from bot.kube.signs import registry_of, signs_of
from bot.kube.standing import Seen, stand

WELL = container(state={"running": {}}, ready=True)
READY, NOT_READY = condition("Ready"), condition("Ready", "False", "ContainersNotReady")
CONTAINERS = condition("ContainersReady")


def on(node: str, thing: Object) -> Object:
    return thing | {"spec": {**thing["spec"], "nodeName": node}}


def going(thing: Object) -> Object:
    return thing | {"metadata": {**thing["metadata"], "deletionTimestamp": ago(1)}}


def at(seconds: float, **last: object) -> Object:
    """A container that ended so long ago and runs again."""
    terminated = {"exitCode": 1, "reason": "Error", "finishedAt": ago(seconds), **last}
    return container(restarts=1, ready=True, state={"running": {}}, last={"terminated": terminated})


def told(*pods: Object, settled: bool = True) -> list[tuple[str, str, str]]:
    return [(sign.kind.value, sign.of, sign.text) for sign in signs_of(pods, "web", settled)]


def target(reason: str, message: str = "") -> Object:
    return condition("DisruptionTarget", reason=reason, message=message, seconds=30)


LOW = "The node was low on resource: memory"
EVICTED = on("worker-2", pod(conditions=[target("TerminationByKubelet", LOW)], status={"reason": "Evicted"}))
SHUT_DOWN = "Pod was terminated in response to imminent node shutdown."
TAINTED = "Taint manager: deleting due to NoExecute taint"
# Of a lost node: its controller changes Ready and nothing else.
LOST = on("worker-2", pod(WELL, status={"conditions": [condition("Ready", "False", seconds=40), CONTAINERS]}))

HAPPENED = [
    (pod(at(40), ready=True), ("restarted", "", "web exited with code 1; it is started again")),
    (pod(at(40, exitCode=137), ready=True), ("restarted", "", "web was ended by SIGKILL; it is started again")),
    (
        pod(at(40, exitCode=0, reason="Completed"), ready=True),
        ("restarted", "", "web exited with code 0; it is started again"),
    ),
    (pod(container(state=ended(2))), ("restarted", "", "web exited with code 2; it is started again")),
    (pod(crashing(2)), ("restarted", "", "web exited with code 1, 3 times so far; it is started again")),
    (
        pod(at(40, message="PASSWORD=hunter2 is refused")),
        ("restarted", "", "web exited with code 1; it is started again"),
    ),
    (
        pod(at(40, exitCode=137, reason="OOMKilled"), ready=True, memory="256Mi"),
        ("out of memory", "256Mi", "web ran out of memory and was killed; its limit is 256Mi"),
    ),
    (
        pod(at(40, exitCode=137, reason="OOMKilled"), ready=True),
        ("out of memory", "", "web ran out of memory and was killed"),
    ),
    (
        pod(WELL, {**at(40), "name": "sidecar"}, ready=True),
        ("restarted", "", "web (container sidecar) exited with code 1; it is started again"),
    ),
    (
        pod(container(), init=[crashing(1, name="wait")]),
        ("restarted", "", "web (container wait) exited with code 1, 2 times so far; it is started again"),
    ),
    (EVICTED, ("evicted", "worker-2", f"web was taken off the node worker-2: {LOW}")),
    (
        on("worker-2", pod(status={"reason": "Evicted", "message": f"{LOW}."})),
        ("evicted", "worker-2", f"web was taken off the node worker-2: {LOW}"),
    ),
    (
        going(on("worker-2", pod(WELL, ready=True, conditions=[target("EvictionByEvictionAPI", "draining")]))),
        ("evicted", "worker-2", "web was taken off the node worker-2: draining"),
    ),
    (
        going(on("worker-2", pod(WELL, conditions=[target("DeletionByTaintManager", TAINTED)]))),
        ("node", "worker-2", f"web was taken off the node worker-2: {TAINTED}"),
    ),
    (
        on("worker-2", pod(status={"reason": "Terminated", "message": SHUT_DOWN})),
        ("node", "worker-2", f"web was taken off the node worker-2: {SHUT_DOWN[:-1]}"),
    ),
    (LOST, ("node", "worker-2", "the node worker-2, on which web runs, is not well or does not answer")),
    (
        pod(waiting("ImagePullBackOff", "Back-off pulling", image="ghcr.io/acme/shop:1")),
        ("image", "ghcr.io", "web: the image ghcr.io/acme/shop:1 can't be pulled from ghcr.io"),
    ),
]


@pytest.mark.parametrize(("thing", "sign"), HAPPENED)
def test_what_happened_to_a_pod(thing: Object, sign: tuple[str, str, str]) -> None:
    assert told(thing) == [sign]


@pytest.mark.parametrize(
    "thing",
    [
        pod(WELL, ready=True),
        pod(container()),  # starts
        pod(waiting("ContainerCreating")),
        pod(container(), init=[container("setup", state=ended(0, "Completed"))]),
        pod(WELL, status={"conditions": [NOT_READY, CONTAINERS]}),  # its kubelet says why
        pod(WELL, status={"conditions": [READY, CONTAINERS]}),
        pod(WELL, status={"conditions": [condition("Ready", "False")]}),
        going(pod(container(state=ended(143)))),  # it was asked to end
    ],
)
def test_what_is_nothing(thing: Object) -> None:
    assert told(thing) == []


def test_a_gate_of_its_own_is_no_lost_node() -> None:
    gated = LOST | {"spec": {**LOST["spec"], "readinessGates": [{"conditionType": "a/b"}]}}
    assert told(LOST) and not told(gated)


def test_an_image_may_be_on_its_way_until_it_is_live() -> None:
    pulling = pod(waiting("ErrImagePull", "not found"))
    assert not told(pulling, settled=False) and told(pulling, settled=True)


def test_when_is_the_clusters_own_time() -> None:
    """So that the same is the same at the next look."""

    def when(thing: Object) -> list[str]:
        return [sign.at.isoformat().replace("+00:00", "Z") for sign in signs_of([thing], "web", True)]

    assert when(pod(at(40), started=90)) == [ago(40)]
    assert when(pod(container(state=ended(1)), started=90)) == [ago(90)], "nobody says when"
    assert when(EVICTED) == [ago(30)]
    assert when(LOST) == [ago(40)]
    since = {"conditions": [condition("Ready", "False", seconds=7)]}
    assert when(pod(waiting("ErrImagePull", "first"), started=9000, status=since)) == [ago(7)], "its pod may be old"
    again, backing_off = (
        signs_of([pod(waiting(why, why))], "web", True) for why in ("ErrImagePull", "ImagePullBackOff")
    )
    assert again == backing_off
    crashed, started = (
        signs_of([pod({**crashing(2, code=3), **state, "restartCount": count})], "web", True)
        for state, count in (
            ({"state": {"waiting": {"reason": "CrashLoopBackOff"}}}, 2),
            ({"state": {"running": {}}}, 3),
        )
    )
    assert crashed == started


def test_the_newest_come_last_and_only_so_many() -> None:
    found = signs_of([pod(at(seconds)) for seconds in range(60, 60 + MOST_SIGNS + 5)], "web", True)
    assert len(found) == MOST_SIGNS and [sign.at for sign in found] == sorted(sign.at for sign in found)
    assert found[-1].at.isoformat().replace("+00:00", "Z") == ago(60)
    assert len(signs_of([pod(at(5)), pod(at(5))], "web", True)) == 1, "two at once say no more than one"


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("shop", "docker.io"),
        ("acme/shop:1", "docker.io"),
        ("shop:1", "docker.io"),
        ("ghcr.io/acme/shop:1", "ghcr.io"),
        ("localhost/shop", "localhost"),
        ("registry:5000/shop@sha256:1f", "registry:5000"),
    ],
)
def test_which_registry(image: str, host: str) -> None:
    assert registry_of(image) == host


def signs(*pods: Object, of: Object) -> tuple[Sign, ...]:
    return judge(of, pods, NOW, Grace()).signs


def test_a_workload_has_the_signs_of_its_own_release() -> None:
    done = deployment(updated=1, total=1, available=1, conditions=[SETTLED])
    assert [sign.kind for sign in signs(pod(at(40), ready=True), of=done)] == [SignKind.RESTARTED]
    assert signs(pod(at(40), ready=True, release=OLD), of=done) == ()


def test_a_job_is_tried_again_as_often_as_it_likes() -> None:
    job = workload("Job", {}, {}, name="migrate")
    assert signs(pod(crashing(2), of="migrate", kind="Job"), of=job) == ()


def test_a_lost_node_is_why_it_is_not_ready() -> None:
    live = deployment(updated=1, total=1, conditions=[SETTLED])
    assert judge(live, [LOST], NOW, Grace()).reason == told(LOST)[0][2]


def test_snapshots_carry_them_also_of_the_older_release_that_serves_on() -> None:
    rolling = deployment(updated=1, total=2, available=1)
    old, new = pod(at(40), release=OLD, ready=True, started=900), pod(at(20), started=30)
    found = stand(Seen("s1", namespace(), [rolling], [old, new]), NOW, Grace()).status(lambda one: NOW, lambda one: ())
    assert [sign.at for sign in found.workloads[0].signs] == [sign.at for sign in signs_of([new], "web", True)]
    assert [sign.at for sign in found.serving_workloads[0].signs] == [sign.at for sign in signs_of([old], "web", True)]
