"""`git archive` into a folder: git writes into a pipe, a thread unpacks from it, neither outlives the call."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.domain.errors import PermanentError, TemporaryError
from bot.git.failures import is_corrupt
from bot.git.mirror import DamagedError, Limits
from bot.git.unpack import unpack
from bot.programs import started


async def export(command: Sequence[str], environ: Mapping[str, str], folder: Path, limits: Limits) -> None:
    """Raises PermanentError, TemporaryError, DamagedError."""
    try:
        async with asyncio.timeout(limits.export):
            complaint = await _export(command, environ, folder, limits)
    except TimeoutError as error:
        raise TemporaryError(f"Writing the branch's files took longer than {limits.export:g} s.") from error
    if complaint and is_corrupt(complaint):
        raise DamagedError("The bot's copy of the repository is damaged and has to be made anew.")
    if complaint:
        raise TemporaryError(f"Git can't give the branch's files: {complaint.strip()[:300]}")


async def _export(command: Sequence[str], environ: Mapping[str, str], folder: Path, limits: Limits) -> str:
    """What git complained about, empty when all went well."""
    reading, writing = os.pipe()
    unpacking = asyncio.create_task(asyncio.to_thread(_unpack, reading, folder, limits))
    try:
        try:
            async with started(command, environ, writing) as process:
                os.close(writing)
                writing = -1
                _, error = await process.communicate()
                await asyncio.wait([unpacking])
        finally:
            if writing >= 0:
                os.close(writing)
    finally:
        # A thread can't be cancelled; with git gone its pipe is at its end, and so is it soon.
        await _ended(unpacking)
    problem = unpacking.exception()
    if isinstance(problem, PermanentError):
        raise problem
    if process.returncode:
        return error.decode(errors="replace") or f"exit code {process.returncode}"
    if problem is not None:
        raise problem
    return ""


def _unpack(reading: int, folder: Path, limits: Limits) -> None:
    with open(reading, "rb") as stream:
        unpack(stream, folder, limits.tree_bytes, limits.tree_files)


async def _ended(task: asyncio.Task[None]) -> None:
    """Waits through a cancellation too: nobody may write into the folder after the call."""
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
    finally:
        if task.done() and not task.cancelled():
            task.exception()  # seen; asyncio would log it as never retrieved
