"""What is made of a release's objects before they are applied."""

from typing import Any

import pytest

from bot.kube.prepare import in_steps, prepared


def a_deployment(**container: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "web", **container}]}
    metadata = {"name": "web", "namespace": "n"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": {"spec": pod}}}


def pod_of(thing: dict[str, Any], *pull: str) -> dict[str, Any]:
    (made,) = prepared([thing], pull)
    found: dict[str, Any] = made["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize(
    ("container", "env"),
    [
        ({"ports": [{"containerPort": 8080}, {"containerPort": 9}]}, [{"name": "PORT", "value": "8080"}]),
        ({"ports": [{"containerPort": 80}], "env": [{"name": "PORT", "value": "1"}]}, [{"name": "PORT", "value": "1"}]),
        ({}, None),
        ({"ports": {"containerPort": 80}}, None),
        ({"ports": ["80"]}, None),
    ],
)
def test_a_container_knows_its_port(container: dict[str, Any], env: Any) -> None:
    assert pod_of(a_deployment(**container))["containers"][0].get("env") == env


def test_pods_may_pull_by_what_is_copied_and_by_what_they_name() -> None:
    named = a_deployment()
    named["spec"]["template"]["spec"]["imagePullSecrets"] = [{"name": "own"}, {"name": "both"}]
    assert pod_of(named, "both", "copied")["imagePullSecrets"] == [
        {"name": "own"},
        {"name": "both"},
        {"name": "copied"},
    ]
    assert "imagePullSecrets" not in pod_of(a_deployment())


def an_autoscaler(target: Any) -> dict[str, Any]:
    metadata = {"name": "of-web", "namespace": "n"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("target", "replicas", "notes"),
    [
        ({"kind": "Deployment", "name": "web"}, None, {"note": "x", "octopod.dev/scaled-by": "of-web"}),
        ({"kind": "Deployment", "name": "api"}, 3, {"note": "x"}),
        ({"kind": "StatefulSet", "name": "web"}, 3, {"note": "x"}),
        ("web", 3, {"note": "x"}),
    ],
)
def test_replicas_are_left_to_the_autoscaler(target: Any, replicas: int | None, notes: dict[str, str]) -> None:
    web = a_deployment()
    web["metadata"]["annotations"], web["spec"]["replicas"] = {"note": "x"}, 3
    made = prepared([an_autoscaler(target), web])
    (found,) = [thing for thing in made if thing["kind"] == "Deployment"]
    assert (found["spec"].get("replicas"), found["metadata"]["annotations"]) == (replicas, notes)
    assert web["spec"]["replicas"] == 3


def test_the_pods_of_a_cron_job_are_pods_too() -> None:
    template = {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}}
    spec = {"jobTemplate": {"spec": {"template": template, "ttlSecondsAfterFinished": 60}}}
    metadata = {"name": "a", "namespace": "n"}
    (made,) = prepared([{"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec}], ["pull"])
    pod = made["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    assert pod["containers"][0]["env"] == [{"name": "PORT", "value": "80"}]
    assert made["spec"]["jobTemplate"]["spec"]["ttlSecondsAfterFinished"] == 60


def test_what_others_need_comes_first_and_the_way_in_last() -> None:
    def some(version: str, kind: str) -> dict[str, Any]:
        return {"apiVersion": version, "kind": kind, "metadata": {"name": "a", "namespace": "n"}}

    budget = some("policy/v1", "PodDisruptionBudget")
    before = [some("v1", "Service"), budget, some("v1", "ConfigMap")]
    custom = [some("gateway.networking.k8s.io/v1", "HTTPRoute"), some("example.dev/v1", "Widget")]
    objects = [some("networking.k8s.io/v1", "Ingress"), *custom, an_autoscaler({}), a_deployment(), *before]
    steps = in_steps(prepared(objects))
    assert [[thing["kind"] for thing in step] for step in steps] == [
        ["ConfigMap", "Service", "PodDisruptionBudget", "Widget"],
        ["Deployment"],
        ["HTTPRoute", "HorizontalPodAutoscaler", "Ingress"],
    ]
    assert objects[0]["kind"] == "Ingress" and "env" not in objects[4]["spec"]["template"]["spec"]["containers"][0]
