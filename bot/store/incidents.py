"""Breakages of several stagings that share a cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import incidents as table


@dataclass(frozen=True, slots=True)
class Incident:
    """`members`: by the staging's id, what is told of it: `name`, `text`, and whether it is `well` again."""

    id: str
    project: str
    shared: str
    began_at: datetime
    members: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    closed_at: datetime | None = None


async def open_ones(connection: AsyncConnection, project: str) -> Sequence[Incident]:
    found = select(table).where(table.c.project == project, table.c.closed_at.is_(None)).order_by(table.c.began_at)
    return [Incident(**row._mapping) for row in await connection.execute(found)]


async def save(connection: AsyncConnection, incident: Incident) -> None:
    row = {name: getattr(incident, name) for name in ("id", "project", "shared", "began_at", "closed_at")}
    row["members"] = {id: dict(member) for id, member in incident.members.items()}
    new = insert(table).values(row)
    changed = {"members": new.excluded.members, "closed_at": new.excluded.closed_at}
    await connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=changed))
