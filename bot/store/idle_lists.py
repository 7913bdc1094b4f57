"""When each project was told of its idle stagings."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import idle_lists


async def told_at(connection: AsyncConnection, project: str) -> datetime | None:
    """None: never yet, and it was never looked."""
    found = select(idle_lists.c.told_at).where(idle_lists.c.project == project)
    return (await connection.execute(found)).scalar()


async def told(connection: AsyncConnection, project: str, at: datetime) -> None:
    statement = insert(idle_lists).values(project=project, told_at=at)
    await connection.execute(statement.on_conflict_do_update(index_elements=["project"], set_={"told_at": at}))
