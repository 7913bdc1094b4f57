"""What waits for Slack: which of it may go now, in what order, and what is needed to send it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.events import NoticeKind, Target, Where
from bot.ports import Letter, Posted
from bot.store import queue
from bot.store.queue import OPEN, Claim, is_free
from bot.store.tables import Utc, homes, notices, releases, requests, stagings, targets

EARLIER, ALERT = notices.alias("earlier"), notices.alias("alert")
THREAD, PRIVATE = Where.THREAD.value, Where.PRIVATE.value
FOLLOWS_ALERT = (Where.ALERT_EDIT.value, Where.ALERT_THREAD.value)


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
    if not (await connection.execute(ANY_DUE, {"now": now})).scalar_one():
        return ()
    cards = await _targets(connection, Target.CARD, now, limit)
    told = await _notices(connection, now, limit)
    progress = await _targets(connection, Target.PROGRESS, now, limit)
    posted = [card for card in cards if card.posts]
    edited = [card for card in cards if not card.posts]
    return [*posted, *told, *edited, *progress, *await _homes(connection, now, limit)]


async def _targets(connection: AsyncConnection, kind: Target, now: datetime, limit: int) -> Sequence[Outgoing]:
    rows = await connection.execute(TARGETS_DUE[kind], {"now": now, "limit": limit})
    return [Outgoing("targets", (row.staging_id, kind.value), row.project, None, row.posted is None) for row in rows]


def _targets_due(kind: Target) -> Select[Any]:
    """Progress waits for the card: it lives in its thread."""
    posted = stagings.c.card_ts if kind is Target.CARD else releases.c.progress_ts
    parent = [] if kind is Target.CARD else [stagings.c.card_ts.is_not(None)]
    joined = targets.join(stagings).join(releases, releases.c.id == stagings.c.attempt_id)
    return (
        select(targets.c.staging_id, stagings.c.project, posted.label("posted"))
        .select_from(joined)
        .where(targets.c.kind == kind.value, _due("targets"), *parent)
        .order_by(targets.c.due_at)
        .limit(LIMIT)
    )


async def _homes(connection: AsyncConnection, now: datetime, limit: int) -> Sequence[Outgoing]:
    rows = await connection.execute(HOMES_DUE, {"now": now, "limit": limit})
    return [Outgoing("homes", (row.user,), None, None, False) for row in rows]


async def _notices(connection: AsyncConnection, now: datetime, limit: int) -> Sequence[Outgoing]:
    rows = await connection.execute(NOTICES_DUE, {"now": now, "limit": limit})
    return [
        Outgoing("notices", (row.id,), row.project, Where(row.where), row.where != Where.ALERT_EDIT.value)
        for row in rows
    ]


def _notices_due() -> Select[Any]:
    """The first open one of each lane; in a thread, or with a link to it, once the card is there."""
    earlier = exists().where(
        EARLIER.c.lane == notices.c.lane,
        EARLIER.c.id < notices.c.id,
        EARLIER.c.sent_at.is_(None),
        EARLIER.c.dropped_at.is_(None),
    )
    of_card = and_(notices.c.where.in_([THREAD, PRIVATE]), notices.c.staging_id.is_not(None))
    parented = or_(~of_card, stagings.c.card_ts.is_not(None))
    return (
        select(notices.c.id, notices.c.where, stagings.c.project)
        .select_from(notices.outerjoin(stagings))
        .where(_due("notices"), ~earlier, parented)
        .order_by(notices.c.id)
        .limit(LIMIT)
    )


def _due(table: str) -> ColumnElement[bool]:
    of = queue.TABLES[table]
    return and_(OPEN[table], of.c.due_at <= NOW, is_free(of, NOW))


def _any_due() -> Select[Any]:
    """Whether there is anything to look for more closely; mostly there is not."""
    kinds = or_(queue.of_kind(Target.CARD), queue.of_kind(Target.PROGRESS))
    tables = (exists().where(_due(table)) for table in ("notices", "homes"))
    return select(or_(exists().where(kinds, _due("targets")), *tables))


def _next_due() -> Select[Any]:
    queries = [
        *queue.due_queries("notices", notices.c.due_at > NOW),
        *queue.due_queries("homes", homes.c.due_at > NOW),
    ]
    for kind in (Target.CARD, Target.PROGRESS):
        queries += queue.due_queries("targets", and_(queue.of_kind(kind), targets.c.due_at > NOW))
    return queue.one_of(queries)


def _homes_due() -> Select[Any]:
    return select(homes.c.user).where(_due("homes")).order_by(homes.c.due_at).limit(LIMIT)


# Made once: to make them takes as long as to run them, and they are run after every change.
NOW, LIMIT = bindparam("now", type_=Utc()), bindparam("limit", type_=Integer())
TARGETS_DUE = {kind: _targets_due(kind) for kind in (Target.CARD, Target.PROGRESS)}
NOTICES_DUE, HOMES_DUE, ANY_DUE, NEXT_DUE = _notices_due(), _homes_due(), _any_due(), _next_due()


async def next_due(connection: AsyncConnection, now: datetime) -> datetime | None:
    """When something that may not go yet, because of a back-off, a lease or the pace of edits, will be due."""
    return queue.earliest((await connection.execute(NEXT_DUE, {"now": now})).one())


async def letter(connection: AsyncConnection, claim: Claim) -> tuple[Letter, str | None]:
    """The claimed notice and its staging's id. Its parent is the newest alert for what follows one, else the card.

    An alert that was dropped is nobody's parent, and neither is an older one: that told of another breakage.
    """
    joined = notices.outerjoin(stagings).outerjoin(requests)
    row = (
        await connection.execute(
            select(notices, stagings.c.card_channel, stagings.c.card_ts, requests.c.response_url)
            .add_columns(requests.c.view_id, requests.c.user, requests.c.channel.label("asked_in"))
            .add_columns(requests.c.thread_ts.label("asked_thread"))
            .select_from(joined)
            .where(notices.c.id == claim.key[0])
        )
    ).one()
    alert = (
        await connection.execute(
            select(ALERT.c.channel.label("card_channel"), ALERT.c.ts.label("card_ts"))
            .where(ALERT.c.lane == row.lane, ALERT.c.where == Where.ALERTS.value, ALERT.c.id < row.id)
            .order_by(ALERT.c.id.desc())
            .limit(1)
        )
    ).first()
    made = Letter(
        key=f"notice-{row.id}",
        kind=NoticeKind(row.kind),
        where=Where(row.where),
        facts=row.facts,
        since=row.created_at,
        card=_posted(row),
        parent=_posted(alert) if row.where in FOLLOWS_ALERT else _posted(row),
        response_url=row.response_url,
        view_id=row.view_id,
        user=row.user,
        asked_in=row.asked_in,
        asked_thread=row.asked_thread,
    )
    return made, row.staging_id


def _posted(row: Any) -> Posted | None:
    return Posted(row.card_channel, row.card_ts) if row and row.card_ts else None
