"""Copies of the bot's own Secrets for a staging: credentials for a registry, a wildcard certificate."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from bot.domain.errors import PermanentError
from bot.kube.client import Kube
from bot.kube.kinds import SECRET, Object
from bot.kube.labels import MANAGED_BY, PROJECT, RELEASE, STAGING
from bot.kube.prepare import namespace_name, pull_secrets
from bot.ports import ReleaseOrder


async def copies(kube: Kube, order: ReleaseOrder, names: Sequence[str]) -> list[Object]:
    """As objects of this release. Raises TemporaryError, and PermanentError for a name that is nobody's or taken."""
    own = {thing["metadata"]["name"] for thing in order.objects if thing["kind"] == SECRET.name}
    taken = [f"Secret `{name}` is in the branch's manifests as well; rename it" for name in names if name in own]
    found = {name: await kube.get(SECRET, name, kube.home) for name in names}
    missing = [f"There is no Secret `{name}` in namespace `{kube.home}`" for name, thing in found.items() if not thing]
    if taken or missing:
        raise PermanentError(
            "`copy_secrets` in octopod.yaml names Secrets that can't be copied.",
            [*taken, *missing],
            "Make them there, or change `copy_secrets`.",
        )
    return [_copy(thing, order) for thing in found.values() if thing]


async def pull_configs(kube: Kube, names: Sequence[str]) -> Mapping[str, str]:
    """Of those of these Secrets that images are pulled by: what is in them, as Docker's config.json has it.

    One that is not there is left out: `copies` says so. Raises TemporaryError.
    """
    found = [await kube.get(SECRET, name, kube.home) for name in names]
    pulling = [thing for thing in found if thing and pull_secrets([thing])]
    return {SECRET.title(one["metadata"]["name"]): _config(one) for one in pulling}


async def texts_of(kube: Kube, name: str) -> Mapping[str, str]:
    """What is in a Secret at home, decoded; what is no text is left out. Raises TemporaryError and PermanentError."""
    thing = await kube.get(SECRET, name, kube.home)
    if thing is None:
        raise PermanentError(f"There is no Secret `{name}` in namespace `{kube.home}`.")
    return dict(_texts(thing.get("data") or {}))


def _texts(data: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        with suppress(UnicodeDecodeError):
            yield key, base64.b64decode(value).decode()


def _config(secret: Object) -> str:
    """The API server has seen to it that it is JSON."""
    return base64.b64decode((secret.get("data") or {}).get(".dockerconfigjson") or "e30=").decode(errors="replace")


def _copy(secret: Object, order: ReleaseOrder) -> Object:
    labels = {MANAGED_BY: "octopod", PROJECT: order.project, STAGING: order.staging, RELEASE: order.release}
    metadata = {"name": secret["metadata"]["name"], "namespace": namespace_name(order), "labels": labels}
    copied = {"apiVersion": SECRET.version, "kind": SECRET.name, "metadata": metadata, "data": secret.get("data") or {}}
    return {**copied, "type": secret.get("type") or "Opaque"}
