"""Where the branches of projects were when that was last acted upon, for those where pushes make stagings."""

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import tables

BRANCH = tables.branches.c


async def seen(connection: AsyncConnection, project: str) -> Mapping[str, str]:
    """Commits by branch. Empty: nothing was ever seen."""
    rows = await connection.execute(select(BRANCH.branch, BRANCH.commit).where(BRANCH.project == project))
    return {row.branch: row.commit for row in rows}


async def see(connection: AsyncConnection, project: str, heads: Mapping[str, str]) -> None:
    if heads:
        rows = [{"project": project, "branch": branch, "commit": commit} for branch, commit in heads.items()]
        statement = insert(tables.branches)
        new = {"commit": statement.excluded.commit}
        await connection.execute(statement.on_conflict_do_update(index_elements=["project", "branch"], set_=new), rows)


async def refuse(connection: AsyncConnection, project: str, branch: str, refused: bool) -> bool:
    """Note whether one that was seen got no staging. Whether it had got none before."""
    key = (BRANCH.project == project) & (BRANCH.branch == branch)
    before = (await connection.execute(select(BRANCH.refused).where(key))).scalar()
    await connection.execute(tables.branches.update().where(key).values(refused=refused))
    return bool(before)


async def forget(connection: AsyncConnection, project: str, branches: Iterable[str] | None = None) -> None:
    """These, or all."""
    these = [] if branches is None else [BRANCH.branch.in_(list(branches))]
    await connection.execute(delete(tables.branches).where(BRANCH.project == project, *these))
