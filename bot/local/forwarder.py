"""A service's own port on loopback: connections to it are carried to one of its ready replicas, and back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from bot.local.loopback import HOST
from bot.local.tasks import cancel

CHUNK = 64 * 1024
CONNECT_SECONDS = 5.0

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Forwarder:
    """`backends` tells the ports of the replicas that are ready now; they take turns."""

    def __init__(self, backends: Callable[[], Sequence[int]]) -> None:
        self._backends = backends
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._turn = 0

    async def open(self, port: int) -> None:
        """Raises OSError if the port is taken."""
        self._server = await asyncio.start_server(self._serve, HOST, port)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        await cancel(self._connections)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            async with _ending(writer):
                await self._carry((reader, writer))
        except* OSError:
            # Either side has hung up; the other one is told by the connection's end.
            pass
        finally:
            self._connections.discard(task)

    async def _carry(self, caller: Stream) -> None:
        backend = await self._connect()
        if backend is not None:
            async with _ending(backend[1]), asyncio.TaskGroup() as group:
                group.create_task(_one_way(caller[0], backend[1]))
                group.create_task(_one_way(backend[0], caller[1]))

    async def _connect(self) -> Stream | None:
        ports = list(self._backends())
        self._turn += 1
        for index in range(len(ports)):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await asyncio.open_connection(HOST, ports[(self._turn + index) % len(ports)])
            except (OSError, TimeoutError):
                continue
        return None


@asynccontextmanager
async def _ending(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """What has been written is still sent, unless something went wrong."""
    try:
        yield
    except BaseException:
        writer.transport.abort()
        raise
    writer.close()


async def _one_way(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(CHUNK):
        sink.write(chunk)
        await sink.drain()
    sink.write_eof()
