"""`fence:` in octopod.yaml: what a staging may use of its cluster, in Kubernetes' own names and quantities."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.project import Fence
from bot.projects import fields
from bot.projects.places import Document, Keys, Mistake

# https://kubernetes.io/docs/concepts/policy/resource-quotas/
_RESOURCES = ("cpu", "memory", "ephemeral-storage")
_COUNTED = (
    "pods",
    *(f"{kind}.{name}" for kind in ("requests", "limits") for name in _RESOURCES),
    "requests.storage",
    "persistentvolumeclaims",
    "services",
    "services.loadbalancers",
    "services.nodeports",
    "secrets",
    "configmaps",
)
_BY_NAME = re.compile(
    r"count/[a-z]+(\.[a-z0-9.-]+)?"
    r"|[a-z0-9.-]+\.storageclass\.storage\.k8s\.io/(requests\.storage|persistentvolumeclaims)"
    r"|requests\.[a-z0-9.-]+\.[a-z]+/[A-Za-z0-9._-]+"
)
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(m|k|[MGTPE]|[KMGTPE]i)?")
_UNITS: Mapping[str, Decimal] = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    "k": Decimal(1000),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("MGTPE", 2)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}
UNLIMITED = "none"


def _pod_security(value: object) -> str:
    if value == "privileged":
        raise ValueError("must not be privileged: whoever can push a branch could take over the node; say baseline")
    return fields.choice("baseline", "restricted")(value)


class FenceKeys(BaseModel):
    """What is not said is as `Fence` has it; entries are added to its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quota: Annotated[dict[str, str], BeforeValidator(fields.env)] = Field(
        default={}, description="Of each staging's ResourceQuota, added to what is usual; none: no limit."
    )
    requests: Annotated[dict[str, str], BeforeValidator(fields.env)] = Field(
        default={}, description="Of containers that say nothing: cpu, memory, ephemeral-storage."
    )
    limits: Annotated[dict[str, str], BeforeValidator(fields.env)] = Field(
        default={}, description="Of containers that say nothing: cpu, memory, ephemeral-storage."
    )
    pod_security: Annotated[str, BeforeValidator(_pod_security)] = Field(
        default="baseline", description="The Pod Security level that is enforced."
    )
    egress: Annotated[str, BeforeValidator(fields.choice("open", "closed"))] = Field(
        default="open", description="closed: pods of a staging reach each other and name servers only."
    )


def fence(keys: FenceKeys) -> Fence:
    usual = Fence()
    return Fence(
        quota=_merged(usual.quota, keys.quota),
        requests=_merged(usual.requests, keys.requests),
        limits=_merged(usual.limits, keys.limits),
        pod_security=keys.pod_security,
        egress=keys.egress == "open",
    )


def mistakes(document: Document, at: Keys, said: object) -> Iterator[Mistake]:
    """Of single entries, and of defaults that contradict each other, which a cluster would refuse at each deploy."""
    if not isinstance(said, Mapping):
        return
    yield from _entries(document, (*at, "quota"), said.get("quota"), _is_counted, _COUNTED)
    for key in ("requests", "limits"):
        yield from _entries(document, (*at, key), said.get(key), _RESOURCES.__contains__, _RESOURCES)
    yield from _more_than_its_limit(document, at, said)


def _entries(
    document: Document, at: Keys, said: object, known: Callable[[str], bool], names: tuple[str, ...]
) -> Iterator[Mistake]:
    for name, value in (said if isinstance(said, Mapping) else {}).items():
        if not known(name):
            close = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"
            yield document.mistake((*at, name), f"is nothing that can be limited here; {hint}", at_key=True)
        elif value != UNLIMITED and _amount(value) is None:
            text = f"must be a quantity as Kubernetes writes it, such as 500m or 16Gi, or {UNLIMITED}"
            yield document.mistake((*at, name), text)


def _is_counted(name: str) -> bool:
    return name in _COUNTED or _BY_NAME.fullmatch(name) is not None


def _more_than_its_limit(document: Document, at: Keys, said: Mapping[str, Any]) -> Iterator[Mistake]:
    usual = Fence()
    requests, limits = _of(usual.requests, said.get("requests")), _of(usual.limits, said.get("limits"))
    for name in _RESOURCES:
        request, limit = _amount(requests.get(name)), _amount(limits.get(name))
        if request is None or limit is None or request <= limit:
            continue
        text = f"the request {requests[name]} would be more than the limit {limits[name]}; set both"
        own = said.get("limits")
        yield document.mistake((*at, "limits" if isinstance(own, Mapping) and name in own else "requests", name), text)


def _of(usual: Mapping[str, str], said: object) -> Mapping[str, Any]:
    return {**usual, **(said if isinstance(said, Mapping) else {})}


def _merged(usual: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in {**usual, **said}.items() if value != UNLIMITED}


def _amount(value: object) -> Decimal | None:
    found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    return Decimal(found[1]) * _UNITS[found[2] or ""] if found else None
