"""aiosqlite, with one trip to its thread for a whole statement, and none for what SQLite need not be told.

SQLAlchemy makes four (a cursor, execute, fetchall, close), one more to begin, and one to roll back even where nothing
was begun. Each waits for the thread and then for the event loop, and a busy bot's writers wait for each other's trips.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import Any, Self

import aiosqlite


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left of a cursor that was read to its end."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()


class Connection(aiosqlite.Connection):
    """A transaction begins together with its first statement."""

    _begins = ""
    _open = False

    @property
    def thread(self) -> Thread:
        """Where its statements run. It ends some time after the connection was closed."""
        return self._thread

    def begin(self, how: str) -> None:
        """`how`: the statement that begins a transaction."""
        self._begins = how

    async def commit(self) -> None:
        if self._to_be_ended():
            await super().commit()
            self._open = False  # and not when it failed: then it is still to be rolled back

    async def rollback(self) -> None:
        if self._to_be_ended():
            await super().rollback()
            self._open = False

    def _to_be_ended(self) -> bool:
        """What was never begun is forgotten."""
        self._begins = ""
        return self._open

    def cursor(self) -> "Cursor":  # type: ignore[override]  # what SQLAlchemy needs of one, and no more
        return Cursor(self)

    async def trip(self, work: Callable[[sqlite3.Cursor], object]) -> Outcome:
        """Run `work` on a new cursor in the thread, and read all that it gives."""
        begins, self._begins = self._begins, ""
        self._open = self._open or bool(begins)  # from now on: whoever is cancelled meanwhile rolls it back
        outcome: Outcome = await self._execute(_read_to_its_end, self._conn, begins, work)  # type: ignore[no-untyped-call]
        return outcome


class Cursor:
    """Has no counterpart in SQLite between two calls, so nothing is left behind by whoever is cancelled."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._outcome = Outcome()

    async def __aenter__(self) -> Self:
        return self

    @property
    def description(self) -> Any:
        return self._outcome.description

    @property
    def rowcount(self) -> int:
        return self._outcome.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._outcome.lastrowid

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        self._outcome = await self._connection.trip(lambda cursor: cursor.execute(sql, parameters))

    async def executemany(self, sql: str, parameters: Any) -> None:
        self._outcome = await self._connection.trip(lambda cursor: cursor.executemany(sql, parameters))

    async def fetchall(self) -> Sequence[Any]:
        return self._outcome.rows

    async def close(self) -> None:
        """It is closed already."""


def _read_to_its_end(connection: sqlite3.Connection, begins: str, work: Callable[[sqlite3.Cursor], object]) -> Outcome:
    cursor = connection.cursor()
    try:
        if begins:
            cursor.execute(begins)
        work(cursor)
        rows = cursor.fetchall() if cursor.description else ()
        return Outcome(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    finally:
        cursor.close()


def connect(database: str, **options: Any) -> Connection:
    """For SQLAlchemy's `async_creator_fn`; awaited, it opens. `options`: those of sqlite3.connect."""
    return Connection(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
