"""What workloads say: kept, found again, and never too much."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path, PosixPath
from typing import NoReturn

import pytest
from local_world import QUICK, deployment, eventually, job, site, world

from bot.domain.errors import UserError
from bot.local.logs import open_output, previous, rotate_large, tail, tail_with_previous

HOST = "orange.localhost"


async def test_logs_by_workload(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [*site(HOST), job("seed", "python", "-c", "print('one'); print('two')")])
        await there.until_serving("r1")
        logs = await there.engine.logs("s1")
        assert logs["seed"] == ["one", "two"]
        assert logs["web"][0].startswith("listening on ")
        assert await there.engine.logs("s1", "seed", lines=1) == {"seed": ["two"]}


async def test_logs_of_something_unknown(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [*site(HOST), job("seed", "true")])
        with pytest.raises(UserError, match="This staging has no workload wep: there are seed, web") as refused:
            await there.engine.logs("s1", "wep")
        assert refused.value.suggestions == ("seed", "web")
        with pytest.raises(UserError, match="knows no such staging"):
            await there.engine.logs("nobody")


async def test_replicas_are_told_apart(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, replicas=2))
        await there.until_serving("r1")
        lines = (await there.engine.logs("s1"))["web"]
        assert [line.partition(": ")[0] for line in lines] == ["web-0 web", "web-1 web"]


async def test_what_was_said_before_a_restart_is_still_there(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        await there.get(HOST, "/exit/1")
        await there.until(lambda status: status.workloads[0].ready == 0)
        await there.until_serving("r1")
        lines = (await there.engine.logs("s1"))["web"]
        assert [line.partition(" on ")[0] for line in lines] == ["listening", "asked to end", "listening"]


async def test_the_log_of_a_failed_update_and_of_what_still_serves(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [*site(HOST), deployment("old")])
        await there.until_serving("r1")
        await there.apply("r2", site(HOST, env=[{"name": "FAIL", "value": "1"}]))
        await there.until_failed("r2")
        logs = await there.engine.logs("s1")
        assert logs["web"][-1] == "config is broken"
        assert logs["old"][0].startswith("listening on")


async def test_output_never_outgrows_its_limit_by_much(tmp_path: Path) -> None:
    chatty = (
        "import os, time\n"
        "while not os.path.exists('stop'): print('x' * 1000, flush=True); time.sleep(0.001)\n"
        "import web\n"
    )
    async with world(tmp_path, replace(QUICK, log_bytes=20_000, log_check=0.05)) as there:
        await there.apply("r1", site(HOST, command=["python", "chatty.py"]), chatty=chatty)
        folder = tmp_path / "local/s1/logs/r1"
        before = folder / "deployment.web.0.web.previous"
        await eventually(before.exists)
        (tmp_path / "local/s1/releases/r1/tree/stop").touch()
        await there.until_serving("r1")
        sizes = [path.stat().st_size for path in await asyncio.to_thread(lambda: list(folder.iterdir()))]
        assert max(sizes) < 2_000_000


async def test_what_belongs_to_the_bot_is_not_shown(tmp_path: Path) -> None:
    says = "print('one'); print('only-the-bots', 'password=hers'); raise SystemExit(1)"
    async with world(tmp_path, secrets=["only-the-bots"]) as there:
        await there.apply("r1", [*site(HOST), job("seed", "python", "-c", says)])
        assert (await there.until_failed("r1")).log_tail == ("one", "••• password=•••")
        assert await there.engine.logs("s1", "seed") == {"seed": ["one", "••• password=•••"]}


def test_a_tail_is_the_end_whole_lines_only(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_text("".join(f"line {number}\n" for number in range(20_000)))
    assert tail(file, 2) == ("line 19998", "line 19999")
    assert tail(file, 100_000)[0].startswith("line ")
    assert tail(tmp_path / "none.log", 5) == ()
    file.write_bytes(b"caf\xe9\nend without newline")
    assert tail(file, 5) == ("caf�", "end without newline")


def test_a_new_output_keeps_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "a.log"
    for text in (b"first\n", b"second\n", b"third\n"):
        descriptor = open_output(file)
        os.write(descriptor, text)
        os.close(descriptor)
    assert tail_with_previous(file, 5) == ("second", "third")
    assert tail_with_previous(file, 1) == ("third",)


def test_rotation_goes_on_in_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "r1" / "a.log"
    descriptor = open_output(file)
    os.write(descriptor, b"before\n" * 10)
    rotate_large(tmp_path, 50)
    os.write(descriptor, b"after\n")
    os.close(descriptor)
    assert file.read_bytes() == b"after\n"
    assert previous(file).read_bytes() == b"before\n" * 10


class Removed(PosixPath):
    """A folder that goes while it is looked through."""

    def glob(self, pattern: str) -> NoReturn:
        raise FileNotFoundError(str(self))


def test_a_staging_that_is_removed_meanwhile_does_not_end_the_rotating(tmp_path: Path) -> None:
    rotate_large(Removed(tmp_path), 50)
