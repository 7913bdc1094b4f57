"""Turns at the one write connection: by what waits for the end, and then in the order of their coming."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum


class Urgency(Enum):
    """What waits for the transaction's end, the most urgent first."""

    DOOR = "somebody, for an ack"
    MESSAGE = "people, for what they are told"
    REST = "nobody"


class Turns:
    def __init__(self) -> None:
        self._taken = False
        self._waiting: dict[Urgency, deque[asyncio.Future[None]]] = {urgency: deque() for urgency in Urgency}

    @asynccontextmanager
    async def turn(self, urgency: Urgency) -> AsyncIterator[None]:
        await self._wait(self._waiting[urgency])
        try:
            yield
        finally:
            self._next()

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        if not self._taken:
            self._taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came, and nobody is there to take it
                self._next()
            raise

    def _next(self) -> None:
        for queue in self._waiting.values():
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._taken = False
