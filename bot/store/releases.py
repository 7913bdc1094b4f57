"""Releases: of a staging, and what was shown of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.configuration import Overrides, Secret
from bot.domain.model import Release, Stage, Staging
from bot.store import tables
from bot.store.facts import overrides_of, release_of, release_row, secrets_row, upsert

RELEASE = tables.releases.c


@dataclass(frozen=True, slots=True)
class Progress:
    """A release whose progress message is not final yet; `ts` is None before it is posted."""

    release: Release
    ts: str | None


async def by_id(connection: AsyncConnection, release: str) -> Release | None:
    row = (await connection.execute(select(tables.releases).where(RELEASE.id == release))).first()
    return release_of(row._mapping) if row else None


async def last_good(connection: AsyncConnection, staging: Staging) -> Release | None:
    """The newest release that went live, before the newest of all."""
    good = (RELEASE.staging_id == staging.id, RELEASE.stage == Stage.LIVE.value, RELEASE.id != staging.attempt.id)
    found = select(tables.releases).where(*good).order_by(RELEASE.number.desc()).limit(1)
    row = (await connection.execute(found)).first()
    return release_of(row._mapping) if row else None


async def overrides_since(connection: AsyncConnection, staging: str, first: str) -> Sequence[tuple[str, Overrides]]:
    """Those of this release and of all later ones, each with its actor. Without such a release: of all."""
    number = select(RELEASE.number).where(RELEASE.id == first, RELEASE.staging_id == staging).scalar_subquery()
    rows = await connection.execute(
        select(RELEASE.actor, RELEASE.overrides)
        .where(RELEASE.staging_id == staging, RELEASE.number >= func.coalesce(number, 0))
        .order_by(RELEASE.number)
    )
    return [(row.actor, overrides_of(row.overrides)) for row in rows]


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
    return [release_of(row._mapping) for row in rows]


async def of_staging(connection: AsyncConnection, staging: str) -> Sequence[Release]:
    """All of it, the newest first."""
    rows = await connection.execute(
        select(tables.releases).where(RELEASE.staging_id == staging).order_by(RELEASE.number.desc())
    )
    return [release_of(row._mapping) for row in rows]


async def unfinished(connection: AsyncConnection, staging: str) -> Sequence[Progress]:
    """The releases whose progress messages are not final yet, the oldest first."""
    rows = await connection.execute(
        select(tables.releases)
        .where(RELEASE.staging_id == staging, RELEASE.progress_done.is_(False))
        .order_by(RELEASE.number)
    )
    return [Progress(release_of(row._mapping), row.progress_ts) for row in rows]


async def save(connection: AsyncConnection, release: Release) -> None:
    row = release_row(release)
    await connection.execute(upsert(tables.releases, frozenset(row)), row)


async def save_objects(
    connection: AsyncConnection, release: str, objects: str | None, secrets: Mapping[str, Secret] | None = None
) -> None:
    """`objects` sealed, or None for none; `secrets` as they are marked by now."""
    new: dict[str, Any] = {"objects": objects} | ({"secrets": secrets_row(secrets)} if secrets else {})
    await connection.execute(update(tables.releases).where(RELEASE.id == release).values(new))


async def save_progress(connection: AsyncConnection, shown: Release, ts: str | None, done: bool) -> None:
    """`shown`: the release as its message shows it. The message is final only if that is still how it is."""
    as_shown = and_(literal(done), RELEASE.stage == shown.stage.value, RELEASE.reason == shown.reason)
    await connection.execute(
        update(tables.releases).where(RELEASE.id == shown.id).values(progress_ts=ts, progress_done=as_shown)
    )
