"""Errors that nobody expects, in the engine itself: the release fails with words, and what serves goes on."""

from pathlib import Path

import pytest
from local_world import deployment, site, world

HOST = "orange.localhost"
WORDS = "This is a fault of Octopod's, not of the branch ({}). Its log says more. Deploying again may help."


async def test_a_fault_at_work(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = False

    def point(name: str) -> None:
        if broken and name == "local.started":
            raise RuntimeError("no such thing")

    async with world(tmp_path, point=point) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        broken = True
        await there.apply("r2", [*site(HOST), deployment("api")])
        assert (await there.until_failed("r2")).reason == WORDS.format("RuntimeError: no such thing")
        assert (await there.get(HOST))[0] == 200 and there.newest["s1"].serving == "r1"
        broken = False
        await there.apply("r3", site(HOST))
        await there.until_serving("r3")
    assert any(record.exc_info for record in caplog.records), "with its traceback"


async def test_a_fault_at_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Something has touched the engine's own files while the bot was away."""
    never_ready = site(HOST, command=["python", "-c", "import time; time.sleep(3600)"])
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        await there.apply("r2", never_ready)
        await there.until(lambda status: status.release == "r2" and len(status.workloads) == 1)
    (tmp_path / "local/s1/releases/r2/services.json").write_text("[1]")
    async with world(tmp_path) as there:
        failed = await there.until_failed("r2")
        assert failed.reason == WORDS.format("AttributeError: 'list' object has no attribute 'get'")
        await there.until_serving("r1")
    assert any(record.exc_info for record in caplog.records), "with its traceback"
