"""What values the charts and templates of projects know, by branch, as they were last rendered."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.known import KnownValue, Learned
from bot.store.tables import known

ROW = known.c


async def save(
    connection: AsyncConnection, project: str, branch: str, learned: Learned, now: datetime, most: int
) -> None:
    """`most`: of how many branches of the project it is kept."""
    values = {key: asdict(one) for key, one in learned.values.items()}
    row = {"source": learned.source, "values": values, "learned_at": now}
    await connection.execute(
        insert(known)
        .values(project=project, branch=branch, **row)
        .on_conflict_do_update(index_elements=["project", "branch"], set_=row)
    )
    newest = select(ROW.branch).where(ROW.project == project).order_by(ROW.learned_at.desc()).limit(most)
    await connection.execute(delete(known).where(ROW.project == project, ROW.branch.not_in(newest)))


async def all_of_them(connection: AsyncConnection) -> Sequence[tuple[str, str, Learned]]:
    """Project, branch, and what was learned; the newest last."""
    rows = await connection.execute(select(known).order_by(ROW.learned_at))
    return [(row.project, row.branch, Learned(row.source, _values(row._mapping["values"]))) for row in rows]


def _values(stored: Mapping[str, Mapping[str, Any]]) -> Mapping[str, KnownValue]:
    return {key: KnownValue(one["default"], one["description"], tuple(one["choices"])) for key, one in stored.items()}
