"""The whole of it with a chart: people at the stand-in for Slack, the real bot as a process, helm, a control plane."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from helm_kit import CHARTS
from kube_rig import ControlPlane
from kube_talk_kit import Conversation, talking

pytestmark = [pytest.mark.kube, pytest.mark.usefixtures("played")]
pytest_plugins = ["kube_fixtures"]

VALUES = """\
    values:
      image: {repository: ghcr.io/acme/shop, tag: "${commit}"}
      ingress: {hosts: [{host: "${host.web}"}]}
"""


@pytest.fixture
async def talk(tmp_path: Path, plane: ControlPlane) -> AsyncIterator[Conversation]:
    async with talking(tmp_path, plane, "{helm: {chart: chart, values: [staging.yaml]}}", VALUES) as there:
        yield there


def a_chart(**changes: str) -> dict[str, str]:
    """Files of a branch. `changes`: templates by their names."""
    files = {str(file.relative_to(CHARTS)): file.read_text() for file in (CHARTS / "shop").rglob("*") if file.is_file()}
    own = {name.replace("shop/", "chart/", 1): text for name, text in files.items()}
    more = {f"chart/templates/{name}.yaml": text for name, text in changes.items()}
    return {**own, **more, "staging.yaml": "settings: {greeting: from the branch}\n"}


async def test_a_chart_is_deployed_updated_and_its_mistakes_are_told(talk: Conversation, plane: ControlPlane) -> None:
    async def pushed(what: str, **changes: str) -> None:
        talk.origin.commit("with-chart", a_chart(**changes), what)
        await talk.say("deploy with-chart")

    async def found(kind: str, name: str) -> Any:
        words = ("-n", "talk--with-chart", "get", kind, name, "-o", "json")
        return json.loads(await asyncio.to_thread(plane.kubectl, *words))

    await pushed("A chart")
    await talk.until("Live at", "http://with-chart.talk.test")
    password = (await found("secret", "talk-shop-password"))["data"]
    config = (await found("configmap", "talk-shop"))["data"]
    assert config["made"] == "by an install" and "from the branch" in config["script.sh"]
    assert config["host"] == "with-chart.talk.test"

    await pushed("A template that fails", bad='{{ fail "say which colour" }}')
    await talk.until("failed", "bad.yaml:1", "say which colour", "The previous release (1) still serves")
    await pushed("A foreign host", bad="apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n")
    await talk.until("shop/templates/bad.yaml", "is for the whole cluster")

    await pushed("Mend it", bad="")
    await talk.until("Release 4", "live after")
    assert (await found("secret", "talk-shop-password"))["data"] == password
    assert (await found("configmap", "talk-shop"))["data"]["made"] == "by an upgrade"
    await talk.say("reset with-chart --yes")
    await talk.until("Reset at", "release 4 was started anew")
    assert (await found("configmap", "talk-shop"))["data"]["made"] == "by an install", "its hooks seed again"
    await talk.say("delete with-chart --now")
    await talk.until("Deleted by", "are gone")
