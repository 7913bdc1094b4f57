"""Snapshots of the baseline's data, brought by exec through a real API server; the commands run on this machine.

Pods are played: a test stands for the container that waits for its file.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from engine_kit import World, a_world, deployment, reading
from kube_rig import ControlPlane

from bot.kube.pods import Grace

pytestmark = [pytest.mark.kube, pytest.mark.usefixtures("played")]
pytest_plugins = ["kube_fixtures"]

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {{name: seed}}
spec:
  backoffLimit: 0
  template:
    metadata:
      labels: {{test.octopod.dev/fate: prepare}}
      annotations: {{octopod.dev/snapshot-of: web, octopod.dev/snapshot-to: "fill:{path}"}}
    spec:
      restartPolicy: Never
      initContainers: [{{name: fill, image: "${{image}}"}}]
      containers: [{{name: seed, image: "${{image}}"}}]
"""


def giving(*command: str) -> str:
    notes = f"metadata: {{annotations: {{octopod.dev/snapshot: '{json.dumps(command)}'}}, labels: {{app: web}}}}"
    return deployment().replace("metadata: {labels: {app: web}}", notes)


class Waiting:
    """What the container that waits sees and does."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "the snapshot"
        self.refusal = Path(f"{self.file}.refused")

    def want(self) -> None:
        Path(f"{self.file}.wanted").touch()

    async def brought(self) -> bytes:
        return await asyncio.to_thread(_content, self.file)

    async def refused(self) -> str:
        return (await asyncio.to_thread(_content, self.refusal)).decode()


def _content(file: Path) -> bytes:
    """Once it is there."""
    until = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < until, f"{file.name} does not come"
        time.sleep(0.05)
    return file.read_bytes()


@pytest.fixture
def waiting(tmp_path: Path) -> Waiting:
    return Waiting(tmp_path)


@asynccontextmanager
async def branch_of(main: World, name: str, folder: Path) -> AsyncIterator[World]:
    """Another staging on the same engine, whose baseline the first one is."""
    other = World(main.plane, main.engine, folder, name)
    other.baseline = main.name
    async with reading(other):
        yield other


async def ended(world: World) -> None:
    await world.kubectl("-n", world.namespace, "label", "pods", "-l", "job-name=seed", "test.octopod.dev/fate-")


async def test_a_branch_begins_with_the_data_of_the_baseline(
    plane: ControlPlane, account: Path, tmp_path: Path, waiting: Waiting
) -> None:
    """As the bot's own account. Whole, whatever is in it, and more than any buffer holds."""
    data, content = tmp_path / "data of main", random.Random(7).randbytes(3_000_000)
    data.write_bytes(content)
    async with (
        a_world(plane, tmp_path, "gives", account) as main,
        branch_of(main, "takes", tmp_path) as branch,
    ):
        await main.deploy("r1", giving("cat", str(data)))
        await main.live("r1")
        await branch.deploy("r1", deployment(), JOB.format(path=waiting.file))
        waiting.want()
        assert await waiting.brought() == content
        await ended(branch)
        await branch.live("r1")

        # Another release, which finds it there: it is not asked for again.
        data.unlink()
        await branch.deploy("r2", deployment(), JOB.format(path=waiting.file))
        await branch.until(lambda seen: seen.release == "r2" and len(seen.workloads) == 2)
        await ended(branch)
        await branch.live("r2")
        assert not waiting.refusal.exists()

        # One that has lost its data, as by a reset: it gets what the baseline has by now.
        waiting.file.unlink()
        data.write_bytes(b"newer")
        await branch.deploy("r3", deployment(), JOB.format(path=waiting.file))
        assert await waiting.brought() == b"newer"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (
            ("sh", "-c", "echo half of it; echo no such table >&2; exit 4"),
            "which gives out the data in shop--fails, was broken off",
        ),
        (None, "web of gives-nothing gives out no data: its pods have no annotation octopod.dev/snapshot."),
    ],
)
async def test_what_fails_is_told_where_it_is_waited_for(
    plane: ControlPlane, played: None, tmp_path: Path, waiting: Waiting, command: tuple[str, ...] | None, reason: str
) -> None:
    name = "gives-nothing" if command is None else "fails"
    soon = Grace(snapshot=0)  # the played kubelets don't tell an exit code, so it could be worth another try
    async with a_world(plane, tmp_path, name, grace=soon) as main, branch_of(main, f"of-{name}", tmp_path) as branch:
        await main.deploy("r1", giving(*command) if command else deployment())
        await main.live("r1")
        await branch.deploy("r1", deployment(), JOB.format(path=waiting.file))
        waiting.want()
        assert reason in await waiting.refused()
        assert not waiting.file.exists(), "half of it is nothing"


async def test_who_sleeps_or_is_not_there_gives_nothing(world: World, tmp_path: Path, waiting: Waiting) -> None:
    async with branch_of(world, "alone", tmp_path) as branch:
        branch.baseline = ""
        await branch.deploy("r1", deployment(), JOB.format(path=waiting.file))
        assert "There is no staging of the project's baseline" in await waiting.refused()
        waiting.refusal.unlink()
        await world.deploy("r1", giving("true"))
        await world.live("r1")
        await world.sleep()
        await world.until(lambda seen: seen.asleep)
        branch.baseline = world.name
        await branch.deploy("r2", deployment(), JOB.format(path=waiting.file))
        assert "`/octopod wake " in await waiting.refused()


async def test_what_is_not_ready_is_waited_for_and_then_given_up(
    plane: ControlPlane, played: None, tmp_path: Path, waiting: Waiting
) -> None:
    late = Grace(crash=0.5, snapshot=1.0)
    async with a_world(plane, tmp_path, "is-late", grace=late) as main, branch_of(main, "waits", tmp_path) as branch:
        await main.deploy("r1", deployment(fate="crash"))
        await main.failed("r1")
        await branch.deploy("r1", deployment(), JOB.format(path=waiting.file))
        assert "web of is-late, whose data is to be copied, is not ready." in await waiting.refused()
