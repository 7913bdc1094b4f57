"""One process of ours with everything it has started: a child, or one that an earlier bot has left behind.

Every process leads a session of its own, so that a signal to its group reaches its children too.
"""

import asyncio
import logging
import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bot.local.environment import Launch
from bot.local.identity import Identity, group_lives, identity_of
from bot.local.logs import open_output
from bot.local.tasks import until

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
GROUP_POLL_SECONDS = 0.05
KILL_SECONDS = 10.0


class Process:
    """Made inside a running event loop. `identity` tells it from any other process, before and after."""

    def __init__(self, identity: Identity, child: "subprocess.Popen[bytes] | None") -> None:
        self.identity = identity
        self._child = child
        self._ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._descriptor: int | None = None
        self._poller: asyncio.Task[None] | None = None
        self._watch()

    @property
    def pid(self) -> int:
        return self.identity.pid

    @property
    def has_ended(self) -> bool:
        return self._ended.done()

    async def wait(self) -> int | None:
        """Its exit code, negative for a signal; None if it is not our child."""
        return await asyncio.shield(self._ended)

    async def end(self, grace: float) -> None:
        """Ask it and its children to end; after `grace` seconds don't ask. Returns when all are gone."""
        if not self.has_ended:
            self._signal(signal.SIGTERM)
            await self._gone_within(grace)
            self.kill()
        if not await self._gone_within(KILL_SECONDS):
            log.error("process %s does not end, not even by SIGKILL", self.pid)

    def kill(self) -> None:
        """End it and its children at once."""
        if not self.has_ended:
            self._signal(signal.SIGKILL)

    async def _gone_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.wait()
                await until(lambda: not group_lives(self.pid), GROUP_POLL_SECONDS)
        except TimeoutError:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        with suppress(PermissionError):
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                self._signal_alone(number)

    def _signal_alone(self, number: signal.Signals) -> None:
        """A stray that leads no group."""
        if identity_of(self.pid) == self.identity:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _watch(self) -> None:
        try:
            self._descriptor = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            self._poller = asyncio.create_task(self._poll())
            return
        asyncio.get_running_loop().add_reader(self._descriptor, self._on_exit)

    def _on_exit(self) -> None:
        self._unwatch()
        # Whoever it leaves behind would hold its ports and files against its successor. Before it is collected, while
        # its number can't be given to anyone else.
        self._signal(signal.SIGKILL)
        self._settle(self._child.wait() if self._child else None)

    async def _poll(self) -> None:
        """For systems without pidfd."""
        await until(lambda: identity_of(self.pid) != self.identity, POLL_SECONDS)
        self._poller = None
        self._on_exit()

    def _unwatch(self) -> None:
        if self._poller is not None:
            self._poller.cancel()
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
        self._poller = self._descriptor = None

    def abandon(self) -> None:
        """It was never ours: leave it alone."""
        self._unwatch()
        self._settle(None)

    def _settle(self, code: int | None) -> None:
        if not self._ended.done():
            self._ended.set_result(code)


def start(launch: Launch, output: Path | None) -> Process:
    """Raises OSError if it can't be started. `output`: the file for all that it says, or None."""
    descriptor = subprocess.DEVNULL if output is None else open_output(output)
    try:
        child = subprocess.Popen(
            launch.argv,
            cwd=launch.folder,
            env=dict(launch.env),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        if output is not None:
            os.close(descriptor)
    identity = identity_of(child.pid) or Identity(child.pid, "ended at once")
    return Process(identity, child)


def adopt(identity: Identity) -> Process | None:
    """Take over a process of an earlier bot; None if it has ended meanwhile."""
    if identity_of(identity.pid) != identity:
        return None
    process = Process(identity, None)
    if identity_of(identity.pid) == identity:
        return process
    # It ended while the watch was being set up: what is watched now may be somebody else.
    process.abandon()
    return None


async def end_all(identities: Iterable[Identity], grace: float) -> None:
    """End what nobody has in hand."""
    found = [process for process in map(adopt, identities) if process is not None]
    await asyncio.gather(*(process.end(grace) for process in found))
