"""Why a removal takes so long, from the conditions of its namespace, as the namespace controller words them."""

from typing import Any

import pytest
from object_kit import NOW, ago, condition, namespace, pod

from bot.kube.kinds import Object
from bot.kube.pods import Grace
from bot.kube.standing import Seen, stand

LEFT = condition(
    "NamespaceContentRemaining",
    message="Some resources are remaining: configmaps. has 1 resource instances, jobs.batch has 2 resource instances",
)
HELD = condition(
    "NamespaceFinalizersRemaining",
    message="Some content in the namespace has finalizers remaining: example.com/held in 3 resource instances",
)
NOT_ALL = condition("NamespaceDeletionContentFailure", message="Failed to delete all resource types, 1 remaining: no\n")
BLIND = condition(
    "NamespaceDeletionDiscoveryFailure",
    message="Discovery failed for some groups, 1 failing: unable to retrieve metrics.k8s.io/v1beta1",
)
WELL = condition("NamespaceFinalizersRemaining", "False", message="All content-preserving finalizers finished")


def told(*conditions: Object, seconds: float = 90, pods: tuple[Object, ...] = (), **metadata: Any) -> str:
    going = namespace(deletionTimestamp=ago(seconds), **metadata)
    going["status"] = {"phase": "Terminating", "conditions": list(conditions)}
    found = stand(Seen("s1", going, [], pods), NOW, Grace())
    return found.status(lambda one: NOW, lambda one: ()).hanging


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ([LEFT], "It waits for 1 configmaps and 2 jobs.batch to end. `kubectl -n shop--x get configmaps,jobs.batch`"),
        ([LEFT, HELD], "1 configmaps and 2 jobs.batch can't go: the finalizer `example.com/held` holds what whoever"),
        ([LEFT, HELD], "metadata.finalizers: `kubectl -n shop--x edit configmaps,jobs.batch`."),
        (
            [NOT_ALL],
            "The cluster can't delete all of it: Failed to delete all resource types, 1 remaining: no. That is",
        ),
        ([BLIND, WELL], "The cluster can't tell what is left of it: Discovery failed for some groups, 1 failing: "),
    ],
)
def test_what_keeps_it_is_named(conditions: list[Object], said: str) -> None:
    assert said in told(*conditions)


def test_several_finalizers_and_objects_that_are_known_by_name() -> None:
    held = pod(of="web")
    held["metadata"] |= {"deletionTimestamp": ago(80), "finalizers": ["example.com/a"]}
    left = condition(
        "NamespaceContentRemaining", message="Some resources are remaining: pods. has 1 resource instances"
    )
    two = condition(
        "NamespaceFinalizersRemaining", message="…: a/b in 1 resource instances, c/d in 1 resource instances"
    )
    said = told(left, two, pods=(held, pod(of="api")))
    assert said.startswith(f"1 pods (Pod `{held['metadata']['name']}`) can't go: the finalizers `a/b` and `c/d` hold ")


def test_a_finalizer_on_the_namespace_itself() -> None:
    assert told(finalizers=["example.com/audit"]).startswith(
        "Its namespace itself carries `example.com/audit`: whoever"
    )


def test_in_its_first_minute_nothing_is_said_and_it_is_looked_at_again() -> None:
    assert told(LEFT, HELD, seconds=30) == ""
    found = stand(Seen("s1", namespace(deletionTimestamp=ago(30))), NOW, Grace())
    assert found.again is not None and (found.again - NOW).total_seconds() == 30


def test_a_staging_that_stays_has_no_removal() -> None:
    there = namespace()
    there["status"] = {"conditions": [LEFT, HELD]}
    assert stand(Seen("s1", there), NOW, Grace()).removal.reason == ""
