"""How health checks stood with releases over time: one row from one decision to the next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.checks import Stand, Stood
from bot.store.tables import check_history as table
from bot.store.tables import releases, stagings

ROW = table.c


async def decided(
    connection: AsyncConnection, staging: str, release: str, stand: Stand, now: datetime, mark: str = ""
) -> None:
    """The stand that counts from its `since` on. `mark`: of the check, as it was asked."""
    row: dict[str, Any] = {"staging_id": staging, "release_id": release, "check": stand.check, "mark": mark}
    row |= {"ok": stand.ok, "text": stand.text}
    await connection.execute(insert(table).values(**row, since=stand.since, seen_at=now))


async def seen(connection: AsyncConnection, release: str, check: str, at: datetime) -> None:
    """The newest stand of this check with this release is still so."""
    newest = select(ROW.id).where(ROW.release_id == release, ROW.check == check).order_by(ROW.id.desc()).limit(1)
    await connection.execute(update(table).where(ROW.id == newest.scalar_subquery()).values(seen_at=at))


async def of_staging(connection: AsyncConnection, staging: str, check: str, mark: str | None = None) -> Sequence[Stood]:
    """The newest first. `mark`: only of the check as it is asked so."""
    asked = [ROW.mark == mark] if mark is not None else []
    found = _joined().where(ROW.staging_id == staging, ROW.check == check, *asked).order_by(ROW.id.desc())
    return [Stood(**row._mapping) for row in await connection.execute(found)]


async def at_commit(connection: AsyncConnection, project: str, commit: str, check: str, mark: str) -> Sequence[Stood]:
    """Of all stagings of the project, also deleted ones, that ran this commit; the newest first."""
    where = (stagings.c.project == project, releases.c.commit == commit, ROW.check == check, ROW.mark == mark)
    found = _joined().where(*where).order_by(ROW.id.desc())
    return [Stood(**row._mapping) for row in await connection.execute(found)]


def _joined() -> Select[Any]:
    columns = (ROW.staging_id.label("staging"), ROW.release_id.label("release"), releases.c.number, releases.c.commit)
    rest = (ROW.check, ROW.ok, ROW.text, ROW.since, ROW.seen_at)
    joined = table.join(releases, releases.c.id == ROW.release_id).join(stagings, stagings.c.id == ROW.staging_id)
    return select(*columns, *rest).select_from(joined)
