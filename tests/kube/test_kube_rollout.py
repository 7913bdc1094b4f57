"""How far a workload is, from objects as clusters have them."""

from datetime import timedelta
from typing import Any

import pytest
from object_kit import (
    NEW,
    NOW,
    OLD,
    ROLLING,
    SETTLED,
    ago,
    condition,
    container,
    crashing,
    deployment,
    ended,
    pod,
    waiting,
    warning,
    workload,
)

from bot.domain.status import WorkloadState
from bot.kube.kinds import Object
from bot.kube.pods import Grace, Tail
from bot.kube.rollout import Judged, judge, owner_of

READY, PROGRESSING, FAILED = WorkloadState.READY, WorkloadState.PROGRESSING, WorkloadState.FAILED
DONE: Object = {"updated": 1, "total": 1, "available": 1, "conditions": [SETTLED]}
NO_ROOM = condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available: 3 Insufficient memory.", 40)
NEW_POD = container(state={"running": {}}, ready=True)
QUOTA = 'pods "web-5d5" is forbidden: exceeded quota: octopod, requested: pods=1, used: pods=40, limited: pods=40'
SECURITY = 'pods "web-5d5" is forbidden: violates PodSecurity "baseline:latest": privileged (container "web")'
REFUSED = condition("ReplicaFailure", reason="FailedCreate", message=QUOTA)


def judged(thing: Object, *pods: Object) -> Judged:
    return judge(thing, pods, NOW, Grace())


def test_ready_is_what_the_controller_says_of_all_of_it() -> None:
    found = judged(deployment(2, updated=2, total=2, available=2), pod(NEW_POD, ready=True))
    assert (found.state, found.ready, found.wanted, found.release) == (READY, 2, 2, NEW)


@pytest.mark.parametrize(
    "thing",
    [
        deployment(**DONE, status={"observedGeneration": 1}),  # its status is about the release before
        deployment(2, updated=1, total=3, available=2),  # the available ones are old
        deployment(1, updated=1, total=2, available=2),  # the old one has not gone yet
        deployment(1, updated=1, total=1, available=0),
        deployment(1, updated=0, total=1, available=1, conditions=[]),
    ],
)
def test_not_ready_yet(thing: Object) -> None:
    assert judged(thing, pod(ready=True, release=OLD)).state is PROGRESSING


def test_new_pods_that_crash_behind_old_ones_that_are_well_have_failed() -> None:
    thing = deployment(1, updated=1, total=2, available=1)
    found = judged(thing, pod(NEW_POD, ready=True, release=OLD), pod(crashing(3), started=30))
    assert (found.state, found.ready) == (FAILED, 0)
    assert found.reason.startswith("web exited with code 1, 4 times so far.")
    assert found.tail == Tail("shop--x", "web-r2-1", "web", previous=True, count=3)


def test_old_pods_that_crash_say_nothing_about_the_new_release() -> None:
    thing = deployment(1, updated=1, total=2, available=0)
    assert judged(thing, pod(crashing(9), release=OLD, started=900), pod(container())).reason == ""


def test_nothing_wanted_is_ready() -> None:
    assert judged(deployment(0)).state is READY


FINAL = [
    (pod(crashing(1), started=10), "web exited with code 1, 2 times so far."),
    (pod(crashing(3), started=1), "4 times so far"),
    (
        pod(crashing(2, 137, "OOMKilled"), started=20, memory="256Mi"),
        "ran out of memory and was killed, 3 times so far",
    ),
    (
        pod(crashing(2, 137, "OOMKilled"), started=20, memory="256Mi"),
        "Its limit is 256Mi. Raise resources.limits.memory",
    ),
    (pod(crashing(2, 139), started=20), "web was ended by SIGSEGV"),
    (
        pod(waiting("CreateContainerConfigError", 'secret "pay" not found')),
        'configured: secret "pay" not found. Add what',
    ),
    (pod(waiting("InvalidImageName", image="a b")), "`a b` is no valid image name"),
    (pod(waiting("ErrImagePull", "rpc: shop:1: not found")), "the image shop:1 is not in the registry"),
    (pod(waiting("ImagePullBackOff", "Back-off: manifest unknown")), "the image shop:1 is not in the registry"),
    (pod(waiting("ErrImagePull", "401 Unauthorized")), "refuses to hand out the image shop:1"),
    (pod(waiting("ImagePullBackOff", "i/o timeout"), started=61), "the image shop:1 can't be pulled: i/o timeout"),
    (pod(waiting("RunContainerError", 'exec: "nope": not found'), started=11), 'web can\'t be started: exec: "nope"'),
    (pod(conditions=[NO_ROOM]), "web finds no room in the cluster: 0/3 nodes are available: 3 Insufficient memory."),
    (pod(container(), init=[crashing(2, name="wait")], started=20), "web (container wait) exited with code 1"),
    (pod(container(), crashing(2, name="sidecar"), started=20), "web (container sidecar) exited with code 1"),
]


@pytest.mark.parametrize(("ill", "text"), FINAL)
def test_what_will_not_pass_fails_at_once(ill: Object, text: str) -> None:
    found = judged(deployment(1, updated=1, total=1), ill)
    assert found.state is FAILED and text in found.reason


PASSING = [
    (pod(crashing(1), started=4), "web exited with code 1, 2 times so far; it is started again", 6.0),
    (
        pod(container(restarts=1, state={"running": {}}, last=ended(2))),
        "web exited with code 2; it is started again",
        None,
    ),
    (pod(container(state=ended(2))), "web exited with code 2; it is started again", None),
    (pod(waiting("ImagePullBackOff", "i/o timeout")), "the image shop:1 can't be pulled: i/o timeout", 55.0),
    (pod(waiting("CreateContainerError", "taken")), "web can't be started: taken", 5.0),
    (pod(conditions=[{**NO_ROOM, "lastTransitionTime": ago(10)}]), "web finds no room", 20.0),
    (pod(waiting("ContainerCreating")), "", None),
    (pod(container(), init=[container("setup", state=ended(0, "Completed"))]), "", None),
    (
        pod(status={"reason": "Evicted", "message": "The node was low on memory."}),
        "was evicted: The node was low on",
        None,
    ),
]


@pytest.mark.parametrize(("ill", "text", "again"), PASSING)
def test_what_may_pass_is_looked_at_again(ill: Object, text: str, again: float | None) -> None:
    found = judged(deployment(1, updated=1, total=1), ill)
    assert found.state is PROGRESSING and text in found.reason
    assert found.again == (NOW + timedelta(seconds=again) if again else None)


def test_a_refusal_of_its_pods_is_told_at_once() -> None:
    found = judged(deployment(1, conditions=[ROLLING, REFUSED]))
    assert (found.state, found.reason[:43]) == (FAILED, "web: the staging's quota is used up (exceed")
    security = {**REFUSED, "message": SECURITY}
    found = judged(deployment(1, conditions=[ROLLING, security]))
    assert "web is not allowed to run so: violates PodSecurity" in found.reason


NO_SECRET = 'MountVolume.SetUp failed for volume "tls" : secret "pay" not found'
SLOW = 'Multi-Attach error for volume "pvc-1"'
NO_MEMORY = 'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: exceeded quota: octopod'


@pytest.mark.parametrize(
    ("message", "started", "state", "text"),
    [
        (NO_SECRET, 5, FAILED, "web can't be configured: MountVolume.SetUp failed for volume"),
        (SLOW, 5, PROGRESSING, "web waits for a volume: Multi-Attach error"),
        (SLOW, 61, FAILED, "web waits for a volume: Multi-Attach error"),
    ],
)
def test_what_only_events_tell_of_a_pod(message: str, started: float, state: WorkloadState, text: str) -> None:
    starting = pod(waiting("ContainerCreating"), started=started, status={"phase": "Pending"})
    found = judge(deployment(updated=1, total=1), [starting], NOW, Grace(), [warning("web-r2", message)])
    assert found.state is state and found.reason.startswith(text)
    runs = pod(container(state={"running": {}}), status={"phase": "Running"})
    assert judge(deployment(updated=1, total=1), [runs], NOW, Grace(), [warning("web-r2", message)]).reason == ""


UNBOUND = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
ASK = (
    "Name a storageClassName that the cluster has (`kubectl get storageclasses`), or ask its administrators for "
    "volumes."
)


def of_claim(reason: str, message: str) -> Object:
    about = {"kind": "PersistentVolumeClaim", "name": "data", "uid": "c"}
    return {"involvedObject": about, "reason": reason, "message": message, "lastTimestamp": ago(1)}


@pytest.mark.parametrize(
    ("message", "told", "state", "text"),
    [
        (UNBOUND, [], PROGRESSING, f"web waits for a volume of its claim `data`: {UNBOUND}. {ASK}"),
        (
            UNBOUND,
            [of_claim("ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found')],
            FAILED,
            f'web waits for a volume of its claim `data`: storageclass.storage.k8s.io "fast" not found. {ASK}',
        ),
        (
            "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind.",
            [of_claim("ProvisioningFailed", "quota of disks used up"), of_claim("Provisioning", "…")],
            PROGRESSING,
            f"web waits for a volume of its claim `data`: quota of disks used up. {ASK}",
        ),
        (
            '0/3 nodes are available: persistentvolumeclaim "data" not found.',
            [],
            FAILED,
            "web mounts the claim `data`, which is not there. Add a PersistentVolumeClaim `data` to the branch's",
        ),
    ],
)
def test_what_keeps_a_claim_from_its_volume(message: str, told: list[Object], state: WorkloadState, text: str) -> None:
    """A minute after the scheduler has said so for the first time."""
    waits = pod(conditions=[condition("PodScheduled", "False", "Unschedulable", message, 60)])
    waits["spec"]["volumes"] = [{"persistentVolumeClaim": {"claimName": "data"}}, {"emptyDir": {}}]
    found = judge(deployment(1, updated=1, total=1), [waits], NOW, Grace(), told)
    assert found.state is state and found.reason.startswith(text)
    assert found.again == (NOW + timedelta(seconds=60) if state is PROGRESSING else None)


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "Job"])
def test_what_only_events_tell_of_a_workload(kind: str) -> None:
    thing = workload(kind, {}, {"desiredNumberScheduled": 1}, name="db")
    refused = [warning(f"{kind}-db", NO_MEMORY)]
    found = judge(thing, [], NOW, Grace(), refused)
    assert found.state is FAILED and found.reason.startswith(
        "db: the staging's quota is used up (exceeded quota: octop"
    )
    assert judge(thing, [pod(of="db", kind=kind)], NOW, Grace(), refused).state is PROGRESSING


def test_the_deadline_tells_what_is_known() -> None:
    late = condition("Progressing", "False", "ProgressDeadlineExceeded")
    plain = judged(
        deployment(2, updated=2, total=2, available=1, conditions=[late], spec={"progressDeadlineSeconds": 60})
    )
    assert plain.state is FAILED and plain.reason.startswith("web: 0 of 2 ready after progressDeadlineSeconds (60 s).")
    with_pod = judged(deployment(1, updated=1, total=1, conditions=[late]), pod(container(state=ended(2))))
    assert with_pod.reason == "web exited with code 2; it is started again"


SCALED: Object = {"octopod.dev/scaled-by": "web"}


@pytest.mark.parametrize(
    ("thing", "ill", "state", "ready"),
    [
        (deployment(5, updated=5, total=5, available=2, conditions=[SETTLED]), False, READY, 2),
        (deployment(5, updated=5, total=5, available=2, conditions=[SETTLED]), True, FAILED, 0),
        (deployment(5, updated=5, total=5, conditions=[SETTLED]), False, PROGRESSING, 0),
        (deployment(5, updated=2, total=5, available=5, conditions=[ROLLING]), False, PROGRESSING, 0),
        (deployment(2, updated=2, total=2, available=2, conditions=[SETTLED]), False, READY, 2),
    ],
)
def test_what_an_autoscaler_has_just_asked_for_is_no_breakage(
    thing: Object, ill: bool, state: WorkloadState, ready: int
) -> None:
    thing["metadata"]["annotations"] = SCALED
    found = judged(thing, *([pod(crashing(3))] if ill else []))
    assert (found.state, found.ready) == (state, ready)
    if state is READY:
        assert found.settled and found.wanted == ready


def test_a_stateful_set_grows_as_well() -> None:
    counts: Object = {"replicas": 5, "updatedReplicas": 5}
    for ready, state in ((2, READY), (0, PROGRESSING)):
        thing = stateful(**counts, readyReplicas=ready)
        thing["spec"]["replicas"], thing["metadata"]["annotations"] = 5, SCALED
        assert judged(thing).state is state
    rolling = stateful("a", **counts, readyReplicas=2)
    rolling["metadata"]["annotations"] = SCALED
    assert judged(rolling).state is PROGRESSING


def stateful(current: str = "b", newest: str = "b", strategy: Object | None = None, **counts: Any) -> Object:
    status = {"currentRevision": current, "updateRevision": newest, **counts}
    return workload("StatefulSet", {"replicas": 2, "updateStrategy": strategy or {"type": "RollingUpdate"}}, status)


ALL: Object = {"replicas": 2, "readyReplicas": 2, "updatedReplicas": 2}


@pytest.mark.parametrize(
    ("thing", "state"),
    [
        (stateful(**ALL), READY),
        (stateful("a", **{**ALL, "updatedReplicas": 1}), PROGRESSING),
        (stateful(**{**ALL, "readyReplicas": 1}), PROGRESSING),
        (stateful("a", strategy={"rollingUpdate": {"partition": 1}}, **{**ALL, "updatedReplicas": 1}), READY),
        (stateful("a", strategy={"type": "OnDelete"}, **{**ALL, "updatedReplicas": 0}), FAILED),
    ],
)
def test_stateful_sets(thing: Object, state: WorkloadState) -> None:
    assert judged(thing).state is state


def test_a_stateful_set_that_crash_loops_is_not_healthy_for_having_replicas() -> None:
    found = judged(stateful(replicas=2, currentReplicas=2, updatedReplicas=2), pod(crashing(3), kind="StatefulSet"))
    assert (found.state, found.ready) == (FAILED, 0)


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ({"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3}, READY),
        ({"desiredNumberScheduled": 3, "updatedNumberScheduled": 1, "numberAvailable": 3}, PROGRESSING),
        ({"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2}, PROGRESSING),
    ],
)
def test_daemon_sets(counts: Object, state: WorkloadState) -> None:
    found = judged(workload("DaemonSet", {}, counts))
    assert (found.state, found.wanted) == (state, 3)


def job(*conditions: Object) -> Object:
    return workload("Job", {}, {"conditions": list(conditions)}, name="migrate", generation=0)


def test_jobs() -> None:
    done = judged(job(condition("Complete")))
    assert (done.state, done.ready, done.wanted) == (READY, 1, 1)
    dead = pod(container("migrate", state=ended(3, message="no table orders")), of="migrate", kind="Job")
    failed = judged(job(condition("Failed", reason="BackoffLimitExceeded")), dead)
    assert failed.state is FAILED and failed.tail is not None and not failed.tail.previous
    assert failed.reason.startswith("migrate failed: the last time it exited with code 3: no table orders.")
    unprepared = pod(init=[container("fill", state=ended(3, message="main sleeps"))], of="migrate", kind="Job")
    failed = judged(job(condition("Failed", reason="PodFailurePolicy")), unprepared)
    assert failed.reason.startswith("migrate failed: the last time it exited with code 3: main sleeps.")
    late = judged(job(condition("Failed", reason="DeadlineExceeded")))
    assert "took longer than its activeDeadlineSeconds" in late.reason
    # How often it is tried is for its backoffLimit to say; what can't even start is not.
    assert judged(job(), pod(crashing(5), of="migrate", kind="Job", started=90)).state is PROGRESSING
    assert judged(job(), pod(waiting("CreateContainerConfigError", "x"), of="migrate", kind="Job")).state is FAILED


def test_whose_a_pod_is() -> None:
    assert owner_of(pod(of="web")) == ("Deployment", "web")
    assert owner_of(pod(of="db", kind="StatefulSet")) == ("StatefulSet", "db")
    assert owner_of({"metadata": {"name": "alone"}}) is None
