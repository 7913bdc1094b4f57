"""A command run in a container, as `kubectl exec` runs it: over a WebSocket of the API server.

The first byte of each message says of which stream it is. Only version 5 of the protocol can end the command's input.
https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-apis
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import aiohttp

from bot.domain.errors import PermanentError, TemporaryError
from bot.kube.client import Kube
from bot.kube.errors import ApiRefused
from bot.kube.kinds import POD
from bot.kube.pods import Container

PROTOCOL = "v5.channel.k8s.io"
INPUT, OUTPUT, COMPLAINTS, RESULT, END = 0, 1, 2, 3, 255
MOST_COMPLAINTS = 2000


class Command:
    """One that runs. Its output is to be read to the end before `check`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, what: str) -> None:
        self._socket, self._what = socket, what
        self._complaints = self._result = b""

    async def output(self) -> AsyncGenerator[bytes]:
        """What it writes, piece by piece, until it has ended."""
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
                continue
            channel, data = message.data[0], message.data[1:]
            if channel == OUTPUT and data:
                yield data
            elif channel == COMPLAINTS:
                self._complaints = (self._complaints + data)[-MOST_COMPLAINTS:]
            elif channel == RESULT:
                self._result += data

    async def first(self) -> bytes | None:
        """The first piece of its output. None: it has ended without any."""
        async with aclosing(self.output()) as pieces:
            return await anext(pieces, None)

    async def give(self, data: bytes) -> None:
        await self._socket.send_bytes(bytes([INPUT]) + data)

    async def end_input(self) -> None:
        await self._socket.send_bytes(bytes([END, INPUT]))

    def check(self) -> None:
        """Raises PermanentError when it has ended badly, and TemporaryError when nobody can tell how it has ended."""
        told = _status(self._result)
        if told.get("status") == "Success":
            return
        complaints = self._complaints.decode(errors="replace").strip()
        said = f": {complaints}" if complaints else ""
        if told.get("reason") != "NonZeroExitCode":
            raise TemporaryError(f"{self._what} was broken off: {told.get('message') or 'the connection ended'}{said}")
        causes = (told.get("details") or {}).get("causes") or [{}]
        raise PermanentError(f"{self._what} exited with code {causes[0].get('message')}{said}")


@asynccontextmanager
async def running(
    kube: Kube, there: Container, words: Sequence[str], what: str, given: bool = False
) -> AsyncIterator[Command]:
    """`what`: its name in errors; `given`: whether it has an input. It need not end when this is left early.

    Raises TemporaryError, and PermanentError when the cluster does not allow it.
    """
    query = [("container", there.name), *(("command", word) for word in words), ("stdout", "true"), ("stderr", "true")]
    query += [("stdin", "true")] if given else []
    path = f"{POD.path(there.namespace, there.pod)}/exec"
    try:
        async with kube.socket(path, query, PROTOCOL, f"Pod `{there.pod}`: exec") as socket:
            yield Command(socket, what)
    except ApiRefused as error:
        if error.status == 403:
            raise
        raise TemporaryError(error.text) from error  # pods come and go


def _status(result: bytes) -> dict[str, Any]:
    try:
        told = json.loads(result)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
