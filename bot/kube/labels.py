"""The labels and annotations by which the engine knows its own; the renderer puts the labels on a release. Pure."""

from collections.abc import Mapping
from typing import Any

MANAGED_BY = "app.kubernetes.io/managed-by"
OURS = f"{MANAGED_BY}=octopod"
# Who we are in what is applied server-side.
MANAGER = "octopod"
# Likewise, of the note about hooks that have ended.
HOOK_MANAGER = "octopod-hooks"
PROJECT = "octopod.dev/project"
STAGING = "octopod.dev/staging"
RELEASE = "octopod.dev/release"
# On a staging's namespace: what its newest release consists of, as JSON, so that nothing is missed in a listing.
WORKLOADS = "octopod.dev/workloads"
# Likewise: of which kinds it has anything, or shall have, as JSON.
KINDS = "octopod.dev/kinds"
COMMIT = "octopod.dev/commit"
# On a staging's namespace: the project's own image, which may not have been pushed yet.
IMAGE = "octopod.dev/image"
NAME = "octopod.dev/name"
# On a staging's namespace: since when it is put to sleep, as ISO 8601. The next apply takes it away.
ASLEEP = "octopod.dev/asleep"
# Likewise: the hooks of its newest release whose Jobs are gone, or about to go, and how they ended, as JSON.
ENDED = "octopod.dev/ended-hooks"
# Likewise: the staging of the project's baseline, whose data this one may begin with.
BASELINE = "octopod.dev/baseline"
# On a workload: the autoscaler of its release that says how many replicas it has.
SCALED_BY = "octopod.dev/scaled-by"


def labels(thing: Mapping[str, Any]) -> Mapping[str, str]:
    return thing["metadata"].get("labels") or {}


def annotations(thing: Mapping[str, Any]) -> Mapping[str, str]:
    return thing["metadata"].get("annotations") or {}


def staging_of(thing: Mapping[str, Any]) -> str | None:
    return labels(thing).get(STAGING)


def release_of(thing: Mapping[str, Any]) -> str:
    return labels(thing).get(RELEASE, "")
