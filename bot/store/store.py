"""The database, opened: write and read transactions, and what must happen once around them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import news
from bot.store.engines import close, read_engine, without_transaction, write_engine
from bot.store.turns import Turns, Urgency


class Store:
    """Two engines on one SQLite file. Nothing outside the database may be awaited inside a write transaction.

    `saved` is called after each one, with those for whom it made work.
    """

    def __init__(self, url: str) -> None:
        self._write = write_engine(url)
        self._read = read_engine(url)
        self._look = without_transaction(self._read)
        self._turns = Turns()
        self.writes = 0
        self.saved: Callable[[news.News], None] = lambda _: None

    @asynccontextmanager
    async def write(self, urgency: Urgency = Urgency.REST) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back by any exception."""
        self.writes += 1
        async with self._turns.turn(urgency), self._write.begin() as connection:
            news.told(connection)  # what is left of one that was rolled back
            yield connection
            told = news.told(connection)
        self.saved(told)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One moment, however many statements look at it."""
        async with self._read.connect() as connection:
            yield connection

    @asynccontextmanager
    async def look(self) -> AsyncIterator[AsyncConnection]:
        """For one statement. Others would see later moments; it costs a third of what `read` does."""
        async with self._look.connect() as connection:
            yield connection

    async def compact(self) -> None:
        """Write the file anew, without what is left in it of rows that were changed or deleted."""
        async with self._turns.turn(Urgency.REST), without_transaction(self._write).connect() as connection:
            await connection.execute(text("VACUUM"))
            await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    async def close(self) -> None:
        await close(self._write)
        await close(self._read)
