"""Custom resources for the control plane, by definitions of our own hand, and somebody who plays their controllers."""

import json
from typing import Any

from engine_kit import World
from kube_rig import ControlPlane

from bot.domain.status import StagingStatus, WorkloadState

WIDGET, ROUTE = ("example.dev/v1", "Widget"), ("gateway.networking.k8s.io/v1", "HTTPRoute")


def definition(group: str, kind: str, plural: str, scope: str = "Namespaced") -> str:
    """Anything goes in it. A group of Kubernetes' own needs a word on whether it is approved."""
    return f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {plural}.{group}
  annotations: {{api-approved.kubernetes.io: "unapproved, for tests"}}
spec:
  group: {group}
  scope: {scope}
  names: {{kind: {kind}, plural: {plural}, singular: {kind.lower()}}}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {{status: {{}}}}
      schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
"""


def define(plane: ControlPlane, group: str, kind: str, plural: str, scope: str = "Namespaced") -> None:
    plane.kubectl("apply", "-f", "-", given=definition(group, kind, plural, scope))
    plane.kubectl("wait", f"crd/{plural}.{group}", "--for=condition=Established", "--timeout=30s")


def widget(size: int = 1, kind: str = "Widget", name: str = "own") -> str:
    return f"apiVersion: example.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{size: {size}}}\n"


def route(gateway: str = "{name: public, namespace: infra}") -> str:
    return f"""\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: web}}
spec:
  parentRefs: [{gateway}]
  hostnames: ["${{host.web}}"]
  rules: [{{backendRefs: [{{name: web, port: 80}}]}}]
"""


async def says(world: World, thing: str, **status: Any) -> None:
    """As its controller would."""
    patch = json.dumps({"status": status})
    words = ("patch", thing, "--subresource=status", "--type=merge", "-p", patch)
    await world.kubectl("-n", world.namespace, *words)


async def generation(world: World, thing: str) -> int:
    return int(await world.kubectl("-n", world.namespace, "get", thing, "-o", "jsonpath={.metadata.generation}"))


def condition(
    type: str, status: str = "True", reason: str = "Done", message: str = "", seen: int = 1
) -> dict[str, Any]:
    told = {"type": type, "status": status, "reason": reason, "message": message, "observedGeneration": seen}
    return {**told, "lastTransitionTime": "2026-01-01T00:00:00Z"}


def state(seen: StagingStatus, kind: str = "Widget") -> WorkloadState | None:
    return next((w.state for w in seen.workloads if w.kind == kind and w.release == seen.release), None)


def reason(seen: StagingStatus, kind: str = "Widget") -> str:
    return next((w.reason for w in seen.workloads if w.kind == kind and w.release == seen.release), "")
