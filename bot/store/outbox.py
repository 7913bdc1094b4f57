"""What waits for Slack: which of it may go now, in what order, and what is needed to send it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from bot.domain.events import NoticeKind, Target, Where
from bot.ports import Letter, Posted
from bot.store import queue
from bot.store.queue import NOW, Claim, is_due
from bot.store.tables import homes, notices, releases, requests, stagings, targets

EARLIER, ALERT = notices.alias("earlier"), notices.alias("alert")
THREAD, PRIVATE = Where.THREAD.value, Where.PRIVATE.value
FOLLOWS = {
    **dict.fromkeys((Where.ALERT_EDIT.value, Where.ALERT_THREAD.value), Where.ALERTS.value),
    **dict.fromkeys((Where.INCIDENT_EDIT.value, Where.INCIDENT_THREAD.value), Where.INCIDENT.value),
}
EDITS = (Where.ALERT_EDIT.value, Where.INCIDENT_EDIT.value)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something that waits for Slack, before it is claimed. `posts`: a new message, else an edit, or a Home."""

    table: str
    key: tuple[Any, ...]
    project: str | None
    where: Where | None
    posts: bool


async def outgoing(connection: AsyncConnection, now: datetime, limit: int) -> Sequence[Outgoing]:
    """The most important first: new cards, then notices, then edits of cards, then progress, then Homes."""
    rows = (await connection.execute(OUTGOING, {"now": now, "limit": limit})).all()
    return [_outgoing(row) for row in sorted(rows, key=lambda row: (_rank(row), row.at or "", row.key))]


def _rank(row: Row[Any]) -> int:
    if row.kind == Target.CARD.value:
        return 2 if row.posted else 0
    return {"notices": 1, Target.PROGRESS.value: 3, "homes": 4}[row.kind]


def _outgoing(row: Row[Any]) -> Outgoing:
    match row.kind:
        case "notices":
            return Outgoing("notices", (row.key,), row.project, Where(row.where), row.where not in EDITS)
        case "homes":
            return Outgoing("homes", (row.key,), None, None, False)
        case kind:
            return Outgoing("targets", (row.key, kind), row.project, None, row.posted is None)


def _all_outgoing() -> Select[Any]:
    """Each kind has its own limit, so none hides another."""
    kinds = (_targets_due(Target.CARD), _notices_due(), _targets_due(Target.PROGRESS), _homes_due())
    return select(union_all(*(select(kind.subquery()) for kind in kinds)).subquery())


def _targets_due(kind: Target) -> Select[Any]:
    """Progress waits for the card: it lives in its thread."""
    posted = stagings.c.card_ts if kind is Target.CARD else releases.c.progress_ts
    parent = [] if kind is Target.CARD else [stagings.c.card_ts.is_not(None)]
    joined = targets.join(stagings).join(releases, releases.c.id == stagings.c.attempt_id)
    found = _columns(kind.value, targets.c.staging_id, stagings.c.project, NOTHING, posted, targets.c.due_at)
    return (
        found.select_from(joined)
        .where(targets.c.kind == kind.value, is_due("targets"), *parent)
        .order_by(targets.c.due_at)
        .limit(LIMIT)
    )


def _homes_due() -> Select[Any]:
    found = _columns("homes", homes.c.user, NOTHING, NOTHING, NOTHING, homes.c.due_at)
    return found.where(is_due("homes")).order_by(homes.c.due_at).limit(LIMIT)


def _notices_due() -> Select[Any]:
    """The first open one of each lane; in a thread, or with a link to it, once the card is there. In their order."""
    earlier = exists().where(
        EARLIER.c.lane == notices.c.lane,
        EARLIER.c.id < notices.c.id,
        EARLIER.c.sent_at.is_(None),
        EARLIER.c.dropped_at.is_(None),
    )
    of_card = and_(notices.c.where.in_([THREAD, PRIVATE]), notices.c.staging_id.is_not(None))
    of_project = func.coalesce(stagings.c.project, notices.c.project)
    parented = or_(~of_card, stagings.c.card_ts.is_not(None))
    return (
        _columns("notices", notices.c.id, of_project, notices.c.where, NOTHING, NOTHING)
        .select_from(notices.outerjoin(stagings))
        .where(is_due("notices"), ~earlier, parented)
        .order_by(notices.c.id)
        .limit(LIMIT)
    )


def _columns(kind: str, *others: ColumnElement[Any]) -> Select[Any]:
    """Read as SQLite has them: what is a time here is none in another kind."""
    names = ("key", "project", "where", "posted", "at")
    plain: list[ColumnElement[Any]] = [literal_column(f"'{kind}'").label("kind")]
    plain += [type_coerce(column, NullType()).label(name) for name, column in zip(names, others, strict=True)]
    return select(*plain)


def _next_due() -> Select[Any]:
    queries = [
        *queue.due_queries("notices", notices.c.due_at > NOW),
        *queue.due_queries("homes", homes.c.due_at > NOW),
    ]
    for kind in (Target.CARD, Target.PROGRESS):
        queries += queue.due_queries("targets", and_(queue.of_kind(kind), targets.c.due_at > NOW))
    return queue.one_of(queries)


# Made once: to make them takes as long as to run them, and they are run after every change.
LIMIT: BindParameter[int] = bindparam("limit", type_=Integer())
NOTHING: ColumnElement[Any] = literal_column("NULL")
OUTGOING, NEXT_DUE = _all_outgoing(), _next_due()


async def next_due(connection: AsyncConnection, now: datetime) -> datetime | None:
    """When something that may not go yet, because of a back-off, a lease or the pace of edits, will be due."""
    return queue.earliest((await connection.execute(NEXT_DUE, {"now": now})).one())


def _letter() -> Select[Any]:
    return (
        select(notices, stagings.c.card_channel, stagings.c.card_ts, requests.c.response_url)
        .add_columns(requests.c.view_id, requests.c.user, requests.c.channel.label("asked_in"))
        .add_columns(requests.c.thread_ts.label("asked_thread"))
        .select_from(notices.outerjoin(stagings).outerjoin(requests))
        .where(notices.c.id == bindparam("notice"))
    )


LETTER = _letter()


async def letter(connection: AsyncConnection, claim: Claim) -> tuple[Letter, str | None]:
    """The claimed notice and its staging's id. Its parent is the newest alert for what follows one, else the card.

    An alert that was dropped is nobody's parent, and neither is an older one: that told of another breakage.
    """
    row = (await connection.execute(LETTER, {"notice": claim.key[0]})).one()
    alert = row
    if row.where in FOLLOWS:
        found = select(ALERT.c.channel.label("card_channel"), ALERT.c.ts.label("card_ts"))
        earlier = (ALERT.c.lane == row.lane, ALERT.c.where == FOLLOWS[row.where], ALERT.c.id < row.id)
        alert = (await connection.execute(found.where(*earlier).order_by(ALERT.c.id.desc()).limit(1))).first()
    made = Letter(
        key=f"notice-{row.id}",
        kind=NoticeKind(row.kind),
        where=Where(row.where),
        facts=row.facts,
        since=row.created_at,
        card=_posted(row),
        parent=_posted(alert),
        response_url=row.response_url,
        view_id=row.view_id,
        user=row.user,
        asked_in=row.asked_in,
        asked_thread=row.asked_thread,
    )
    return made, row.staging_id


def _posted(row: Any) -> Posted | None:
    return Posted(row.card_channel, row.card_ts) if row and row.card_ts else None
