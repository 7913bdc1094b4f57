"""The stand-in as a process of its own: killed, started again, refused politely."""

import asyncio
import os
import signal
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port
from standin_kit import Workspace

ROOT = Path(__file__).parents[2]
Starter = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start() -> AsyncIterator[Starter]:
    """Starts a stand-in; whatever is still running at the end is killed by its id."""
    running: list[Process] = []

    async def run(*options: object) -> Process:
        words = [str(option) for option in options]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.playground", *words, cwd=ROOT, stdout=PIPE, stderr=PIPE
        )
        running.append(process)
        return process

    yield run
    for process in running:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ready(process: Process) -> str:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    return line.decode()


async def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path, start: Starter) -> None:
    port = unused_port()
    data = tmp_path / "data"
    async with aiohttp.ClientSession() as http:
        process = await start("--port", port, "--data", data)
        assert f"http://localhost:{port}/" in await ready(process)
        assert int((data / "slack.pid").read_text()) == process.pid
        slack = Workspace(f"http://127.0.0.1:{port}", http, data)
        for n in range(20):
            await slack.posted(str(n), metadata={"event_type": "n", "event_payload": {"n": n}})
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        before = int((data / "slack.pid").read_text())

        again = await start("--port", port, "--data", data)
        await ready(again)
        assert before != int((data / "slack.pid").read_text()) == again.pid
        assert [m["text"] for m in await slack.messages("stagings")] == [str(n) for n in range(20)]
        again.terminate()
        assert await asyncio.wait_for(again.wait(), 10) == 0
        assert not (data / "slack.pid").exists()


async def test_tokens_are_for_their_owner_only(tmp_path: Path, start: Starter) -> None:
    process = await start("--port", unused_port(), "--data", tmp_path / "data")
    await ready(process)
    mode = (tmp_path / "data" / "slack-secrets.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


async def test_what_cannot_be_used_is_said_in_one_line(tmp_path: Path, start: Starter) -> None:
    port = unused_port()
    first = await start("--port", port, "--data", tmp_path / "one")
    await ready(first)
    (tmp_path / "file").write_text("not a folder")
    tries = {
        "address already in use": ("--port", port, "--data", tmp_path / "two"),
        "another stand-in is running on this folder": ("--port", unused_port(), "--data", tmp_path / "one"),
        "Not a directory": ("--port", unused_port(), "--data", tmp_path / "file" / "below"),
        "belong together": ("--port", port, "--data", tmp_path / "two", "--delivery", "http"),
    }

    async def refused(said: str, options: tuple[object, ...]) -> None:
        process = await start(*options)
        _, error = await asyncio.wait_for(process.communicate(), 20)
        text = error.decode()
        assert process.returncode == 2 and said in text and "Traceback" not in text

    await asyncio.gather(*(refused(said, options) for said, options in tries.items()))
