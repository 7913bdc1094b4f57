"""Breakages that belong together are told as one: opened, joined, left and closed where that is decided."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import incident as deciding
from bot.domain.events import Notice, NoticeKind, Where
from bot.domain.incident import Breakage, Closed, Joined, Left, Opened
from bot.domain.model import Release, Staging
from bot.domain.past import values_of_each
from bot.domain.project import Project
from bot.ports import Posted
from bot.store import incidents, queue, stagings
from bot.store.incidents import Incident


async def may_be(connection: AsyncConnection, project: str, ill: Sequence[Staging]) -> bool:
    """Whether there can be anything to settle: several are broken, or an incident is open."""
    return len(ill) >= deciding.LEAST or bool(await incidents.open_ones(connection, project))


async def settle(
    connection: AsyncConnection, project: Project, ill: Sequence[Staging], well: Sequence[Release], now: datetime
) -> Mapping[str, str]:
    """Bring the project's incidents up to date with its stagings. By the id of each staging that is in one: which.
    `ill`: those that are broken; `well`: the releases that are live and well."""
    known = {one.id: one for one in await incidents.open_ones(connection, project.name)}
    broken = {staging.id: staging for staging in ill if staging.finding}
    before = [deciding.Incident(one.id, one.shared, one.began_at, _ill(one)) for one in known.values()]
    steps = deciding.steps(before, [_breakage(s) for s in broken.values()], values_of_each(well, project))
    cards = await stagings.cards(connection, list(broken)) if steps else {}
    after = dict(known)
    for step in steps:
        match step:
            case Opened(group):
                first = [broken[id] for id in group.stagings]
                began = min(one.unhealthy_since or now for one in first)
                opened = Incident(uuid.uuid4().hex, project.name, group.word, began)
                after[opened.id] = _with(opened, first, cards)
            case Joined(id, staging):
                after[id] = _with(after[id], [broken[staging]], cards)
            case Left(id, staging):
                members = {**after[id].members, staging: {**after[id].members[staging], "well": True}}
                after[id] = replace(after[id], members=members)
            case Closed(id):
                after[id] = replace(after[id], closed_at=now)
    for one in after.values():
        if one != known.get(one.id):
            await _told(connection, one, known.get(one.id), now)
    return {staging: one.id for one in after.values() if not one.closed_at for staging in _ill(one)}


async def _told(connection: AsyncConnection, incident: Incident, before: Incident | None, now: datetime) -> None:
    await incidents.save(connection, incident)
    facts = _facts(incident)
    wheres = [Where.INCIDENT_EDIT] if before else [Where.INCIDENT]
    wheres += [Where.INCIDENT_THREAD] if incident.closed_at else []
    notices = [Notice(NoticeKind.INCIDENT, where, facts) for where in wheres]
    await queue.add_notices(connection, None, None, notices, now, incident.project)


def _facts(incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident.id,
        "project": incident.project,
        "shared": incident.shared,
        "since": incident.began_at.isoformat(),
        "over": incident.closed_at.isoformat() if incident.closed_at else None,
        "members": list(incident.members.values()),
    }


def _with(incident: Incident, joining: Sequence[Staging], cards: Mapping[str, Posted]) -> Incident:
    members = {one.id: _member(one, cards.get(one.id)) for one in joining}
    return replace(incident, members={**incident.members, **members})


def _member(staging: Staging, card: Posted | None) -> dict[str, Any]:
    at = [card.channel, card.ts] if card else None
    return {"name": staging.name, "text": staging.health_reason, "card": at, "well": False}


def _ill(incident: Incident) -> frozenset[str]:
    return frozenset(id for id, member in incident.members.items() if not member["well"])


def _breakage(staging: Staging) -> Breakage:
    found = staging.finding
    assert found is not None, "only what was looked into is compared"
    unchanged = staging.live is not None and found.passed_before == staging.live.number
    return Breakage(staging.id, found.symptom.since, found.symptom.check, unchanged, found.words)
