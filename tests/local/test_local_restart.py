"""The bot is killed, or stopped, at any moment: nothing is lost, nothing is doubled, nobody is left behind."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from local_world import (
    deployment,
    engine_in,
    eventually,
    failed,
    is_running,
    job,
    processes_of,
    service,
    site,
    world,
    write_tree,
)

from bot.domain.errors import ConfigError, TemporaryError
from bot.domain.status import StagingStatus, WorkloadState
from bot.engines import encrypt_anew
from bot.keys import keys_in, new_key_in, only_newest_in

HOST = "orange.localhost"
BOT = Path(__file__).with_name("local_bot.py")

Told = dict[str, Any]


class Bot:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def until(self, condition: Callable[[Told], bool]) -> Told:
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            async for line in self._process.stdout:
                told: Told = json.loads(line)
                if condition(told):
                    return told
        raise AssertionError("the bot has ended")

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    async def crashed(self) -> None:
        async with asyncio.timeout(20):
            assert await self._process.wait() == -9


@asynccontextmanager
async def bot(folder: Path, *orders: tuple[str, str | None, list[Any], str], crash_at: str = "") -> AsyncIterator[Bot]:
    file = folder / "orders.json"
    file.write_text(json.dumps(orders))
    root = str(BOT.parents[2])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(BOT),
        str(folder),
        str(file),
        crash_at,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{BOT.parent}"},
    )
    try:
        yield Bot(process)
    finally:
        if process.returncode is None:
            process.kill()
        # Read to its end, so that no pipe is left open.
        await process.communicate()


def tree(folder: Path, release: str, **files: str) -> str:
    return str(write_tree(folder / "trees" / f"s1-{release}", {f"{name}.py": text for name, text in files.items()}))


def records(folder: Path) -> list[Path]:
    return list(folder.glob("local/s1/releases/r1/processes/*.json"))


async def test_processes_outlive_a_killed_bot_and_are_adopted(tmp_path: Path) -> None:
    async with bot(tmp_path, ("s1", "r1", site(HOST, replicas=2), tree(tmp_path, "r1"))) as killed:
        await killed.until(lambda told: told["serving"] == "r1")
        before = sorted(processes_of(tmp_path))
        assert len(before) == 2
        await killed.kill()
    assert sorted(processes_of(tmp_path)) == before
    async with world(tmp_path) as there:
        await there.until_serving("r1")
        assert (await there.get(HOST))[0] == 200
        assert sorted(processes_of(tmp_path)) == before
        # Not once was anything missing: a restart of the bot is no breakage.
        assert [(status.workloads[0].ready, status.resuming) for status in there.seen] == [(2, False)]
        os.kill(before[0], 9)
        status = await there.until(lambda status: status.workloads[0].ready == 1)
        assert status.workloads[0].reason == "web ended; trying again in 0.1 s"
        await there.until_serving("r1")
    assert processes_of(tmp_path) == []


async def test_one_that_dies_while_the_bot_is_away_is_started_again(tmp_path: Path) -> None:
    async with bot(tmp_path, ("s1", "r1", site(HOST), tree(tmp_path, "r1"))) as killed:
        await killed.until(lambda told: told["serving"] == "r1")
        await killed.kill()
    [pid] = processes_of(tmp_path)
    os.kill(pid, 9)
    await eventually(lambda: not is_running(pid))
    async with world(tmp_path) as there:
        await there.until_serving("r1")
        assert (await there.get(HOST))[0] == 200


async def test_a_crash_between_start_and_record_orphans_nobody(tmp_path: Path) -> None:
    objects = [*site(HOST), job("migrate", "sleep", "600")]
    async with bot(tmp_path, ("s1", "r1", objects, tree(tmp_path, "r1")), crash_at="local.started") as killed:
        await killed.crashed()
    await eventually(lambda: len(processes_of(tmp_path)) > 0)
    assert records(tmp_path) == []
    async with world(tmp_path) as there:
        await there.until(lambda status: any(each.state is WorkloadState.READY for each in status.workloads))
        # The Job: its keeper and its command; the Deployment: one.
        await eventually(lambda: len(processes_of(tmp_path)) == 3)
        await there.engine.remove("s1")
        await there.until_gone()
    assert processes_of(tmp_path) == []


async def test_processes_of_a_staging_that_is_wanted_no_more_are_ended(tmp_path: Path) -> None:
    order = ("s1", "r1", site(HOST), tree(tmp_path, "r1"))
    async with bot(tmp_path, order, ("s1", None, [], ""), crash_at="local.removing") as killed:
        await killed.crashed()
    assert (tmp_path / "local/s1").exists()
    async with world(tmp_path) as there:
        await eventually(lambda: not (tmp_path / "local/s1").exists())
        assert processes_of(tmp_path) == []
        with_a_new_start = site(HOST)
        await there.apply("r2", with_a_new_start, staging="s2")
        await there.until_serving("r2", "s2")


async def test_a_killed_update_goes_on_beside_the_release_that_serves(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waits = ["python", "-c", f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)"]
    orders = (
        ("s1", "r1", site(HOST), tree(tmp_path, "r1")),
        ("s1", "r2", [*site(HOST), job("migrate", *waits)], tree(tmp_path, "r2")),
    )
    async with bot(tmp_path, orders[0]) as first:
        await first.until(lambda told: told["serving"] == "r1")
        await first.kill()
    async with bot(tmp_path, orders[1]) as second:
        await second.until(lambda told: told["states"].get("web", [""])[0] == "ready" and "migrate" in told["states"])
        await eventually(lambda: len(processes_of(tmp_path)) == 4)
        await second.kill()
    before = sorted(processes_of(tmp_path))
    assert len(before) == 4
    async with world(tmp_path) as there:
        await there.until(lambda status: (status.serving, status.release) == ("r1", "r2"))
        assert (await there.get(HOST))[0] == 200
        assert sorted(processes_of(tmp_path)) == before
        gate.touch()
        await there.until_serving("r2")
        await eventually(lambda: len(processes_of(tmp_path)) == 1)


async def test_a_crash_right_after_the_switch_is_no_step_back(tmp_path: Path) -> None:
    async with bot(tmp_path, ("s1", "r1", site(HOST), tree(tmp_path, "r1")), crash_at="local.switched") as killed:
        await killed.crashed()
    async with world(tmp_path) as there:
        status = await there.until_serving("r1")
        assert status.release == "r1"


async def test_a_job_that_ends_while_the_bot_is_away_is_not_run_again(tmp_path: Path) -> None:
    gate, count = tmp_path / "gate", tmp_path / "count"
    program = (
        "import os, time\n"
        f"open({str(count)!r}, 'a').write('x')\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.02)\n"
    )
    objects = [job("migrate", "python", "migrate.py")]
    async with bot(tmp_path, ("s1", "r1", objects, tree(tmp_path, "r1", migrate=program))) as killed:
        await killed.until(lambda told: "migrate" in told["states"])
        await eventually(count.exists)
        await killed.kill()
    gate.touch()
    await eventually(lambda: processes_of(tmp_path) == [])
    async with world(tmp_path) as there:
        await there.until_serving("r1")
    assert count.read_text() == "x"


async def test_a_graceful_stop_ends_all_and_the_next_start_brings_it_back(tmp_path: Path) -> None:
    done = tmp_path / "done"
    async with world(tmp_path) as there:
        await there.apply("r1", [*site(HOST), job("seed", "python", "-c", f"open({str(done)!r}, 'a').write('x')")])
        await there.until_serving("r1")
    assert processes_of(tmp_path) == []
    async with world(tmp_path) as there:
        status = await there.until_serving("r1")
        assert (await there.get(HOST))[0] == 200
        assert {each.name: each.state.value for each in status.workloads} == {"web": "ready", "seed": "ready"}
        assert there.synced is not None
        assert there.synced.stagings == {"s1"}
        assert there.seen[0].resuming
        await there.until(lambda status: not status.resuming)
    assert done.read_text() == "x"


async def test_a_failure_is_remembered(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, env=[{"name": "FAIL", "value": "1"}]))
        before = await there.until_failed("r1")
    async with world(tmp_path) as there:
        assert await there.until_failed("r1") == before
        assert len(there.seen) == 1
        assert (await there.engine.logs("s1", "web"))["web"][-1] == "config is broken"


async def test_a_release_that_was_not_accepted_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "local/s1/releases/r1/tree").mkdir(parents=True)
    (tmp_path / "local/.trash-abc").mkdir()
    async with world(tmp_path) as there:
        await eventually(lambda: there.synced is not None)
        assert there.synced is not None
        assert there.synced.stagings == frozenset()
        assert [path.name for path in (tmp_path / "local").iterdir()] == ["lock"]


async def test_an_unreadable_staging_is_left_alone(tmp_path: Path) -> None:
    spec = tmp_path / "local/s1/spec.json"
    spec.parent.mkdir(parents=True)
    spec.write_text("{")
    async with world(tmp_path) as there:
        await eventually(lambda: there.synced is not None)
    assert spec.read_text() == "{"


async def test_services_keep_their_ports_for_processes_that_know_them(tmp_path: Path) -> None:
    objects = [*site(HOST), deployment("api"), service("api")]
    async with bot(tmp_path, ("s1", "r1", objects, tree(tmp_path, "r1"))) as killed:
        await killed.until(lambda told: told["serving"] == "r1")
        await killed.kill()
    ports = json.loads((tmp_path / "local/s1/releases/r1/services.json").read_text())
    async with world(tmp_path) as there:
        await there.until_serving("r1")
        env = json.loads((await there.get(HOST, "/env"))[1])
        assert env["API_SERVICE_PORT"] == str(ports["api:80"])
        _, writer = await asyncio.open_connection("127.0.0.1", ports["api:80"])
        writer.close()
        await writer.wait_closed()


async def test_when_a_service_port_is_taken_meanwhile_processes_learn_the_new_one(tmp_path: Path) -> None:
    async with bot(tmp_path, ("s1", "r1", site(HOST), tree(tmp_path, "r1"))) as killed:
        await killed.until(lambda told: told["serving"] == "r1")
        await killed.kill()
    before = processes_of(tmp_path)
    port = json.loads((tmp_path / "local/s1/releases/r1/services.json").read_text())["web:80"]
    thief = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", port)
    async with thief, world(tmp_path) as there:
        await there.until_serving("r1")
        env = json.loads((await there.get(HOST, "/env"))[1])
        assert env["WEB_SERVICE_PORT"] != str(port)
        assert not set(before) & set(processes_of(tmp_path))


async def test_two_engines_never_share_a_folder(tmp_path: Path) -> None:
    async with world(tmp_path):
        with pytest.raises(ConfigError, match="Another bot works on the data folder"):
            await engine_in(tmp_path).open()


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't be written"):
        await engine_in(tmp_path / "file").open()


async def test_an_engine_that_is_not_running_refuses(tmp_path: Path) -> None:
    with pytest.raises(TemporaryError, match="not running"):
        await engine_in(tmp_path).remove("s1")


async def test_a_staging_comes_back_only_when_its_removal_is_over(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        order = there.order("r2", site(HOST))
        await there.engine.remove("s1")
        with pytest.raises(TemporaryError, match="still being removed"):
            await there.engine.apply(order)
        await there.until_gone()
        await there.engine.apply(order)
        status: StagingStatus = await there.until_serving("r2")
        assert failed(status) is None


SECRET = "sk_never_seen_4f9a"


def secretive(host: str) -> list[Any]:
    """It has a secret, in the open and as Secrets carry it."""
    data = {"KEY": base64.b64encode(SECRET.encode()).decode()}
    holder = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "own"}, "data": data}
    return [holder, *site(host, envFrom=[{"secretRef": {"name": "own"}}], env=[{"name": "TOO", "value": SECRET}])]


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted((folder / "local").rglob("*")) if file.is_file())


async def test_secrets_are_not_on_disk_as_they_are_and_survive_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", secretive(HOST))
        await there.until_serving("r1")
        kept = on_disk(tmp_path)
        assert b"sealed" in kept and SECRET.encode() not in kept
        assert base64.b64encode(SECRET.encode()) not in kept
    async with world(tmp_path) as there:
        await there.until_serving("r1")
        env = json.loads((await there.get(HOST, "/env"))[1])
        assert env["KEY"] == env["TOO"] == SECRET


async def test_new_keys_open_what_is_kept_and_old_ones_do_not(tmp_path: Path) -> None:
    """Also what a bot has left behind that did not encrypt it."""
    async with world(tmp_path) as there:
        await there.apply("r1", secretive(HOST))
        await there.until_serving("r1")
        await there.apply("plain", secretive("plain.localhost"), "s2")
        await there.until_serving("plain", "s2")
    old = keys_in(tmp_path)
    order = tmp_path / "local/s2/releases/plain/order.json"
    opened = json.loads(old.decrypt(json.loads(order.read_text())["sealed"]))
    order.write_text(json.dumps({"commit": "c" * 40, "objects": opened}))
    encrypt_anew(tmp_path, new_key_in(tmp_path))
    only_newest_in(tmp_path)
    for each in (order, tmp_path / "local/s1/releases/r1/order.json"):
        with pytest.raises(InvalidToken):
            old.decrypt(json.loads(each.read_text())["sealed"])
    assert SECRET.encode() not in on_disk(tmp_path)
    async with world(tmp_path) as there:
        await there.until_serving("r1")
        await there.until_serving("plain", "s2")
