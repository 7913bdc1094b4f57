"""A real database in a folder of the test, with the newest schema."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from builders import NOW, a_staging, seconds
from sqlalchemy import text

from bot.domain.events import Notice, NoticeKind, Target, Where
from bot.domain.model import Release, Staging
from bot.ports import Posted
from bot.store import queue, releases, stagings
from bot.store.migrate import migrate
from bot.store.queue import Claim, Request
from bot.store.store import Store

LEASE = seconds(60)
_NEWEST: list[bytes] = []


def url_in(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'octopod.db'}"


async def migrated(folder: Path) -> None:
    """The newest schema; a new database gets it as a copy of the first one, which costs next to nothing."""
    file = folder / "octopod.db"
    if _NEWEST and not file.exists():
        file.write_bytes(_NEWEST[0])
    else:
        new = not file.exists()
        await migrate(url_in(folder))
        if new:
            _NEWEST.append(file.read_bytes())


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Store]:
    await migrated(folder)
    store = Store(url_in(folder))
    try:
        yield store
    finally:
        await store.close()


async def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    async with store.read() as connection:
        return [tuple(row) for row in (await connection.execute(text(sql))).all()]


async def saved(store: Store, *made: Staging, card: bool = False) -> None:
    """Keep stagings with their releases; `card`: theirs are posted."""
    async with store.write() as connection:
        for staging in made:
            await stagings.save(connection, staging)
            own: dict[str, Release] = {r.id: r for r in (staging.live, staging.attempt) if r}
            for release in own.values():
                await releases.save(connection, release)
            if card:
                await stagings.save_card(connection, staging.id, Posted("C1", f"card-{staging.id}"))


def numbered(number: int) -> Staging:
    """One of several stagings, with a release of its own."""
    one = a_staging()
    return a_staging(id=f"s{number}", name=f"staging-{number}", attempt=_own(one, number), live=None, serving=None)


def _own(staging: Staging, number: int) -> Release:
    return replace(staging.attempt, id=f"r-s{number}", staging=f"s{number}")


async def asked(store: Store, *ids: str, at: float = 0) -> None:
    async with store.write() as connection:
        for id in ids:
            request = Request(id, "deploy x", "UBOB", "C9", NOW + seconds(at), "17.5", "http://slack/answer")
            assert await queue.add_request(connection, request, done=False)


async def wanted(store: Store, staging: str, *kinds: Target, at: float = 0) -> None:
    async with store.write() as connection:
        await queue.want(connection, staging, kinds, NOW + seconds(at))


async def noticed(
    store: Store, staging: str | None, *wheres: Where, request: str | None = None, kind: NoticeKind = NoticeKind.LIVE
) -> None:
    async with store.write() as connection:
        await queue.add_notices(connection, staging, request, [Notice(kind, where) for where in wheres], NOW)


async def claimed(
    store: Store, table: str, at: float = 0, owner: str = "me", limit: int = 100, key: tuple[Any, ...] | None = None
) -> Sequence[Claim]:
    """What is due `at` seconds after NOW, leased for a minute."""
    now = NOW + seconds(at)
    async with store.write() as connection:
        if key is None:
            return await queue.claim(connection, table, now, owner, now + LEASE, limit)
        claim = await queue.claim_this(connection, table, key, now, owner, now + LEASE)
        return [claim] if claim else []


async def finished(store: Store, claim: Claim, at: float = 0, **values: Any) -> bool:
    async with store.write() as connection:
        return await queue.finish(connection, claim, NOW + seconds(at), **values)


async def put_back(store: Store, claim: Claim, due: float, *, known: bool, failed: bool = True) -> bool:
    async with store.write() as connection:
        return await queue.put_back(connection, claim, NOW + seconds(due), "why", known=known, failed=failed)
