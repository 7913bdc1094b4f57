"""Stagings, each with its newest release and the one that was live last."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.model import Desired, Stage, Staging
from bot.ports import Posted
from bot.store import tables
from bot.store.facts import RELEASE_COLUMNS, STAGING_COLUMNS, staging_of, staging_row, upsert
from bot.store.news import Line, tell

STAGING, RELEASE = tables.stagings.c, tables.releases.c
ATTEMPT, LIVE = tables.releases.alias("attempt"), tables.releases.alias("live")
# People see nothing of throw-away stagings, and whatever is found for them leaves these out.
SEEN = STAGING.witness_for == ""
PRESENT, DELETED = and_(SEEN, STAGING.deleted_at.is_(None)), and_(SEEN, STAGING.deleted_at.is_not(None))


# --- reading ---------------------------------------------------------------------------------------------------------


async def by_id(connection: AsyncConnection, staging: str) -> Staging | None:
    found = await with_card(connection, staging)
    return found[0] if found else None


async def with_card(connection: AsyncConnection, staging: str) -> tuple[Staging, Posted | None] | None:
    row = (await connection.execute(BY_ID, {"id": staging})).first()
    return (staging_of(row._mapping), _card(row)) if row else None


async def by_ids(connection: AsyncConnection, ids: Sequence[str]) -> Mapping[str, Staging]:
    return {staging.id: staging for staging in await _stagings(connection, STAGING.id.in_(ids))}


async def cards(connection: AsyncConnection, ids: Sequence[str] | None = None) -> Mapping[str, Posted]:
    """Where they are: of these, or of all that are not deleted."""
    meant = PRESENT if ids is None else STAGING.id.in_(ids)
    rows = await connection.execute(select(STAGING.id, STAGING.card_channel, STAGING.card_ts).where(meant))
    return {row.id: Posted(row.card_channel, row.card_ts) for row in rows if row.card_ts}


async def by_name(connection: AsyncConnection, project: str, name: str) -> Staging | None:
    """The one of this name among those not deleted."""
    found = await _stagings(connection, STAGING.project == project, STAGING.name == name, PRESENT)
    return found[0] if found else None


async def of_branch(connection: AsyncConnection, project: str, branch: str) -> Sequence[Staging]:
    """Those of this branch that are not deleted, the oldest first."""
    return await _stagings(connection, STAGING.project == project, STAGING.branch == branch, PRESENT)


async def broken(connection: AsyncConnection, project: str) -> Sequence[Staging]:
    """Those that are called broken, the oldest first."""
    return await _stagings(connection, STAGING.project == project, STAGING.broken_since.is_not(None), PRESENT)


async def waiting(
    connection: AsyncConnection, project: str | None = None, commit: str | None = None
) -> Sequence[Staging]:
    """Those whose newest release waits for its image, throw-away ones too; of this project and commit only, if they are
    named."""
    named = [*([STAGING.project == project] if project else []), *([ATTEMPT.c.commit == commit] if commit else [])]
    found = await _stagings(connection, ATTEMPT.c.awaits != "", STAGING.deleted_at.is_(None), *named)
    return [staging for staging in found if staging.attempt.waiting]


async def gone(connection: AsyncConnection, project: str | None, text: str, limit: int = 50) -> Sequence[Staging]:
    """Deleted ones whose name or branch holds this text, whatever its case: of each name the newest."""
    held = [func.lower(one).contains(text.casefold(), autoescape=True) for one in (STAGING.name, STAGING.branch)]
    fits = or_(STAGING.branch == text, *held)
    named = [STAGING.project == project] if project else []
    where = (STAGING.deleted_at.is_not(None), STAGING.witness_for == "", fits, *named)
    rows = await connection.execute(JOINED.where(*where).order_by(STAGING.created_at.desc()).limit(limit))
    newest: dict[tuple[str, str], Staging] = {}
    for row in rows:
        staging = staging_of(row._mapping)
        newest.setdefault((staging.project, staging.name), staging)
    return list(newest.values())


async def last_deleted(connection: AsyncConnection, project: str, branch: str, name: str | None) -> Staging | None:
    """The deleted one of this branch, and of this name if one is given, whose end was asked for last."""
    named = [STAGING.name == name] if name else []
    found = await _stagings(connection, STAGING.project == project, STAGING.branch == branch, DELETED, *named)
    return max(found, key=lambda staging: staging.delete_asked_at or staging.created_at, default=None)


async def present(connection: AsyncConnection, project: str | None = None) -> Sequence[Staging]:
    """Those not deleted, the oldest first."""
    return await _stagings(connection, PRESENT, *([STAGING.project == project] if project else []))


async def kept(connection: AsyncConnection) -> Sequence[Staging]:
    """All that the engine is to know of: those not deleted, throw-away ones too."""
    return await _stagings(connection, STAGING.deleted_at.is_(None))


async def witnesses(connection: AsyncConnection, ill: str) -> Sequence[Staging]:
    """The throw-away stagings that were made for this one, deleted ones too, the oldest first."""
    return await _stagings(connection, STAGING.witness_for == ill)


async def witnesses_of(connection: AsyncConnection, project: str) -> Sequence[Staging]:
    """The throw-away stagings of the project that are not deleted."""
    return await _stagings(connection, STAGING.project == project, ~SEEN, STAGING.deleted_at.is_(None))


async def names(connection: AsyncConnection) -> Sequence[tuple[str, str, Mapping[str, str]]]:
    """Project, name and URLs of those not deleted, throw-away ones too."""
    return [(row.project, row.name, row.urls) for row in await connection.execute(NAMES)]


async def by_card(connection: AsyncConnection, channel: str, ts: str) -> Staging | None:
    found = await _stagings(connection, STAGING.card_channel == channel, STAGING.card_ts == ts)
    return found[0] if found else None


async def latest_at(connection: AsyncConnection, host: str) -> Staging | None:
    """The newest, deleted ones too, with a URL of this host."""
    part = f"://{host}"
    found = await _stagings(connection, SEEN, cast(STAGING.urls, Text).contains(part, autoescape=True))
    fitting = [s for s in found if any(urlsplit(url).hostname == host for url in s.urls.values())]
    return fitting[-1] if fitting else None


async def serving(connection: AsyncConnection, projects: Collection[str]) -> Mapping[str, int]:
    """Ids and revisions of those of these projects, or with any check that is decided, whose live release serves while
    nothing of them is on its way."""
    rows = await connection.execute(SERVING, {"projects": list(projects)})
    return {id: revision for id, revision in rows}


async def revisions(connection: AsyncConnection, project: str | None = None) -> Mapping[str, int]:
    """Ids and revisions of those not deleted, the oldest first."""
    return {id: revision for id, revision in await connection.execute(REVISIONS, {"project": project})}


async def at(
    connection: AsyncConnection, revisions: Mapping[str, int], known: Mapping[str, Staging]
) -> Mapping[str, Staging]:
    """The stagings of these ids, in this order. Only those are read that are not `known` in these revisions."""
    new = [id for id, revision in revisions.items() if id not in known or known[id].revision != revision]
    read = await by_ids(connection, new) if new else {}
    return {id: read[id] if id in read else known[id] for id in revisions}


async def due(connection: AsyncConnection, now: datetime, limit: int) -> Sequence[str]:
    """Ids of those that the clock should look at."""
    rows = await connection.execute(
        select(STAGING.id).where(STAGING.wake_at <= now).order_by(STAGING.wake_at).limit(limit)
    )
    return [row.id for row in rows]


async def next_due(connection: AsyncConnection) -> datetime | None:
    return (await connection.execute(NEXT_DUE)).scalar()


async def followed_at(connection: AsyncConnection, project: str) -> tuple[str, str] | None:
    """Where the project's repository was when its branches were looked at last, and what made stagings then."""
    known = tables.repositories.c
    row = (await connection.execute(select(known.repo, known.deploy_on).where(known.project == project))).first()
    return (row.repo, row.deploy_on) if row else None


async def seed(connection: AsyncConnection, staging: str) -> str | None:
    """What its generated values are made of, as it was saved (encrypted)."""
    return (await connection.execute(select(STAGING.seed).where(STAGING.id == staging))).scalar()


# --- writing ---------------------------------------------------------------------------------------------------------


async def save(connection: AsyncConnection, staging: Staging) -> None:
    row = staging_row(staging)
    await connection.execute(upsert(tables.stagings, frozenset(row)), row)
    if staging.wake_at:
        tell(connection, [Line.CLOCK])


async def sow(connection: AsyncConnection, staging: str, seed: str) -> None:
    """Its first seed stays. `seed`: encrypted."""
    unsown = (STAGING.id == staging) & STAGING.seed.is_(None)
    await connection.execute(update(tables.stagings).where(unsown).values(seed=seed))


async def follow_at(connection: AsyncConnection, project: str, repo: str, deploy_on: str) -> None:
    """Note where the project's repository is, and what makes stagings."""
    now = {"repo": repo, "deploy_on": deploy_on}
    here = insert(tables.repositories).values(project=project, **now)
    await connection.execute(here.on_conflict_do_update(index_elements=["project"], set_=now))


async def forget_heads(connection: AsyncConnection, project: str) -> None:
    anew = {"head": "", "revision": STAGING.revision + 1}
    await connection.execute(update(tables.stagings).where(STAGING.project == project).values(anew))


async def save_card(connection: AsyncConnection, staging: str, card: Posted | None) -> None:
    await connection.execute(
        update(tables.stagings)
        .where(STAGING.id == staging)
        .values(card_channel=card.channel if card else None, card_ts=card.ts if card else None)
    )


# --- rows to facts ---------------------------------------------------------------------------------------------------


async def _stagings(connection: AsyncConnection, *where: ColumnElement[bool]) -> Sequence[Staging]:
    rows = await connection.execute(JOINED.where(*where).order_by(STAGING.created_at, STAGING.id))
    return [staging_of(row._mapping) for row in rows]


def _joined() -> Select[Any]:
    releases = [alias.c[name].label(f"{alias.name}.{name}") for alias in (ATTEMPT, LIVE) for name in RELEASE_COLUMNS]
    joined = tables.stagings.join(ATTEMPT, ATTEMPT.c.id == STAGING.attempt_id).outerjoin(
        LIVE, LIVE.c.id == STAGING.live_id
    )
    own = [STAGING[name] for name in (*STAGING_COLUMNS, "card_channel", "card_ts")]
    return select(*own, *releases).select_from(joined)


# Made once: to make them takes longer than to run them.
JOINED = _joined()
BY_ID = JOINED.where(STAGING.id == bindparam("id"))
NAMES = select(STAGING.project, STAGING.name, STAGING.urls).where(STAGING.deleted_at.is_(None))
REVISIONS = (
    select(STAGING.id, STAGING.revision)
    .where(PRESENT, STAGING.project == func.coalesce(bindparam("project"), STAGING.project))
    .order_by(STAGING.created_at, STAGING.id)
)
SERVING = (
    select(STAGING.id, STAGING.revision)
    .select_from(tables.stagings.join(ATTEMPT, ATTEMPT.c.id == STAGING.attempt_id))
    .where(STAGING.deleted_at.is_(None), STAGING.desired == Desired.PRESENT.value, STAGING.waking.is_(None))
    .where(STAGING.serving == STAGING.live_id, ATTEMPT.c.stage.not_in([one.value for one in Stage if one.under_way]))
    .where(or_(STAGING.project.in_(bindparam("projects", expanding=True)), cast(STAGING.checks, Text) != "[]"))
    .order_by(STAGING.created_at, STAGING.id)
)
NEXT_DUE = select(STAGING.wake_at).where(STAGING.wake_at.is_not(None)).order_by(STAGING.wake_at).limit(1)


def _card(row: Row[Any]) -> Posted | None:
    return Posted(row.card_channel, row.card_ts) if row.card_ts else None
