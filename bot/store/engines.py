"""SQLite as it must be opened: one writer that takes its lock at BEGIN, readers beside it.

A deferred BEGIN that later wants to write fails with "database is locked" whatever the busy timeout, and the driver's
default loses updates without a word; see docs/design.md, Concurrency.
"""

import asyncio
import sqlite3
from threading import Thread
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Connection, Dialect, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.driver import Connection as Driver
from bot.store.driver import connect

PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=NORMAL")
ALONE = "octopod_alone"
ONLY_READS = "octopod_only_reads"
LAST_WORDS = 5.0  # seconds
# By dialect, which an engine shares with all that are made of it by options.
_THREADS: WeakKeyDictionary[Dialect, WeakSet[Thread]] = WeakKeyDictionary()


def write_engine(url: str) -> AsyncEngine:
    """One connection; transactions queue in asyncio, not in SQLite's sleeps."""
    return _engine(url, "IMMEDIATE", foreign_keys=True, pool_size=1, max_overflow=0, pool_timeout=30)


def read_engine(url: str) -> AsyncEngine:
    """Sees the last commit; is not blocked by the writer.

    The connection that was used last is used next: each has a page cache of its own, which grows with the file.
    """
    engine = _engine(url, "DEFERRED", foreign_keys=True, pool_size=8, max_overflow=0, pool_use_lifo=True)
    return engine.execution_options(**{ONLY_READS: True})


def only_reads(connection: AsyncConnection) -> bool:
    """Whether it is one of `read_engine`: nothing that it sees can be rolled back."""
    assert connection.sync_connection is not None, "it is open"
    return bool(connection.sync_connection.get_execution_options().get(ONLY_READS))


def without_transaction(engine: AsyncEngine) -> AsyncEngine:
    """The same connections for single statements: each sees the last commit, and leaves nothing to be ended."""
    return engine.execution_options(**{ALONE: True})


def migration_engine(url: str) -> AsyncEngine:
    """Without foreign keys: a batch migration rebuilds tables; dropping an old one would cascade to its children."""
    return _engine(url, "IMMEDIATE", foreign_keys=False, pool_size=1, max_overflow=0)


async def close(engine: AsyncEngine) -> None:
    """Nothing of it runs any more: what was cancelled may be at work in its thread still, and would tell a loop that is
    closed."""
    await engine.dispose()
    for thread in tuple(_THREADS.pop(engine.dialect, ())):
        if thread.is_alive():
            await asyncio.to_thread(thread.join, LAST_WORDS)


class _Connection(sqlite3.Connection):
    """Whoever is cancelled in the middle leaves cursors behind, and with them its closed connection would keep its
    transaction, and the lock: nobody could write any more."""

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()
        super().close()


def _engine(url: str, begin: str, foreign_keys: bool, **pool: Any) -> AsyncEngine:
    threads: WeakSet[Thread] = WeakSet()

    def made(database: str, **options: Any) -> Driver:
        """Noted before it opens: whoever is cancelled while it does leaves a thread at work as well."""
        driver = connect(database, factory=_Connection, **options)
        threads.add(driver.thread)
        return driver

    engine = create_async_engine(url, connect_args={"async_creator_fn": made}, **pool)
    _THREADS[engine.dialect] = threads

    @event.listens_for(engine.sync_engine, "connect")
    def opened(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # sqlite3 must emit no BEGIN of its own
        cursor = dbapi.cursor()
        for pragma in (*PRAGMAS, f"foreign_keys={'ON' if foreign_keys else 'OFF'}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get(ALONE):
            return
        driver = connection.connection.driver_connection
        assert isinstance(driver, Driver)
        driver.begin(f"BEGIN {begin}")

    return engine
