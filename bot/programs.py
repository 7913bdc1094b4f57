"""Runs programs: no shell, a process group of its own, ended on a time limit or cancellation."""

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.domain.errors import PermanentError

GRACE_SECONDS = 2.0
CHUNK = 65536


class TooMuchError(Exception):
    """It writes more than anybody would read."""


@dataclass(frozen=True, slots=True)
class Output:
    """How a command ended. `error` is what it wrote to stderr."""

    code: int
    out: bytes
    error: str


@asynccontextmanager
async def started(
    argv: Sequence[str], environ: Mapping[str, str], stdout: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running command; when the block is left by an exception, nothing of its process group runs any more."""
    # Cancelled half-way, asyncio would end the process but not its group.
    starting = asyncio.create_task(_start(argv, environ, stdout))
    try:
        yield await asyncio.shield(starting)
    except BaseException:
        await _end(await starting)
        raise


async def _start(argv: Sequence[str], environ: Mapping[str, str], stdout: int) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        name = Path(argv[0]).name
        raise PermanentError(f"{name} is not installed where the bot runs.", next_step=f"Install {name}.") from error


async def run(argv: Sequence[str], environ: Mapping[str, str], seconds: float) -> Output:
    """The output of a command, whatever its exit code. Raises TimeoutError when it takes longer than `seconds`."""
    async with started(argv, environ, asyncio.subprocess.PIPE) as process, asyncio.timeout(seconds):
        out, error = await process.communicate()
    return Output(process.returncode or 0, out, error.decode(errors="replace"))


async def run_confined(
    argv: Sequence[str], environ: Mapping[str, str], seconds: float, *, most: int, memory: int
) -> Output:
    """The same of a command that works on what anybody may have written.

    `most`: bytes that it may write, else TooMuchError. `memory`: bytes that it may have (Linux); without more it ends
    in its own way.
    """
    async with started(argv, environ, asyncio.subprocess.PIPE) as process, asyncio.timeout(seconds):
        if hasattr(resource, "prlimit"):
            with suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_DATA, (memory, memory))
        assert process.stdout and process.stderr
        try:
            async with asyncio.TaskGroup() as group:
                out = group.create_task(_read(process.stdout, most))
                error = group.create_task(_read(process.stderr, most))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        code = await process.wait()
    return Output(code, out.result(), error.result().decode(errors="replace"))


async def _read(stream: asyncio.StreamReader, most: int) -> bytes:
    found = bytearray()
    while chunk := await stream.read(CHUNK):
        found += chunk
        if len(found) > most:
            raise TooMuchError
    return bytes(found)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask first, so that git removes its lock files, then insist. Its helpers (ssh, …) are in the same group.

    The helpers may outlive the command itself, so that its end says nothing about theirs.
    """
    try:
        _signal(process, signal.SIGTERM)
        async with asyncio.timeout(GRACE_SECONDS):
            await process.communicate()
    except TimeoutError:
        pass
    finally:
        _signal(process, signal.SIGKILL)
    await process.communicate()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
