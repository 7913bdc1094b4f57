"""Socket Mode, Slack's side. https://docs.slack.dev/apis/events-api/using-socket-mode"""

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import WSMsgType, web

from bot.playground.delivery import Ack, Kind, Retry
from bot.playground.faults import Faults
from bot.playground.model import APP, Json
from bot.playground.options import Options

MOST = 10


@dataclass(slots=True, eq=False)
class Connection:
    """`open`: new envelopes may go here. `waiting`: envelopes that were sent and not yet acknowledged."""

    socket: web.WebSocketResponse
    request: web.Request
    open: bool = True
    waiting: dict[str, asyncio.Future[Ack]] = field(default_factory=dict)


class Sockets:
    """Tickets, connections, envelopes. Several connections take turns."""

    def __init__(self, options: Options, faults: Faults) -> None:
        self._options = options
        self._faults = faults
        self._tickets: dict[str, float] = {}
        self._connections: list[Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return sum(connection.open for connection in self._connections)

    def ticket(self) -> str:
        """Good for one connection, made within `ticket_seconds`."""
        key = secrets.token_urlsafe(24)
        self._tickets[key] = self._options.clock()
        return key

    async def connect(self, request: web.Request) -> web.StreamResponse:
        made = self._tickets.pop(request.query.get("ticket", ""), None)
        if made is None or self._options.clock() - made > self._options.ticket_seconds:
            raise web.HTTPForbidden(text="This connection ticket is unknown, used or expired.")
        if self._faults.take("socket", wildcard=False):
            raise web.HTTPServiceUnavailable(text="No connections at the moment.")
        socket = web.WebSocketResponse(max_msg_size=1 << 24)
        await socket.prepare(request)
        connection = Connection(socket, request)
        if len(self) >= MOST:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self._connections.append(connection)
        try:
            await socket.send_json(self._hello())
            await self._listen(connection)
        except ConnectionError:
            pass
        finally:
            self._gone(connection)
        return socket

    async def send(self, kind: Kind, payload: Json, retry: Retry) -> Ack:
        while connection := self._next():
            future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
            key = str(uuid.uuid4())
            connection.waiting[key] = future
            envelope = _envelope(key, kind, retry)
            try:
                await connection.socket.send_json(envelope | {"payload": payload})
                self._options.checkpoint("delivered")
                ack = await asyncio.wait_for(future, self._options.ack_seconds)
                self._options.checkpoint("acknowledged")
                return replace(ack, envelope=envelope)
            except TimeoutError:
                return Ack(error="operation_timeout", reason="timeout", envelope=envelope)
            except ConnectionError:
                connection.open = False
            finally:
                connection.waiting.pop(key, None)
        return Ack(error="dispatch_failed", reason="connection_failed")

    def drop(self) -> int:
        """Cut every connection without a word, as a broken network does. Returns how many there were."""
        for connection in self._connections:
            connection.open = False
            if connection.request.transport is not None:
                connection.request.transport.abort()
        return len(self._connections)

    async def refresh(self, reason: str, seconds: float) -> int:
        """Tell every connection that it ends, and end it after `seconds`: Slack does so every few hours."""
        there = [connection for connection in self._connections if connection.open]
        for connection in there:
            connection.open = False
            frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}}
            await connection.socket.send_json(frame)
            self._later(seconds, connection.socket.close)
        return len(there)

    async def close(self) -> None:
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self._connections):
            await connection.socket.close(code=1001)

    def _later(self, seconds: float, action: Callable[[], Any]) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            await action()

        task = asyncio.create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _next(self) -> Connection | None:
        """The connection that waited longest for its turn."""
        for n, connection in enumerate(self._connections):
            if connection.open and not connection.socket.closed:
                self._connections.append(self._connections.pop(n))
                return connection
        return None

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                frame = json.loads(message.data)
            except ValueError:
                continue
            future = connection.waiting.get(frame.get("envelope_id", "")) if isinstance(frame, dict) else None
            if future is not None and not future.done():
                future.set_result(Ack(body=frame.get("payload")))

    def _gone(self, connection: Connection) -> None:
        connection.open = False
        self._connections.remove(connection)
        for future in connection.waiting.values():
            if not future.done():
                future.set_result(Ack(error="dispatch_failed", reason="connection_failed"))

    def _hello(self) -> Json:
        info = {"host": "stand-in", "build_number": 1, "approximate_connection_time": 18060}
        return {
            "type": "hello",
            "num_connections": len(self),
            "debug_info": info,
            "connection_info": {"app_id": APP},
        }


def _envelope(key: str, kind: Kind, retry: Retry) -> Json:
    """Without its payload."""
    answerable = kind is not Kind.EVENT
    made: Json = {"envelope_id": key, "type": kind.value, "accepts_response_payload": answerable}
    if kind is Kind.EVENT:
        made |= {"retry_attempt": retry.number, "retry_reason": retry.reason}
    return made
