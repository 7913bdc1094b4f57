"""What CI says of commits: the newest of each run."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.hearsay import CiRun, CiState
from bot.store.tables import ci_runs

RUN = ci_runs.c
LATELY = 10


async def known(connection: AsyncConnection, project: str, run: CiRun) -> CiRun | None:
    """What is remembered of this very run."""
    this = (RUN.project == project, RUN.commit == run.commit, RUN.name == run.name, RUN.number == run.number)
    row = (await connection.execute(select(ci_runs).where(*this))).first()
    return _run(row) if row else None


async def of_commit(connection: AsyncConnection, project: str, commit: str) -> Sequence[CiRun]:
    rows = await connection.execute(select(ci_runs).where(RUN.project == project, RUN.commit == commit))
    return [_run(row) for row in rows]


async def durations(connection: AsyncConnection, project: str, name: str) -> Sequence[timedelta]:
    """How long the last runs of this name took that passed."""
    passed = (RUN.project == project, RUN.name == name, RUN.state == CiState.PASSED.value)
    timed = select(RUN.started_at, RUN.at).where(*passed, RUN.started_at <= RUN.at)
    rows = await connection.execute(timed.order_by(RUN.at.desc()).limit(LATELY))
    return [row.at - row.started_at for row in rows]


async def save(connection: AsyncConnection, project: str, run: CiRun, now: datetime) -> None:
    """`run`: with its time."""
    key = {"project": project, "commit": run.commit, "name": run.name, "number": run.number}
    facts = {"state": run.state.value, "part": run.part, "url": run.url, "started_at": run.started_at, "at": run.at}
    facts["seen_at"] = now
    statement = insert(ci_runs).values(**key, **facts)
    await connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=facts))


async def forget(connection: AsyncConnection, before: datetime) -> None:
    """What nothing was heard of since then."""
    await connection.execute(delete(ci_runs).where(RUN.seen_at < before))


def _run(row: Row[Any]) -> CiRun:
    what = (row.commit, CiState(row.state), row.name, row.number, row.url)
    return CiRun(*what, started_at=row.started_at, at=row.at, part=row.part)
