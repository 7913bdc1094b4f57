"""The whole of it: people at the stand-in for Slack, the real bot as a process, a real control plane."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from engine_kit import INGRESS, deployment, job, service
from kube_rig import ControlPlane
from kube_talk_kit import Conversation, talking

pytestmark = [pytest.mark.kube, pytest.mark.usefixtures("played")]
pytest_plugins = ["kube_fixtures"]


@pytest.fixture
async def talk(tmp_path: Path, plane: ControlPlane) -> AsyncIterator[Conversation]:
    async with talking(tmp_path, plane) as there:
        yield there


async def test_waiting_deploy_live_broken_update_delete(talk: Conversation, plane: ControlPlane) -> None:
    await talk.say("deploy feature-x")
    await talk.until("Waiting for the image", talk.shop.host, talk.origin.head("feature-x"))
    assert "talk--feature-x" not in await asyncio.to_thread(plane.kubectl, "get", "namespaces", "-o", "name")
    talk.built()
    await talk.until("U01ALICE", "Live at", "http://feature-x.talk.test")
    assert ("feature-x.talk.test", "/healthz") in talk.asked
    found = await asyncio.to_thread(plane.kubectl, "-n", "talk--feature-x", "get", "deploy,svc,ing,quota,netpol")
    assert "deployment.apps/web" in found

    talk.origin.commit("feature-x", {"deploy/web.yaml": deployment(fate="crash")}, "Break it")
    talk.built()
    await talk.say("deploy feature-x")
    told = await talk.until("web exited with code 1")
    assert "one line" in await talk.until("another line"), told
    await talk.until("The previous release (1) still serves.")

    await talk.say("delete feature-x --now")
    await talk.until("Deleted by", "are gone")
    gone = await asyncio.to_thread(plane.kubectl, "get", "namespaces", "-o", "name")
    assert "talk--feature-x" not in gone


async def test_hooks_that_succeed_and_fail(talk: Conversation, plane: ControlPlane) -> None:
    async def pushed(what: str, **files: str) -> None:
        """To a branch of its own, built and asked for."""
        given = {f"deploy/{name}.yaml": text for name, text in files.items()}
        talk.origin.commit("with-hooks", given, what)
        talk.built("with-hooks")
        await talk.say("deploy with-hooks")

    async def found(kind: str, name: str) -> Any:
        return json.loads(
            await asyncio.to_thread(plane.kubectl, "-n", "talk--with-hooks", "get", kind, name, "-o", "json")
        )

    whole = {"web": deployment(), "service": service(), "ingress": INGRESS}
    await pushed("Migrate first", **whole, migrate=job(hook="pre-deploy"))
    await talk.until("Live at", "http://with-hooks.talk.test")
    live, migrated = await found("deployment", "web"), await found("job", "migrate")
    done, begun = migrated["status"]["completionTime"], live["metadata"]["creationTimestamp"]
    assert datetime.fromisoformat(done) <= datetime.fromisoformat(begun)

    await pushed("A migration that fails", migrate=job(hook="pre-deploy", fate="fail"))
    told = await talk.until("failed", "migrate failed: the last time it exited with code 3", "The previous release (1)")
    assert "still serves" in told and "another line" in told
    serving = await found("deployment", "web")
    assert serving["metadata"]["labels"] == live["metadata"]["labels"]
    assert serving["status"]["readyReplicas"] == 1

    await pushed("A check that fails", migrate=job(hook="pre-deploy"), check=job("check", "fail", "post-deploy"))
    await talk.until("failed", "check failed: the last time it exited with code 3", "another line")
    newer = await found("deployment", "web")
    assert newer["metadata"]["labels"] != live["metadata"]["labels"], "after its turn the new pods serve"

    await talk.say("delete with-hooks --now")
    await talk.until("Deleted by", "are gone")
