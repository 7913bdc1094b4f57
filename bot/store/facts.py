"""Rows of the tables as facts, and facts as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.sqlite import Insert, insert

from bot import written
from bot.domain.configuration import Overrides, Secret
from bot.domain.hearsay import CiRun, CiState
from bot.domain.model import Build, Desired, Ending, Health, Pull, Release, Stage, Staging, WitnessOf, WorkloadProgress
from bot.store import tables

# What is read apart, and what only the store needs.
_BESIDE_STAGING = ("attempt_id", "live_id", "card_channel", "card_ts", "seed")
_BESIDE_RELEASE = ("objects", "progress_ts", "progress_done")
_TIMES = ("started_at", "at")  # of a run of CI
STAGING_COLUMNS = tuple(column.name for column in tables.stagings.c if column.name not in _BESIDE_STAGING)
RELEASE_COLUMNS = tuple(column.name for column in tables.releases.c if column.name not in _BESIDE_RELEASE)


def staging_of(row: Mapping[Any, Any]) -> Staging:
    attempt, live = ({name: row[f"{alias}.{name}"] for name in RELEASE_COLUMNS} for alias in ("attempt", "live"))
    facts = {name: row[name] for name in STAGING_COLUMNS}
    facts |= {
        "attempt": release_of(attempt),
        "live": release_of(live) if live["id"] else None,
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


def staging_row(staging: Staging) -> dict[str, Any]:
    row = {name: getattr(staging, name) for name in STAGING_COLUMNS}
    return row | {
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


def release_of(row: Mapping[Any, Any]) -> Release:
    facts = {name: row[name] for name in RELEASE_COLUMNS if name != "staging_id"}
    facts |= {
        "staging": row["staging_id"],
        "stage": Stage(row["stage"]),
        "secrets": secrets_of_row(row["secrets"]),
        "overrides": overrides_of(row["overrides"]),
        "details": tuple(row["details"]),
        "workloads": tuple(WorkloadProgress(*workload) for workload in row["workloads"]),
        "build": _build_of(row["build"]),
    }
    return Release(**facts)


def release_row(release: Release) -> dict[str, Any]:
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
    return row | {name: getattr(release, name) for name in RELEASE_COLUMNS if name not in row}


def secrets_of_row(row: Mapping[str, Sequence[str]]) -> Mapping[str, Secret]:
    return {key: Secret(*secret) for key, secret in row.items()}


def secrets_row(secrets: Mapping[str, Secret]) -> dict[str, list[str]]:
    return {key: [secret.place, secret.sealed, secret.mark] for key, secret in secrets.items()}


def overrides_of(row: Mapping[str, Any]) -> Overrides:
    return Overrides(
        tuple(row.get("profiles", ())),
        row.get("env", {}),
        row.get("values", {}),
        secrets_of_row(row.get("secrets", {})),
    )


def _overrides_row(overrides: Overrides) -> dict[str, Any]:
    """What is there; nothing, for most."""
    row = {
        "profiles": list(overrides.profiles),
        "env": dict(overrides.env),
        "values": dict(overrides.values),
        "secrets": secrets_row(overrides.secrets),
    }
    return {name: value for name, value in row.items() if value}


def _build_of(row: Mapping[str, Any] | None) -> Build | None:
    if row is None:
        return None
    times = {name: datetime.fromisoformat(row[name]) for name in _TIMES if row[name]}
    facts = {name: value for name, value in row.items() if name not in (*_TIMES, "usual")}
    run = CiRun(**{**facts, **times, "state": CiState(row["state"])})
    return Build(run, timedelta(seconds=row["usual"]) if row["usual"] else None)


def _build_row(build: Build | None) -> dict[str, Any] | None:
    if build is None:
        return None
    times = {name: at.isoformat() for name in _TIMES if (at := getattr(build.run, name))}
    return {**asdict(build.run), **dict.fromkeys(_TIMES), **times, "usual": _seconds(build.usual)}


def _seconds(duration: timedelta | None) -> float | None:
    return duration.total_seconds() if duration else None


@cache
def upsert(table: Table, columns: frozenset[str]) -> Insert:
    """Made once: to make it takes longer than to run it."""
    statement = insert(table)
    new = {name: statement.excluded[name] for name in sorted(columns)}
    return statement.on_conflict_do_update(index_elements=["id"], set_=new)
