"""Runs the git binary: no shell, a process group of its own, ended on a time limit or cancellation."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bot.domain.errors import PermanentError

GRACE_SECONDS = 2.0


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
        raise PermanentError("git is not installed where the bot runs.", next_step="Install git.") from error


async def run(argv: Sequence[str], environ: Mapping[str, str], seconds: float) -> Output:
    """The output of a command, whatever its exit code. Raises TimeoutError when it takes longer than `seconds`."""
    async with started(argv, environ, asyncio.subprocess.PIPE) as process, asyncio.timeout(seconds):
        out, error = await process.communicate()
    return Output(process.returncode or 0, out, error.decode(errors="replace"))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask first, so that git removes its lock files, then insist. Its helpers (ssh, …) are in the same group.

    The helpers may outlive git itself, so that its end says nothing about theirs.
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
