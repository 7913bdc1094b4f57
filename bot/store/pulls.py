"""Pull requests as their hosts told them last, by project and number."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.hearsay import PullRequest, PullState
from bot.store import tables

PULL = tables.pulls.c
_FACTS = tuple(column.name for column in PULL if column.name not in ("project", "due", "refused"))


async def known(connection: AsyncConnection, project: str, number: int) -> PullRequest | None:
    row = (await connection.execute(_of(project).where(PULL.number == number))).first()
    return _pull(row._mapping) if row else None


async def of_branch(connection: AsyncConnection, project: str, branch: str) -> PullRequest | None:
    """The one of this branch of the repository itself: an open one if there is any, else the newest."""
    is_open = PULL.state == PullState.OPEN.value
    found = _of(project).where(PULL.branch == branch, PULL.fork.is_(False))
    row = (await connection.execute(found.order_by(is_open.desc(), PULL.number.desc()).limit(1))).first()
    return _pull(row._mapping) if row else None


async def near(connection: AsyncConnection, project: str, number: int, most: int = 3) -> Sequence[PullRequest]:
    """The open ones with the nearest numbers, in their order."""
    found = _of(project).where(PULL.state == PullState.OPEN.value)
    rows = await connection.execute(found.order_by(func.abs(PULL.number - number)).limit(most))
    return sorted((_pull(row._mapping) for row in rows), key=lambda pull: pull.number)


async def due(connection: AsyncConnection, project: str) -> Sequence[PullRequest]:
    """Those whose stagings are still to be made."""
    rows = await connection.execute(_of(project).where(PULL.due).order_by(PULL.number))
    return [_pull(row._mapping) for row in rows]


async def is_due(connection: AsyncConnection, project: str, number: int) -> bool:
    found = select(PULL.due).where(PULL.project == project, PULL.number == number)
    return bool((await connection.execute(found)).scalar())


async def save(connection: AsyncConnection, project: str, pull: PullRequest, due: bool) -> None:
    row = {name: getattr(pull, name) for name in _FACTS}
    row |= {"project": project, "state": pull.state.value, "labels": list(pull.labels), "due": due}
    statement = insert(tables.pulls).values(row)
    new = {name: statement.excluded[name] for name in row}
    await connection.execute(statement.on_conflict_do_update(index_elements=["project", "number"], set_=new))


async def settle(connection: AsyncConnection, project: str, number: int, refused: bool = False) -> bool:
    """It is not due any more. `refused`: it got no staging; whether it had got none before."""
    key = (PULL.project == project) & (PULL.number == number)
    before = (await connection.execute(select(PULL.refused).where(key))).scalar()
    await connection.execute(update(tables.pulls).where(key).values(due=False, refused=refused))
    return bool(before)


async def forget(connection: AsyncConnection, project: str) -> None:
    await connection.execute(delete(tables.pulls).where(PULL.project == project))


def _of(project: str) -> Any:
    return select(*(PULL[name] for name in _FACTS)).where(PULL.project == project)


def _pull(row: Mapping[Any, Any]) -> PullRequest:
    facts = {name: row[name] for name in _FACTS}
    return PullRequest(**{**facts, "state": PullState(row["state"]), "labels": tuple(row["labels"])})
