"""Whose App Home is looked at, and shall show the newest."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.news import Line, tell
from bot.store.tables import homes

LOOKED_AT_FOR = timedelta(hours=1)
"""Slack tells when a Home is opened, but not when it is closed."""


async def opened(connection: AsyncConnection, user: str, now: datetime) -> None:
    row = {"user": user, "opened_at": now, "wanted": 1, "done": 0, "due_at": now}
    newer = {"opened_at": now, "wanted": homes.c.wanted + 1}
    await connection.execute(insert(homes).values(row).on_conflict_do_update(index_elements=["user"], set_=newer))
    tell(connection, [Line.SLACK])


async def changed(connection: AsyncConnection, now: datetime) -> None:
    """Something that Homes show is different now. The pace of publishing stays."""
    looked_at = homes.c.opened_at > now - LOOKED_AT_FOR
    await connection.execute(update(homes).where(looked_at).values(wanted=homes.c.wanted + 1))
    tell(connection, [Line.SLACK])
