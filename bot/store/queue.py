"""Work that was saved and not done yet: requests, targets, notices and Homes, claimed with leases.

A claim names its owner; finishing is fenced by it, so whoever lost a lease cannot report. `tries` counts claims since
an outcome was last known: a claim with more than one may be a repetition of something that was done already.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    case,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from bot import written
from bot.domain.events import Notice, Target, Where
from bot.store.news import Line, tell
from bot.store.tables import Utc, homes, notices, requests, targets

OPEN: Mapping[str, ColumnElement[bool]] = {
    "requests": requests.c.done_at.is_(None),
    "targets": targets.c.wanted > targets.c.done,
    "homes": homes.c.wanted > homes.c.done,
    "notices": and_(notices.c.sent_at.is_(None), notices.c.dropped_at.is_(None)),
}
KEYS: Mapping[str, Sequence[str]] = {
    "requests": ("id",),
    "targets": ("staging_id", "kind"),
    "homes": ("user",),
    "notices": ("id",),
}
LINES: Mapping[Target, Line] = {Target.ENGINE: Line.ENGINE, Target.HOST: Line.HOST, Target.FINDING: Line.FINDING}
NOW = bindparam("now", type_=Utc())
TABLES: Mapping[str, Table] = {"requests": requests, "targets": targets, "homes": homes, "notices": notices}


@dataclass(frozen=True, slots=True)
class Claim:
    """One piece of work, ours until the lease ends. `unsure`: it may have been done before."""

    table: str
    key: tuple[Any, ...]
    owner: str
    tries: int
    failures: int
    wanted: int = 0

    @property
    def unsure(self) -> bool:
        return self.tries > 1

    @property
    def staging(self) -> str:
        """Of a target."""
        return str(self.key[0])


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for in Slack, understood: `command` is canonical text of the grammar.

    `response_url` or `view_id`: where a private answer can be told, besides the channel.
    """

    id: str
    command: str
    user: str
    channel: str
    received_at: datetime
    thread_ts: str | None = None
    response_url: str | None = None
    view_id: str | None = None


# --- putting work in -------------------------------------------------------------------------------------------------


async def add_request(connection: AsyncConnection, request: Request, done: bool) -> bool:
    """False if this Slack id was seen before. `done`: it was answered at once and is kept only to be recognised."""
    row = {
        "id": request.id,
        "command": request.command,
        "user": request.user,
        "channel": request.channel,
        "thread_ts": request.thread_ts,
        "response_url": request.response_url,
        "view_id": request.view_id,
        "received_at": request.received_at,
        "due_at": request.received_at,
        "done_at": request.received_at if done else None,
    }
    result = await connection.execute(ADD_REQUEST, row)
    tell(connection, [Line.REQUESTS])
    return result.rowcount == 1


# Statements are made once: to make them takes longer than to run them.
ADD_REQUEST = insert(requests).on_conflict_do_nothing()


async def want(connection: AsyncConnection, staging: str, kinds: Sequence[Target], now: datetime) -> None:
    """Something changed: reconcile these to the newest. A back-off ends with it; the pace of edits stays."""
    if not kinds:
        return
    rows = [{"staging_id": staging, "kind": kind.value, "wanted": 1, "done": 0, "due_at": now} for kind in kinds]
    await connection.execute(WANT, rows)
    tell(connection, {LINES.get(kind, Line.SLACK) for kind in kinds})


def _want() -> Insert:
    statement = insert(targets)
    news = {
        "wanted": targets.c.wanted + 1,
        "due_at": case((targets.c.failures > 0, statement.excluded.due_at), else_=targets.c.due_at),
        "failures": 0,
    }
    return statement.on_conflict_do_update(index_elements=["staging_id", "kind"], set_=news)


WANT = _want()


async def add_notices(
    connection: AsyncConnection,
    staging: str | None,
    request: str | None,
    new: Sequence[Notice],
    now: datetime,
    project: str | None = None,
) -> None:
    """`project`: of what is told in its channel."""
    rows = [
        {
            "lane": _lane(notice, staging, request, project),
            "staging_id": staging,
            "request_id": request,
            "project": project,
            "kind": notice.kind.value,
            "where": notice.where.value,
            "facts": written.facts_json(notice.facts),
            "created_at": now,
            "due_at": now,
        }
        for notice in new
    ]
    if rows:
        await connection.execute(ADD_NOTICES, rows)
        tell(connection, [Line.SLACK])


ADD_NOTICES = insert(notices)


def _lane(notice: Notice, staging: str | None, request: str | None, project: str | None) -> str:
    """Messages of one lane are sent in order; lanes do not wait for each other."""
    match notice.where:
        case Where.THREAD:
            return f"thread {staging}"
        case Where.OWNER:
            return f"owner {staging}"
        case Where.PRIVATE:
            return f"private {request}"
        case Where.PROJECT:
            return f"project {staging}"
        case Where.CHANNEL:
            return f"channel {project}"
        case Where.INCIDENT | Where.INCIDENT_EDIT | Where.INCIDENT_THREAD:
            return f"incident {notice.facts['incident']}"
        case _:
            return f"alerts {staging}"


# --- taking it out ---------------------------------------------------------------------------------------------------


async def claim(
    connection: AsyncConnection,
    table: str,
    now: datetime,
    owner: str,
    until: datetime,
    limit: int,
    kind: Target | None = None,
) -> Sequence[Claim]:
    """Take what is due, up to `limit`, for `owner` until then. `kind`: only such targets."""
    values = {"now": now, "owner": owner, "until": until, "limit": limit}
    rows = await connection.execute(_claim(table, kind), values)
    return [_claimed(table, row) for row in rows]


async def claim_this(
    connection: AsyncConnection, table: str, key: tuple[Any, ...], now: datetime, owner: str, until: datetime
) -> Claim | None:
    """Take this one, unless it is not due, or somebody else has it."""
    values = {"now": now, "owner": owner, "until": until, **_key_values(table, key)}
    row = (await connection.execute(_claim_this(table), values)).first()
    return _claimed(table, row) if row else None


@cache
def _claim(table: str, kind: Target | None) -> ReturningUpdate[Any]:
    of = TABLES[table]
    key = [of.c[name] for name in KEYS[table]]
    chosen = select(*key).where(is_due(table), *([of_kind(kind)] if kind else [])).order_by(of.c.due_at)
    return _taken(table, tuple_(*key).in_(chosen.limit(bindparam("limit", type_=Integer()))))


@cache
def _claim_this(table: str) -> ReturningUpdate[Any]:
    return _taken(table, and_(_is_key(table), is_due(table)))


def _taken(table: str, where: ColumnElement[bool]) -> ReturningUpdate[Any]:
    of = TABLES[table]
    values = {"lease_owner": bindparam("owner"), "lease_until": bindparam("until"), "tries": of.c.tries + 1}
    return update(of).where(where).values(values).returning(of)


def is_due(table: str) -> ColumnElement[bool]:
    """And free: nobody has it, or his lease is over."""
    of = TABLES[table]
    return and_(OPEN[table], of.c.due_at <= NOW, or_(of.c.lease_until.is_(None), of.c.lease_until <= NOW))


def _claimed(table: str, row: Row[Any]) -> Claim:
    key = tuple(getattr(row, name) for name in KEYS[table])
    return Claim(table, key, row.lease_owner, row.tries, row.failures, getattr(row, "wanted", 0))


def of_kind(kind: Target) -> ColumnElement[bool]:
    return targets.c.kind == kind.value


def _is_key(table: str) -> ColumnElement[bool]:
    return and_(*(TABLES[table].c[name] == bindparam(f"key_{name}") for name in KEYS[table]))


def _key_values(table: str, key: tuple[Any, ...]) -> Mapping[str, Any]:
    return {f"key_{name}": value for name, value in zip(KEYS[table], key, strict=True)}


async def finish(connection: AsyncConnection, claim: Claim, now: datetime, note: str = "", **values: Any) -> bool:
    """Done; `note` is kept. False if the lease was lost meanwhile: then the caller must save nothing."""
    match claim.table:
        case "targets" | "homes":
            values["done"] = claim.wanted
        case "requests":
            values["done_at"] = now
        case _:
            values.setdefault("sent_at", now)
    return await _set(connection, claim, tries=0, failures=0, error=note, **values)


async def holds(connection: AsyncConnection, claim: Claim) -> bool:
    """Whether the lease is still the claimant's."""
    found = await connection.execute(_held(claim.table), _held_values(claim))
    return found.first() is not None


async def put_back(
    connection: AsyncConnection, claim: Claim, due_at: datetime, error: str, *, known: bool, failed: bool = True
) -> bool:
    """Not done. `known`: surely not by this claim, so the next one need not look for it (unless this one had to)."""
    values = {"due_at": due_at, "error": error, "failures": claim.failures + 1 if failed else claim.failures}
    if known:
        values["tries"] = claim.tries - 1
    return await _set(connection, claim, **values)


async def _set(connection: AsyncConnection, claim: Claim, **values: Any) -> bool:
    statement = _update_held(claim.table, frozenset(values))
    named = {f"new_{name}": value for name, value in values.items()}
    return (await connection.execute(statement, {**named, **_held_values(claim)})).rowcount == 1


def _is_held(table: str) -> ColumnElement[bool]:
    return and_(_is_key(table), TABLES[table].c.lease_owner == bindparam("owner"))


def _held_values(claim: Claim) -> Mapping[str, Any]:
    return {"owner": claim.owner, **_key_values(claim.table, claim.key)}


@cache
def _held(table: str) -> Select[Any]:
    return select(TABLES[table].c.lease_owner).where(_is_held(table))


@cache
def _update_held(table: str, names: frozenset[str]) -> Update:
    of = TABLES[table]
    new = {name: bindparam(f"new_{name}", type_=of.c[name].type) for name in sorted(names)}
    return update(of).where(_is_held(table)).values(lease_owner=None, lease_until=None, **new)


async def free_all(connection: AsyncConnection, now: datetime) -> None:
    """At start, when nobody else can be alive: leases of a dead owner end, and its back-offs too. `tries` stays."""
    for of in TABLES.values():
        await connection.execute(
            update(of).values(lease_owner=None, lease_until=None, due_at=now).where(of.c.due_at > now)
        )
        await connection.execute(
            update(of).values(lease_owner=None, lease_until=None).where(of.c.lease_owner.is_not(None))
        )


async def wanted(connection: AsyncConnection, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
    """The newest wanted revision of these targets."""
    key = tuple_(targets.c.staging_id, targets.c.kind)
    rows = await connection.execute(select(targets.c.staging_id, targets.c.kind, targets.c.wanted).where(key.in_(keys)))
    return {(row.staging_id, row.kind): row.wanted for row in rows}


async def next_due(connection: AsyncConnection, table: str, kind: Target | None = None) -> datetime | None:
    """When the earliest open work of this table, targets of this kind, is due (its lease over, if it is leased)."""
    return earliest((await connection.execute(_next_due(table, kind))).one())


@cache
def _next_due(table: str, kind: Target | None) -> Select[Any]:
    return one_of(due_queries(table, of_kind(kind) if kind else None))


def due_queries(table: str, where: ColumnElement[bool] | None = None) -> Sequence[Select[Any]]:
    """When open work of this table is due, free and leased."""
    of = TABLES[table]
    conditions = [OPEN[table], *([where] if where is not None else [])]
    free = select(of.c.due_at).where(*conditions, of.c.lease_until.is_(None)).order_by(of.c.due_at).limit(1)
    leased = (
        select(of.c.lease_until).where(*conditions, of.c.lease_until.is_not(None)).order_by(of.c.lease_until).limit(1)
    )
    return free, leased


def one_of(queries: Sequence[Select[Any]]) -> Select[Any]:
    """All by one statement. Made once and kept: the pumps ask after every change, and making it costs as much."""
    return select(*(query.scalar_subquery() for query in queries))


def earliest(times: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in times if at), default=None)


REQUEST = select(requests).where(requests.c.id == bindparam("request"))


async def request(connection: AsyncConnection, id: str) -> Request | None:
    row = (await connection.execute(REQUEST, {"request": id})).first()
    if row is None:
        return None
    where = (row.thread_ts, row.response_url, row.view_id)
    return Request(row.id, row.command, row.user, row.channel, row.received_at, *where)
