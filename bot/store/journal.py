"""The journal: what happened to a staging, by whom and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import tables

JOURNAL = tables.journal.c


@dataclass(frozen=True, slots=True)
class JournalLine:
    at: datetime
    actor: str
    what: str
    why: str


async def newest(
    connection: AsyncConnection, staging: str, limit: int = 10, before: datetime | None = None
) -> Sequence[JournalLine]:
    """The newest lines (of before this time), the newest first."""
    earlier = [JOURNAL.at < before] if before else []
    lines = select(tables.journal).where(JOURNAL.staging_id == staging, *earlier)
    rows = await connection.execute(lines.order_by(JOURNAL.id.desc()).limit(limit))
    return [JournalLine(row.at, row.actor, row.what, row.why) for row in rows]


async def last(connection: AsyncConnection, staging: str, what: str) -> datetime | None:
    """When this happened to it last."""
    lines = select(JOURNAL.at).where(JOURNAL.staging_id == staging, JOURNAL.what == what)
    return (await connection.execute(lines.order_by(JOURNAL.id.desc()).limit(1))).scalar()


async def since(connection: AsyncConnection, staging: str, begin: datetime, limit: int = 500) -> Sequence[JournalLine]:
    """The newest lines since `begin`, the oldest first."""
    lines = select(tables.journal).where(JOURNAL.staging_id == staging, JOURNAL.at >= begin)
    rows = await connection.execute(lines.order_by(JOURNAL.id.desc()).limit(limit))
    return [JournalLine(row.at, row.actor, row.what, row.why) for row in rows][::-1]


async def write(connection: AsyncConnection, staging: str, line: JournalLine) -> None:
    await connection.execute(
        insert(tables.journal).values(staging_id=staging, at=line.at, actor=line.actor, what=line.what, why=line.why)
    )
