"""The rights that the doctor asks for are those that manifests/bot gives, no more and no less."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.kube.kinds import ROUTE, Kind
from bot.kube.rights import AT_HOME, EVERYWHERE, IN_STAGINGS, Right, of_further

# manifests/bot gives them, so that nothing has to be done for a cluster with Gateway API.
LOOK_AT_ROUTES, WRITE_ROUTES = of_further(Kind(ROUTE.version, ROUTE.name, "httproutes"))
ROLES = Path(__file__).parents[2] / "manifests" / "bot" / "roles.yaml"


def given(kind: str, name: str) -> Counter[tuple[str, str, str, str]]:
    """Group, resource, verb and name."""
    things: list[dict[str, Any]] = list(yaml.safe_load_all(ROLES.read_text()))
    [role] = [one for one in things if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return Counter(
        (group, resource, verb, named)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for named in rule.get("resourceNames", [""])
    )


@pytest.mark.parametrize(
    ("kind", "name", "rights"),
    [
        ("ClusterRole", "octopod", (*EVERYWHERE, LOOK_AT_ROUTES)),
        ("Role", "octopod", AT_HOME),
        ("ClusterRole", "octopod-staging-own", (*IN_STAGINGS, WRITE_ROUTES)),
    ],
)
def test_the_roles_give_what_is_needed(kind: str, name: str, rights: tuple[Right, ...]) -> None:
    wanted = Counter((right.group, right.resource, verb, right.name) for right in rights for verb in right.verbs)
    assert given(kind, name) == wanted


def test_a_part_of_a_resource_is_asked_as_such() -> None:
    [asked] = Right("", "pods/log", ("get",)).questions("shop--x")
    assert asked == {
        "group": "",
        "resource": "pods",
        "subresource": "log",
        "name": "",
        "namespace": "shop--x",
        "verb": "get",
    }
