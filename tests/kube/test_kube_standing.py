"""A staging as one snapshot: which release is the newest, how far it is, and which one people use meanwhile."""

import pytest
from object_kit import (
    NEW,
    NOW,
    OLD,
    SETTLED,
    ago,
    condition,
    container,
    crashing,
    deployment,
    namespace,
    pod,
    warning,
    workload,
)

from bot.domain.hooks import MAIN, Rank, Turn
from bot.domain.status import StagingStatus, WorkloadState
from bot.kube.ended import note
from bot.kube.kinds import Object
from bot.kube.pods import Grace
from bot.kube.standing import Seen, stand

READY, PROGRESSING, FAILED = WorkloadState.READY, WorkloadState.PROGRESSING, WorkloadState.FAILED
UP = container(state={"running": {}}, ready=True)
DONE = deployment(updated=1, total=1, available=1, conditions=[SETTLED])


def status(*pods: Object, of: Object | None = None, workloads: tuple[Object, ...] = (DONE,)) -> StagingStatus:
    seen = Seen("s1", of or namespace(), workloads, pods)
    return stand(seen, NOW, Grace()).status(lambda one: NOW, lambda one: ("line",) if one.tail else ())


def test_without_its_namespace_nothing_is_left() -> None:
    found = stand(Seen("s1", None, [DONE], [pod(UP, ready=True)]), NOW, Grace()).status(lambda one: NOW, lambda one: ())
    assert found == StagingStatus("s1", None, present=False)


def test_all_ready_serves() -> None:
    found = status(pod(UP, ready=True))
    assert (found.release, found.serving, found.present) == (NEW, NEW, True)
    assert [w.state for w in found.workloads] == [READY] and found.serving_workloads == found.workloads


def test_before_it_is_known_to_fit_it_has_no_release() -> None:
    assert status(of=namespace(None), workloads=()) == StagingStatus("s1", None)


def test_a_workload_that_is_not_there_yet_is_waited_for() -> None:
    found = status(pod(UP, ready=True), of=namespace(workloads='[["Deployment", "web"], ["Deployment", "api"]]'))
    assert [(w.name, w.state) for w in found.workloads] == [("web", READY), ("api", PROGRESSING)]
    assert found.serving is None


def test_a_workload_that_still_has_the_old_release_makes_nothing_ready() -> None:
    old = deployment(updated=1, total=1, available=1, conditions=[SETTLED], release=OLD)
    found = status(pod(UP, ready=True, release=OLD), workloads=(old,))
    assert (found.release, found.workloads[0].release, found.serving) == (NEW, OLD, OLD)


def test_what_the_newest_release_has_no_more_is_not_waited_for() -> None:
    left_over = deployment(name="api", release=OLD)
    found = status(pod(UP, ready=True), workloads=(DONE, left_over))
    assert [w.name for w in found.workloads] == ["web"] and found.serving == NEW


def test_the_old_release_serves_while_and_after_the_new_one_fails() -> None:
    rolling = deployment(updated=1, total=2, available=1)
    found = status(pod(UP, ready=True, release=OLD, started=900), pod(crashing(5)), workloads=(rolling,))
    assert (found.workloads[0].state, found.workloads[0].log_tail) == (FAILED, ("line",))
    assert found.serving == OLD
    assert [(w.release, w.ready, w.wanted) for w in found.serving_workloads] == [(OLD, 1, 1)]


def test_requests_go_to_every_ready_pod_while_it_rolls() -> None:
    rolling = deployment(2, updated=1, total=3, available=2)
    found = status(pod(UP, ready=True, release=OLD), pod(UP, ready=True), workloads=(rolling,))
    assert (found.serving, found.serving_workloads[0].ready) == (OLD, 2)


def test_what_has_served_still_does_when_it_crashes() -> None:
    """So that its health can be told; its controller remembers that the rollout was over."""
    crashed = deployment(updated=1, total=1, conditions=[SETTLED])
    found = status(pod(crashing(1), started=5), workloads=(crashed,))
    assert found.serving == NEW
    assert (found.serving_workloads[0].ready, found.serving_workloads[0].log_tail) == (0, ("line",))


def test_a_first_release_that_fails_never_served() -> None:
    assert status(pod(crashing(5)), workloads=(deployment(updated=1, total=1),)).serving is None


def test_pods_on_their_way_out_and_pods_of_jobs_do_not_serve() -> None:
    going = pod(UP, ready=True, release=OLD)
    going["metadata"]["deletionTimestamp"] = ago(1)
    rolling = deployment(updated=1, total=1)
    assert status(going, workloads=(rolling,)).serving is None
    of_job = pod(UP, ready=True, release=OLD, of="migrate", kind="Job")
    job = workload("Job", {}, {}, name="migrate")
    assert status(of_job, workloads=(rolling, job)).serving is None


def test_what_an_earlier_release_met_with_says_nothing() -> None:
    """Kubernetes keeps events for an hour; this release was applied a minute ago."""
    thing = workload("StatefulSet", {}, {}, name="db")
    for seconds, state in ((61, PROGRESSING), (59, FAILED)):
        events = [warning("StatefulSet-db", "exceeded quota: octopod", seconds)]
        seen = Seen("s1", namespace(workloads='[["StatefulSet", "db"]]'), [thing], [], events)
        assert stand(seen, NOW, Grace()).newest[0].state is state


HOOKED = '[["Job", "migrate", "BEFORE"], ["Deployment", "web", "MAIN"], ["Job", "announce", "AFTER"]]'
OLD_WEB = deployment(updated=1, total=1, available=1, conditions=[SETTLED], release=OLD)


def a_job(name: str = "migrate", done: bool = True, release: str = NEW) -> Object:
    return workload("Job", {}, {"conditions": [condition("Complete")] if done else []}, name=name, release=release)


@pytest.mark.parametrize(
    ("workloads", "reached", "due"),
    [
        ([], Rank(Turn.BEFORE), False),
        ([a_job(done=False), OLD_WEB], Rank(Turn.BEFORE), False),
        ([a_job(release=OLD), OLD_WEB], Rank(Turn.BEFORE), False),
        ([a_job(), OLD_WEB], MAIN, True),
        ([a_job()], MAIN, True),
        ([a_job(), deployment(updated=1, total=2, available=1)], MAIN, False),
        ([a_job(), DONE], Rank(Turn.AFTER), True),
        ([a_job(), DONE, a_job("announce", release=OLD)], Rank(Turn.AFTER), True),
        ([a_job(), DONE, a_job("announce", done=False)], Rank(Turn.AFTER), False),
        ([a_job(), DONE, a_job("announce")], Rank(Turn.AFTER), False),
    ],
)
def test_whose_turn_it_is(workloads: list[Object], reached: Rank, due: bool) -> None:
    found = stand(Seen("s1", namespace(workloads=HOOKED), workloads), NOW, Grace())
    assert (found.reached, found.due) == (reached, due)


def test_without_hooks_nothing_is_asked_for_again() -> None:
    for workloads in ([], [OLD_WEB], [DONE]):
        found = stand(Seen("s1", namespace(), workloads), NOW, Grace())
        assert (found.reached, found.due) == (MAIN, False)


def test_a_hook_at_the_end_does_not_keep_what_is_ready_from_serving() -> None:
    found = status(pod(UP, ready=True), of=namespace(workloads=HOOKED), workloads=(a_job(), DONE))
    assert (found.serving, found.ask_again) == (NEW, True)


WEIGHED = '[["Job", "first", "BEFORE", -5], ["Job", "second", "BEFORE"], ["Deployment", "web", "MAIN"]]'


@pytest.mark.parametrize(
    ("workloads", "reached", "due"),
    [
        ([], Rank(Turn.BEFORE, -5), False),
        ([a_job("first")], Rank(Turn.BEFORE), True),
        ([a_job("first"), a_job("second", done=False)], Rank(Turn.BEFORE), False),
        ([a_job("first"), a_job("second")], MAIN, True),
    ],
)
def test_hooks_with_weights_have_their_turn_one_after_the_other(
    workloads: list[Object], reached: Rank, due: bool
) -> None:
    found = stand(Seen("s1", namespace(workloads=WEIGHED), workloads), NOW, Grace())
    assert (found.reached, found.due) == (reached, due)


def going(job: Object, delete: str) -> Object:
    job["metadata"]["annotations"] = {"octopod.dev/hook": "pre-deploy", "octopod.dev/hook-delete": delete}
    return job


@pytest.mark.parametrize(
    ("job", "goes"),
    [
        (going(a_job(), "succeeded"), True),
        (going(a_job(), "failed"), False),
        (going(a_job(done=False), "succeeded,failed"), False),
        (going(a_job(release=OLD), "succeeded"), False),
        (a_job(), False),
    ],
)
def test_which_jobs_go(job: Object, goes: bool) -> None:
    found = stand(Seen("s1", namespace(workloads=HOOKED), [job]), NOW, Grace())
    assert [one.name for one in found.going] == (["migrate"] if goes else [])


def test_a_job_that_has_gone_is_not_one_that_never_ran() -> None:
    there = namespace(workloads=HOOKED)
    [done] = stand(Seen("s1", there, [going(a_job(), "succeeded")]), NOW, Grace()).going
    noted = note(there, NEW, [done])["metadata"]["annotations"]
    there["metadata"]["annotations"] |= noted
    found = stand(Seen("s1", there, []), NOW, Grace())
    assert (found.reached, found.due, found.newest[0].state) == (MAIN, True, READY)
    of_another = namespace(OLD, workloads=HOOKED)
    of_another["metadata"]["annotations"] |= noted
    assert stand(Seen("s1", of_another, []), NOW, Grace()).newest[0].state is PROGRESSING
