"""SQLite under concurrency: nothing lost, nobody locked out, nothing half saved."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest
from builders import NOW, a_staging
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError
from store_kit import opened, rows, saved, url_in

from bot.store import journal
from bot.store.engines import close, migration_engine
from bot.store.store import Store

COUNT = text("SELECT n FROM counter")
LONG = text("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 30000) SELECT count(*) FROM c")


async def counter(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        await connection.execute(text("INSERT INTO counter VALUES (0)"))


async def counted_up(store: Store) -> None:
    async with store.write() as connection:
        n = (await connection.execute(COUNT)).scalar_one()
        await asyncio.sleep(0)  # everybody else may try now
        await connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})


async def test_no_update_is_lost(tmp_path: Path) -> None:
    async def worker(store: Store) -> None:
        for _ in range(15):
            await counted_up(store)

    async with opened(tmp_path) as store:
        await counter(store)
        await asyncio.gather(*(worker(store) for _ in range(20)))
        assert await rows(store, "SELECT n FROM counter") == [(300,)]


async def test_two_stores_on_one_file_lose_no_update_either(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as other:
        await counter(one)
        await asyncio.gather(*(counted_up(store) for store in (one, other) for _ in range(20)))
        assert await rows(one, "SELECT n FROM counter") == [(40,)]


async def test_readers_are_not_held_up_by_a_writer_and_see_what_was_saved(tmp_path: Path) -> None:
    async def seen(store: Store) -> int:
        async with store.read() as connection:
            return int((await connection.execute(COUNT)).scalar_one())

    async with opened(tmp_path) as store:
        await counter(store)
        async with store.write() as connection:
            await connection.execute(text("UPDATE counter SET n = 7"))
            assert await asyncio.gather(*(seen(store) for _ in range(20))) == [0] * 20
        assert await asyncio.gather(*(seen(store) for _ in range(20))) == [7] * 20


async def test_a_reader_sees_one_moment_however_long_it_reads(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await counter(store)
        async with store.read() as connection:
            before = (await connection.execute(COUNT)).scalar_one()
            await counted_up(store)
            assert (await connection.execute(COUNT)).scalar_one() == before


async def test_an_error_saves_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await counter(store)
        with pytest.raises(ZeroDivisionError):
            async with store.write() as connection:
                await connection.execute(text("UPDATE counter SET n = 1 + n"))
                raise ZeroDivisionError
        assert await rows(store, "SELECT n FROM counter") == [(0,)]
        await counted_up(store)
        assert await rows(store, "SELECT n FROM counter") == [(1,)]


async def test_a_cancellation_saves_nothing_and_frees_the_writer(tmp_path: Path) -> None:
    written = asyncio.Event()

    async def half(store: Store) -> None:
        async with store.write() as connection:
            await connection.execute(text("UPDATE counter SET n = 99"))
            written.set()
            await asyncio.Event().wait()

    async with opened(tmp_path) as store:
        await counter(store)
        task = asyncio.create_task(half(store))
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await counted_up(store)
        assert await rows(store, "SELECT n FROM counter") == [(1,)]


async def test_cancellation_at_any_point_leaves_a_store_that_works(tmp_path: Path) -> None:
    """Cancelled after each number of turns of the loop: while it waits, begins, writes or commits."""
    async with opened(tmp_path) as store:
        await counter(store)
        for turns in range(40):
            task = asyncio.create_task(counted_up(store))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        (before,) = (await rows(store, "SELECT n FROM counter"))[0]
        await asyncio.gather(*(counted_up(store) for _ in range(5)))
        assert await rows(store, "SELECT n FROM counter") == [(before + 5,)]


async def looked_long(store: Store) -> None:
    async with store.read() as connection:
        await connection.execute(LONG)


@pytest.mark.parametrize("work", [counted_up, looked_long])
async def test_nothing_of_a_closed_store_is_at_work(tmp_path: Path, work: Callable[[Store], Awaitable[None]]) -> None:
    """Cancelled after each number of turns of the loop, also while its connection is being opened: a thread that is
    left would tell a loop that is closed, long after."""
    async with opened(tmp_path) as store:
        await counter(store)
    for turns in range(20):
        before = set(threading.enumerate())
        store = Store(url_in(tmp_path))
        task = asyncio.ensure_future(work(store))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await store.close()
        left = [thread.name for thread in set(threading.enumerate()) - before if "asyncio" not in thread.name]
        assert not left, f"cancelled after {turns} turns"


async def test_the_file_is_opened_as_it_must_be(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for transaction in (store.read, store.write):
            async with transaction() as connection:
                pragmas = [
                    (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                    for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
                ]
                assert pragmas == ["wal", 1, 5000, 1]
    engine = migration_engine(url_in(tmp_path))
    async with engine.begin() as connection:
        assert (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar() == 0
    await close(engine)


async def test_children_need_their_parents(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        with pytest.raises(IntegrityError):
            async with store.write() as connection:
                await journal.write(connection, "nobody", journal.JournalLine(NOW, "U1", "create", ""))


async def test_times_without_a_zone_are_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        with pytest.raises(StatementError, match="a time without a zone"):
            await saved(store, a_staging(created_at=datetime(2026, 5, 4)))
        assert await rows(store, "SELECT count(*) FROM stagings") == [(0,)]


async def test_whoever_is_cancelled_keeps_no_lock(tmp_path: Path) -> None:
    """A closed connection whose cursors live on would go on holding the lock, and nobody could write any more."""
    async with opened(tmp_path) as store:
        await counter(store)
        for steps in range(12):
            begun = asyncio.Event()
            task = asyncio.create_task(_slow(store, begun))
            await begun.wait()
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await counted_up(store)
        assert await rows(store, "SELECT n FROM counter") == [(12,)]


async def _slow(store: Store, begun: asyncio.Event) -> None:
    async with store.write() as connection:
        await connection.execute(text("UPDATE counter SET n = 100"))
        begun.set()
        numbers = "WITH RECURSIVE one(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one LIMIT 300000)"
        await connection.execute(text(f"{numbers} SELECT count(*) FROM one"))
