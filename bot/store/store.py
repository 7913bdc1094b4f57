"""The database, opened: write and read transactions, and what must happen once around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.engines import read_engine, write_engine
from bot.store.turns import Turns, Urgency


class Store:
    """Two engines on one SQLite file. Nothing outside the database may be awaited inside a write transaction."""

    def __init__(self, url: str) -> None:
        self._write = write_engine(url)
        self._read = read_engine(url)
        self._turns = Turns()
        self.writes = 0

    @asynccontextmanager
    async def write(self, urgency: Urgency = Urgency.REST) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back by any exception."""
        self.writes += 1
        async with self._turns.turn(urgency), self._write.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self._read.connect() as connection:
            yield connection

    async def close(self) -> None:
        await self._write.dispose()
        await self._read.dispose()
