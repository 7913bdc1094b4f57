"""What the git host was told last of each staging."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.reporting import Told
from bot.store.tables import reports

BY_STAGING = select(reports.c.told).where(reports.c.staging_id == bindparam("staging"))


async def told(connection: AsyncConnection, staging: str) -> Told:
    row: dict[str, Any] = (await connection.execute(BY_STAGING, {"staging": staging})).scalar() or {}
    deployments = {release: (id, standing) for release, (id, standing) in row.get("deployments", {}).items()}
    return Told(**{**row, "deployments": deployments})


async def save(connection: AsyncConnection, staging: str, told: Told) -> None:
    await connection.execute(SAVE, {"staging_id": staging, "told": asdict(told)})


def _save() -> Insert:
    statement = insert(reports)
    return statement.on_conflict_do_update(index_elements=["staging_id"], set_={"told": statement.excluded.told})


SAVE = _save()
