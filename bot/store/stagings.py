"""Stagings, their releases and their journal: rows to facts and back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import written
from bot.domain.configuration import Overrides, Secret
from bot.domain.hearsay import CiRun, CiState
from bot.domain.model import Build, Desired, Ending, Health, Pull, Release, Stage, Staging, WitnessOf, WorkloadProgress
from bot.ports import Posted
from bot.store import tables
from bot.store.news import Line, tell

STAGING, RELEASE = tables.stagings.c, tables.releases.c
ATTEMPT, LIVE = tables.releases.alias("attempt"), tables.releases.alias("live")
RELEASE_COLUMNS = tuple(c.name for c in tables.releases.c if c.name not in ("objects", "progress_ts", "progress_done"))
_ELSEWHERE = ("attempt_id", "live_id", "card_channel", "card_ts", "seed")
_TIMES = ("started_at", "at")  # of a run of CI
# People see nothing of throw-away stagings, and whatever is found for them leaves these out.
SEEN = STAGING.witness_for == ""
PRESENT, DELETED = and_(SEEN, STAGING.deleted_at.is_(None)), and_(SEEN, STAGING.deleted_at.is_not(None))
PLAIN = tuple(c.name for c in tables.stagings.c if c.name not in _ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Progress:
    """A release whose progress message is not final yet; `ts` is None before it is posted."""

    release: Release
    ts: str | None


@dataclass(frozen=True, slots=True)
class JournalLine:
    at: datetime
    actor: str
    what: str
    why: str


# --- reading ---------------------------------------------------------------------------------------------------------


async def by_id(connection: AsyncConnection, staging: str) -> Staging | None:
    found = await with_card(connection, staging)
    return found[0] if found else None


async def with_card(connection: AsyncConnection, staging: str) -> tuple[Staging, Posted | None] | None:
    row = (await connection.execute(BY_ID, {"id": staging})).first()
    return (_staging(row._mapping), _card(row)) if row else None


async def by_ids(connection: AsyncConnection, ids: Sequence[str]) -> Mapping[str, Staging]:
    return {staging.id: staging for staging in await _stagings(connection, STAGING.id.in_(ids))}


async def by_name(connection: AsyncConnection, project: str, name: str) -> Staging | None:
    """The one of this name among those not deleted."""
    found = await _stagings(connection, STAGING.project == project, STAGING.name == name, PRESENT)
    return found[0] if found else None


async def of_branch(connection: AsyncConnection, project: str, branch: str) -> Sequence[Staging]:
    """Those of this branch that are not deleted, the oldest first."""
    return await _stagings(connection, STAGING.project == project, STAGING.branch == branch, PRESENT)


async def broken(connection: AsyncConnection, project: str) -> Sequence[Staging]:
    """Those that are called broken, the oldest first."""
    return [staging for staging, _ in await broken_with_cards(connection, project)]


async def broken_with_cards(connection: AsyncConnection, project: str) -> Sequence[tuple[Staging, Posted | None]]:
    rows = await _rows(connection, STAGING.project == project, STAGING.broken_since.is_not(None), PRESENT)
    return [(_staging(row._mapping), _card(row)) for row in rows]


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
        staging = _staging(row._mapping)
        newest.setdefault((staging.project, staging.name), staging)
    return list(newest.values())


async def last_deleted(connection: AsyncConnection, project: str, branch: str, name: str | None) -> Staging | None:
    """The deleted one of this branch, and of this name if one is given, whose end was asked for last."""
    named = [STAGING.name == name] if name else []
    found = await _stagings(connection, STAGING.project == project, STAGING.branch == branch, DELETED, *named)
    return max(found, key=lambda staging: staging.delete_asked_at or staging.created_at, default=None)


async def present(connection: AsyncConnection, project: str | None = None) -> Sequence[Staging]:
    """Those not deleted, the oldest first."""
    return [staging for staging, _ in await present_with_cards(connection, project)]


async def present_with_cards(
    connection: AsyncConnection, project: str | None = None
) -> Sequence[tuple[Staging, Posted | None]]:
    of_project = [STAGING.project == project] if project else []
    rows = await _rows(connection, PRESENT, *of_project)
    return [(_staging(row._mapping), _card(row)) for row in rows]


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
    return {row.id: row.revision for row in rows}


async def revisions(connection: AsyncConnection, project: str) -> Mapping[str, int]:
    """Ids and revisions of those of the project that are not deleted, the oldest first."""
    return {row.id: row.revision for row in await connection.execute(REVISIONS, {"project": project})}


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


async def unfinished_progress(connection: AsyncConnection, staging: str) -> Sequence[Progress]:
    """The releases whose progress messages are not final yet, the oldest first."""
    rows = await connection.execute(
        select(tables.releases)
        .where(RELEASE.staging_id == staging, RELEASE.progress_done.is_(False))
        .order_by(RELEASE.number)
    )
    return [Progress(_release(dict(row._mapping)), row.progress_ts) for row in rows]


async def release(connection: AsyncConnection, release: str) -> Release | None:
    row = (await connection.execute(select(tables.releases).where(RELEASE.id == release))).first()
    return _release(dict(row._mapping)) if row else None


async def last_good(connection: AsyncConnection, staging: Staging) -> Release | None:
    """The newest release that went live, before the newest of all."""
    good = (RELEASE.staging_id == staging.id, RELEASE.stage == Stage.LIVE.value, RELEASE.id != staging.attempt.id)
    found = select(tables.releases).where(*good).order_by(RELEASE.number.desc()).limit(1)
    row = (await connection.execute(found)).first()
    return _release(dict(row._mapping)) if row else None


async def overrides_since(connection: AsyncConnection, staging: str, first: str) -> Sequence[tuple[str, Overrides]]:
    """Those of this release and of all later ones, each with its actor. Without such a release: of all."""
    number = select(RELEASE.number).where(RELEASE.id == first, RELEASE.staging_id == staging).scalar_subquery()
    rows = await connection.execute(
        select(RELEASE.actor, RELEASE.overrides)
        .where(RELEASE.staging_id == staging, RELEASE.number >= func.coalesce(number, 0))
        .order_by(RELEASE.number)
    )
    return [(row.actor, _overrides(row.overrides)) for row in rows]


async def objects(connection: AsyncConnection, release: str) -> str | None:
    """The rendered objects as they were saved (sealed JSON), or None before rendering."""
    row = (await connection.execute(select(RELEASE.objects).where(RELEASE.id == release))).first()
    return row.objects if row else None


async def were_live(connection: AsyncConnection, staging: str) -> Sequence[Release]:
    """Its releases that ever were live, the newest first."""
    rows = await connection.execute(
        select(tables.releases)
        .where(RELEASE.staging_id == staging, RELEASE.stage == Stage.LIVE.value)
        .order_by(RELEASE.number.desc())
    )
    return [_release(dict(row._mapping)) for row in rows]


async def releases(connection: AsyncConnection, staging: str) -> Sequence[Release]:
    """All of it, the newest first."""
    rows = await connection.execute(
        select(tables.releases).where(RELEASE.staging_id == staging).order_by(RELEASE.number.desc())
    )
    return [_release(dict(row._mapping)) for row in rows]


async def followed_at(connection: AsyncConnection, project: str) -> tuple[str, str] | None:
    """Where the project's repository was when its branches were looked at last, and what made stagings then."""
    known = tables.repositories.c
    row = (await connection.execute(select(known.repo, known.deploy_on).where(known.project == project))).first()
    return (row.repo, row.deploy_on) if row else None


async def seed(connection: AsyncConnection, staging: str) -> str | None:
    """What its generated values are made of, as it was saved (encrypted)."""
    return (await connection.execute(select(STAGING.seed).where(STAGING.id == staging))).scalar()


async def journal(
    connection: AsyncConnection, staging: str, limit: int = 10, before: datetime | None = None
) -> Sequence[JournalLine]:
    """The newest lines (of before this time), newest first."""
    line = tables.journal.c
    earlier = [line.at < before] if before else []
    rows = await connection.execute(
        select(tables.journal).where(line.staging_id == staging, *earlier).order_by(line.id.desc()).limit(limit)
    )
    return [JournalLine(row.at, row.actor, row.what, row.why) for row in rows]


async def journal_at(connection: AsyncConnection, staging: str, what: str) -> datetime | None:
    """When this happened to it last."""
    line = tables.journal.c
    newest = select(line.at).where(line.staging_id == staging, line.what == what).order_by(line.id.desc()).limit(1)
    return (await connection.execute(newest)).scalar()


async def journal_since(
    connection: AsyncConnection, staging: str, since: datetime, limit: int = 500
) -> Sequence[JournalLine]:
    """The newest lines since then, the oldest first."""
    line = tables.journal.c
    rows = await connection.execute(
        select(tables.journal).where(line.staging_id == staging, line.at >= since).order_by(line.id.desc()).limit(limit)
    )
    return [JournalLine(row.at, row.actor, row.what, row.why) for row in rows][::-1]


# --- writing ---------------------------------------------------------------------------------------------------------


async def save(connection: AsyncConnection, staging: Staging) -> None:
    row = {name: getattr(staging, name) for name in PLAIN}
    row |= {
        "attempt_id": staging.attempt.id,
        "live_id": staging.live.id if staging.live else None,
        "urls": dict(staging.urls),
        "claims": list(staging.claims),
        "lost": None if staging.lost is None else list(staging.lost),
        "health_details": list(staging.health_details),
        "pull": asdict(staging.pull) if staging.pull else None,
        "engine_details": list(staging.engine_details),
        "checks": written.stands_json(staging.checks),
        "signs": written.signs_json(staging.signs),
        "finding": written.finding_json(staging.finding) if staging.finding else None,
        "mutes": {check: until.isoformat() for check, until in staging.mutes.items()},
        "unproven": list(staging.unproven),
    }
    await connection.execute(_upsert(tables.stagings, frozenset(row)), row)
    if staging.wake_at:
        tell(connection, [Line.CLOCK])


async def save_release(connection: AsyncConnection, release: Release) -> None:
    row: dict[str, Any] = {
        "id": release.id,
        "staging_id": release.staging,
        "env": dict(release.env),
        "values": dict(release.values),
        "secrets": secrets_row(release.secrets),
        "overrides": _overrides_row(release.overrides),
        "details": list(release.details),
        "workloads": [[w.name, w.ready, w.wanted, w.reason] for w in release.workloads],
        "build": _build_row(release.build),
        "progress_done": False,  # whatever was shown, there is news
    }
    row |= {name: getattr(release, name) for name in RELEASE_COLUMNS if name not in row}
    await connection.execute(_upsert(tables.releases, frozenset(row)), row)


def secrets_row(secrets: Mapping[str, Secret]) -> dict[str, list[str]]:
    return {key: [secret.place, secret.sealed, secret.mark] for key, secret in secrets.items()}


def _build_row(build: Build | None) -> dict[str, Any] | None:
    if build is None:
        return None
    times = {name: at.isoformat() for name in _TIMES if (at := getattr(build.run, name))}
    return {**asdict(build.run), **dict.fromkeys(_TIMES), **times, "usual": _seconds(build.usual)}


def _seconds(duration: timedelta | None) -> float | None:
    return duration.total_seconds() if duration else None


def _overrides_row(overrides: Overrides) -> dict[str, Any]:
    """What is there; nothing, for most."""
    row = {
        "profiles": list(overrides.profiles),
        "env": dict(overrides.env),
        "values": dict(overrides.values),
        "secrets": secrets_row(overrides.secrets),
    }
    return {name: value for name, value in row.items() if value}


@cache
def _upsert(table: Table, columns: frozenset[str]) -> Insert:
    """Made once: to make it takes longer than to run it."""
    statement = insert(table)
    new = {name: statement.excluded[name] for name in sorted(columns)}
    return statement.on_conflict_do_update(index_elements=["id"], set_=new)


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
    await connection.execute(update(tables.stagings).where(STAGING.project == project).values(head=""))


async def save_objects(
    connection: AsyncConnection, release: str, objects: str | None, secrets: Mapping[str, Secret] | None = None
) -> None:
    """`objects` sealed, or None for none; `secrets` as they are marked by now."""
    new: dict[str, Any] = {"objects": objects} | ({"secrets": secrets_row(secrets)} if secrets else {})
    await connection.execute(update(tables.releases).where(RELEASE.id == release).values(new))


async def write_journal(connection: AsyncConnection, staging: str, line: JournalLine) -> None:
    await connection.execute(
        insert(tables.journal).values(staging_id=staging, at=line.at, actor=line.actor, what=line.what, why=line.why)
    )


async def save_card(connection: AsyncConnection, staging: str, card: Posted | None) -> None:
    await connection.execute(
        update(tables.stagings)
        .where(STAGING.id == staging)
        .values(card_channel=card.channel if card else None, card_ts=card.ts if card else None)
    )


async def save_progress(connection: AsyncConnection, shown: Release, ts: str | None, done: bool) -> None:
    """`shown`: the release as its message shows it. The message is final only if that is still how it is."""
    as_shown = and_(literal(done), RELEASE.stage == shown.stage.value, RELEASE.reason == shown.reason)
    await connection.execute(
        update(tables.releases).where(RELEASE.id == shown.id).values(progress_ts=ts, progress_done=as_shown)
    )


# --- rows to facts ---------------------------------------------------------------------------------------------------


async def _stagings(connection: AsyncConnection, *where: ColumnElement[bool]) -> Sequence[Staging]:
    return [_staging(row._mapping) for row in await _rows(connection, *where)]


async def _rows(connection: AsyncConnection, *where: ColumnElement[bool]) -> Sequence[Row[Any]]:
    found = await connection.execute(JOINED.where(*where).order_by(STAGING.created_at, STAGING.id))
    return list(found)


def _joined() -> Select[Any]:
    releases = [alias.c[name].label(f"{alias.name}.{name}") for alias in (ATTEMPT, LIVE) for name in RELEASE_COLUMNS]
    joined = tables.stagings.join(ATTEMPT, ATTEMPT.c.id == STAGING.attempt_id).outerjoin(
        LIVE, LIVE.c.id == STAGING.live_id
    )
    own = [STAGING[name] for name in (*PLAIN, "card_channel", "card_ts")]
    return select(*own, *releases).select_from(joined)


# Made once: to make them takes longer than to run them.
JOINED = _joined()
BY_ID = JOINED.where(STAGING.id == bindparam("id"))
NAMES = select(STAGING.project, STAGING.name, STAGING.urls).where(STAGING.deleted_at.is_(None))
REVISIONS = (
    select(STAGING.id, STAGING.revision)
    .where(PRESENT, STAGING.project == bindparam("project"))
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


def _staging(row: Mapping[Any, Any]) -> Staging:
    attempt, live = ({name: row[f"{alias}.{name}"] for name in RELEASE_COLUMNS} for alias in ("attempt", "live"))
    facts = {name: row[name] for name in PLAIN}
    facts |= {
        "attempt": _release(attempt),
        "live": _release(live) if live["id"] else None,
        "desired": Desired(facts["desired"]),
        "waking": Stage(facts["waking"]) if facts["waking"] else None,
        "branch_ended": Ending(facts["branch_ended"]) if facts["branch_ended"] else None,
        "pull": Pull(**facts["pull"]) if facts["pull"] else None,
        "health": Health(facts["health"]),
        "health_details": tuple(facts["health_details"]),
        "claims": tuple(facts["claims"]),
        "lost": None if facts["lost"] is None else tuple(facts["lost"]),
        "engine_health": Health(facts["engine_health"]),
        "engine_details": tuple(facts["engine_details"]),
        "checks": written.stands_of(facts["checks"]) if facts["checks"] else (),
        "signs": written.signs_of(facts["signs"]) if facts["signs"] else (),
        "finding": written.finding_of(facts["finding"]) if facts["finding"] else None,
        "mutes": {check: datetime.fromisoformat(until) for check, until in facts["mutes"].items()},
        "unproven": tuple(facts["unproven"]),
        "witness_of": WitnessOf(facts["witness_of"]) if facts["witness_of"] else None,
    }
    return Staging(**facts)


def _release(row: Mapping[str, Any]) -> Release:
    facts = {name: row[name] for name in RELEASE_COLUMNS if name != "staging_id"}
    facts |= {
        "staging": row["staging_id"],
        "stage": Stage(row["stage"]),
        "secrets": secrets_of_row(row["secrets"]),
        "overrides": _overrides(row["overrides"]),
        "details": tuple(row["details"]),
        "workloads": tuple(WorkloadProgress(*workload) for workload in row["workloads"]),
        "build": _build(row["build"]),
    }
    return Release(**facts)


def _build(row: Mapping[str, Any] | None) -> Build | None:
    if row is None:
        return None
    times = {name: datetime.fromisoformat(row[name]) for name in _TIMES if row[name]}
    facts = {name: value for name, value in row.items() if name not in (*_TIMES, "usual")}
    run = CiRun(**{**facts, **times, "state": CiState(row["state"])})
    return Build(run, timedelta(seconds=row["usual"]) if row["usual"] else None)


def secrets_of_row(row: Mapping[str, Sequence[str]]) -> Mapping[str, Secret]:
    return {key: Secret(*secret) for key, secret in row.items()}


def _overrides(row: Mapping[str, Any]) -> Overrides:
    return Overrides(
        tuple(row.get("profiles", ())),
        row.get("env", {}),
        row.get("values", {}),
        secrets_of_row(row.get("secrets", {})),
    )
