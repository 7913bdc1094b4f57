"""A data folder in which much has happened: written by the bot's own store, as the bot would have left it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.events import Notice, NoticeKind, Target, Where
from bot.domain.model import Desired, Release, Stage, Staging, WorkloadProgress
from bot.domain.status import WorkloadState, WorkloadStatus
from bot.keys import keys_in
from bot.local import record
from bot.local.folders import EngineFolder
from bot.local.record import StagingRecord
from bot.ports import Posted
from bot.store import journal, queue, releases, sealing, stagings, tables
from bot.store.journal import JournalLine
from bot.store.migrate import migrate
from bot.store.queue import Request
from bot.store.store import Store
from scripts.bench.machine import ROOT

SHOP = ROOT / "manifests" / "examples" / "shop" / "deploy" / "staging"
RELEASES = 3
HOUR = timedelta(hours=1)
OWNER = "UALICE"


def database_url(data: Path) -> str:
    return f"sqlite+aiosqlite:///{data / 'octopod.db'}"


async def fill(data: Path, present: int, deleted: int) -> None:
    """`present` stagings whose newest release failed, so that the engine starts no processes; `deleted` ones besides.

    Each has three releases with their objects, journal, requests, notices, a card, and targets that are done.
    """
    keys = keys_in(data)
    await migrate(database_url(data))
    store = Store(database_url(data))
    objects = sealing.seal(_objects(), keys)
    try:
        for first in range(0, present + deleted, 100):
            async with store.write() as connection:
                for number in range(first, min(first + 100, present + deleted)):
                    await _save(connection, _staging(number, gone=number >= present), objects)
    finally:
        await store.close()
    place = EngineFolder(data / "local")
    for number in range(present):
        _on_record(place, _staging(number, gone=False))


def _objects() -> Sequence[dict[str, Any]]:
    return [thing for file in sorted(SHOP.glob("*.yaml")) for thing in yaml.safe_load_all(file.read_text())]


def _staging(number: int, *, gone: bool) -> Staging:
    name, made = f"branch-{number:04}", datetime.now(UTC) - 2 * HOUR
    attempt = _release(number, RELEASES, made)
    staging = Staging(
        id=f"{number:012x}",
        project="shop",
        name=name,
        branch=f"feature/{name}",
        owner=OWNER,
        created_at=made,
        attempt=attempt,
        revision=12,
        expires_at=made + 72 * HOUR,
        wake_at=None if gone else made + 71 * HOUR,
        urls={"web": f"http://{name}.localhost:8080"},
        claims=("shop-data",),
    )
    if gone:
        end = made + HOUR
        staging = replace(
            staging, desired=Desired.ABSENT, deleted_by=OWNER, delete_asked_at=end, deleted_at=end, serving=None
        )
    return staging


def _release(number: int, count: int, made: datetime) -> Release:
    newest = count == RELEASES
    return Release(
        id=f"{number:08x}{count:04x}",
        staging=f"{number:012x}",
        number=count,
        branch=f"feature/branch-{number:04}",
        commit=f"{number * 8 + count:040x}",
        subject="Say what the button does",
        author="Alice",
        actor=OWNER,
        requested_at=made,
        stage=Stage.FAILED if newest else Stage.LIVE,
        env={"PAYMENTS": "sandbox"},
        files_at=made,
        applied_at=made,
        ready_at=None if newest else made,
        ended_at=made,
        reason="web: exit code 1" if newest else "",
        details=("Traceback (most recent call last):",) * 10 if newest else (),
        workloads=(WorkloadProgress("web", 0 if newest else 1, 1), WorkloadProgress("api", 1, 1)),
    )


async def _save(connection: AsyncConnection, staging: Staging, objects: str) -> None:
    at = staging.created_at
    await stagings.save(connection, staging)
    await stagings.save_card(connection, staging.id, Posted("C1", f"{at.timestamp():.6f}"))
    for count in range(1, RELEASES + 1):
        release = _release(int(staging.id, 16), count, at)
        await releases.save(connection, release)
        await releases.save_objects(connection, release.id, objects)
        await _asked(connection, staging, release)
        for what in ("deploy", "applied", "ready", "live"):
            await journal.write(connection, staging.id, JournalLine(at, OWNER, what, "asked for"))
    await queue.want(connection, staging.id, sorted(Target), at)
    own = tables.targets.c.staging_id == staging.id
    await connection.execute(update(tables.targets).where(own).values(done=tables.targets.c.wanted))
    posted = {"progress_ts": f"{at.timestamp():.6f}", "progress_done": True}
    await connection.execute(update(tables.releases).where(tables.releases.c.staging_id == staging.id).values(posted))


async def _asked(connection: AsyncConnection, staging: Staging, release: Release) -> None:
    at = staging.created_at
    request = Request(f"asked.{release.id}", f"deploy {staging.branch}", OWNER, "C1", at)
    await queue.add_request(connection, request, done=True)
    told = [Notice(NoticeKind.LIVE, Where.THREAD, {"actor": OWNER}), Notice(NoticeKind.ANSWER, Where.PRIVATE)]
    await queue.add_notices(connection, staging.id, request.id, told, at)
    sent = update(tables.notices).where(tables.notices.c.request_id == request.id)
    await connection.execute(sent.values(sent_at=at, channel="C1", ts="1.0"))


def _on_record(place: EngineFolder, staging: Staging) -> None:
    folder, release = place.staging(staging.id), staging.attempt.id
    folder.root.mkdir(parents=True)
    now, failed = staging.created_at, WorkloadState.FAILED
    status = WorkloadStatus("Deployment", "web", release, failed, 1, 0, now, "web: exit code 1")
    record.save(folder, StagingRecord(staging.id, staging.name, staging.project, release, failed=(status,)))
