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


def test_what_others_need_comes_first_and_the_way_in_last() -> None:
    def some(version: str, kind: str) -> dict[str, Any]:
        return {"apiVersion": version, "kind": kind, "metadata": {"name": "a", "namespace": "n"}}

    objects = [some("networking.k8s.io/v1", "Ingress"), a_deployment(), some("v1", "Service"), some("v1", "ConfigMap")]
    steps = in_steps(prepared(objects))
    assert [[thing["kind"] for thing in step] for step in steps] == [
        ["ConfigMap", "Service"],
        ["Deployment"],
        ["Ingress"],
    ]
    assert objects[0]["kind"] == "Ingress" and "env" not in objects[1]["spec"]["template"]["spec"]["containers"][0]
