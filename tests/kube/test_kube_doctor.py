"""The doctor at a real cluster, with the account of manifests/bot, and with one that lacks something."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import chdir
from pathlib import Path

import pytest
import yaml
from aiohttp.test_utils import unused_port
from doctor_kit import lines, octopod_yaml, only, settings
from further_kit import define
from git_kit import Origin
from kube_rig import ControlPlane
from standin_kit import Workspace, workspace

pytestmark = pytest.mark.kube
pytest_plugins = ["kube_fixtures"]

MANIFESTS = Path(__file__).parents[2] / "manifests" / "bot"
MORE = "    hosts: {web: '${staging}.shop.invalid'}\n    copy_secrets: [wildcard-tls]\n"
STAGING = """\
apiVersion: v1
kind: Namespace
metadata:
  name: shop--x
  labels: {app.kubernetes.io/managed-by: octopod, octopod.dev/staging: s, pod-security.kubernetes.io/enforce: baseline}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: octopod, namespace: shop--x}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: octopod-staging}
subjects: [{kind: ServiceAccount, name: octopod, namespace: octopod}]
"""


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with workspace(tmp_path / "slack") as there:
        yield there


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path) -> Iterator[None]:
    with chdir(tmp_path):
        yield


def elsewhere(kubeconfig: Path, file: Path) -> Path:
    """The same, with a server that is not there."""
    config = yaml.safe_load(kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{unused_port()}"
    file.write_text(yaml.safe_dump(config))
    return file


async def seen(folder: Path, slack: Workspace, kubeconfig: Path, more: str = MORE) -> list[str]:
    """What is said of the cluster."""
    config = octopod_yaml(folder, Origin(folder / "origin").path, "kubernetes", more)
    said = await lines(settings(folder, slack, config, KUBECONFIG=str(kubeconfig)))
    assert only(said, "hosts ${staging}.shop.invalid").startswith("✗ ")
    return [one for one in said if one[2:].startswith(("cluster", "right", "kind", "secret"))]


async def test_the_bots_account_has_all_that_it_needs(
    plane: ControlPlane, account: Path, tmp_path: Path, slack: Workspace
) -> None:
    await asyncio.to_thread(plane.kubectl, "apply", "-f", "-", given=STAGING)
    said = await seen(tmp_path, slack, account)
    assert [one for one in said if one.startswith("✗")] == []
    assert ", as system:serviceaccount:octopod:octopod" in only(said, "cluster")
    assert "✓ right to pods everywhere: get, list, watch" in said
    assert "✓ right to secrets in namespace octopod: get" in said
    assert any(one.startswith("✓ right to pods/log in namespace ") for one in said)


async def test_secrets_beside_the_bot_are_looked_at(
    plane: ControlPlane, account: Path, tmp_path: Path, slack: Workspace
) -> None:
    made = ("create", "secret", "generic", "shop-keys", "--from-literal=key=hush-hush")
    await asyncio.to_thread(plane.kubectl, "-n", "octopod", *made)
    more = (
        "    hosts: {web: '${staging}.shop.invalid'}\n    secrets: {A: shop-keys/key, B: shop-keys/none, C: none/key}\n"
    )
    said = await seen(tmp_path, slack, account, more)
    step = "→ Put it there, or change `secrets:` in octopod.yaml."
    assert [one for one in said if "secret " in one] == [
        f"✗ secret B of shop: The Secret `shop-keys` in the bot's namespace has no key `none`. {step}",
        f"✗ secret C of shop: There is no Secret `none` in namespace `octopod`. {step}",
    ]
    assert "✓ right to secrets in namespace octopod: get" in said and "hush-hush" not in "".join(said)


async def test_kinds_of_ones_own_need_rights_of_their_own(
    plane: ControlPlane, account: Path, tmp_path: Path, slack: Workspace
) -> None:
    await asyncio.to_thread(define, plane, "example.dev", "Cog", "cogs")
    more = f"{MORE}    kinds: [example.dev/v1/Cog, example.dev/v1/Wheel]\n"
    said = await seen(tmp_path, slack, account, more)
    assert "✓ kind example.dev/v1/Cog: the cluster keeps it as cogs" in said
    step = "→ Install what brings it, or take it out of kinds: in octopod.yaml."
    assert f"✗ kind example.dev/v1/Wheel: is not known to the cluster. {step}" in said
    step = "→ Give them by ClusterRoles of your own, as docs/configuration.md shows under “Kinds of your own”."
    assert f"✗ right to cogs everywhere: the bot may not get, list, watch. {step}" in said


async def test_a_right_that_is_missing_is_named(
    plane: ControlPlane, account: Path, tmp_path: Path, slack: Workspace
) -> None:
    """As after somebody has tidied up the role."""
    things = list(yaml.safe_load_all((MANIFESTS / "roles.yaml").read_text()))
    role = next(one for one in things if (one["kind"], one["metadata"]["name"]) == ("ClusterRole", "octopod"))
    role["rules"] = [rule for rule in role["rules"] if "pods" not in rule["resources"]]
    await asyncio.to_thread(plane.kubectl, "apply", "-f", "-", given=yaml.safe_dump(role))
    try:
        said = await seen(tmp_path, slack, account)
    finally:
        await asyncio.to_thread(plane.kubectl, "apply", "-k", str(MANIFESTS))
    step = "→ Run kubectl apply -k manifests/bot, or give the bot's account these rights yourself."
    assert f"✗ right to pods everywhere: the bot may not get, list, watch. {step}" in said
    assert f"✗ right to events everywhere: the bot may not get, list, watch. {step}" in said
    assert "✓ right to deployments everywhere: get, list, watch" in said


async def test_a_cluster_that_cannot_be_reached(account: Path, tmp_path: Path, slack: Workspace) -> None:
    said = await seen(tmp_path, slack, elsewhere(account, tmp_path / "kubeconfig"))
    assert only(said, "cluster").startswith("✗ cluster: ") and "the API server can't be reached" in only(
        said, "cluster"
    )
    assert said[1:] == ["✗ cluster rights: not looked at, as “cluster” must be set right first"]
