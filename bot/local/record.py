"""What is on record on disk about a staging and its releases, so that a restart loses nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken

from bot.domain.status import WorkloadState, WorkloadStatus
from bot.keys import Keys
from bot.local.folders import EngineFolder, ReleaseFolder, StagingFolder, read_json, to_json, write_json


@dataclass(frozen=True, slots=True)
class StagingRecord:
    """`wanted`: the newest release; `serving`: the one that people use; `failed`: how `wanted` ended, if it did.

    `present=False`: it is being removed, and nothing brings it back. `asleep`: nothing of it shall run, and `wanted` is
    what ran.
    """

    staging: str
    name: str
    project: str
    wanted: str
    serving: str | None = None
    failed: tuple[WorkloadStatus, ...] = ()
    present: bool = True
    asleep: bool = False


def save(folder: StagingFolder, record: StagingRecord) -> None:
    failed = [_told(status) for status in record.failed]
    write_json(folder.spec, {**asdict(record), "failed": failed}, durable=True)


def load(folder: StagingFolder) -> StagingRecord | None:
    """None if it can't be read."""
    found = read_json(folder.spec)
    try:
        return StagingRecord(**{**found, "failed": tuple(_status(each) for each in found["failed"])})
    except (TypeError, KeyError, ValueError):
        return None


def _told(status: WorkloadStatus) -> Mapping[str, Any]:
    """Signs are for what serves; its reason says how it failed."""
    found = {**asdict(status), "since": status.since.isoformat()}
    del found["signs"]
    return found


def _status(found: Mapping[str, Any]) -> WorkloadStatus:
    return WorkloadStatus(
        **{
            **found,
            "state": WorkloadState(found["state"]),
            "since": datetime.fromisoformat(found["since"]),
            "log_tail": tuple(found["log_tail"]),
        }
    )


def save_objects(folder: ReleaseFolder, objects: Sequence[Mapping[str, Any]], keys: Keys) -> None:
    """The last step of taking a release in: with this file the folder is complete. Encrypted, as Secrets are in it."""
    sealed = keys.encrypt(to_json(list(objects)).encode()).decode()
    write_json(folder.order, {"sealed": sealed}, durable=True)


def load_objects(folder: ReleaseFolder, keys: Keys) -> Sequence[Mapping[str, Any]] | None:
    """None: there are none, or no key opens them."""
    found = read_json(folder.order)
    if not isinstance(found, dict):
        return None
    if "objects" in found:  # of a bot that did not encrypt them
        return list(found["objects"])
    try:
        return list(json.loads(keys.decrypt(found["sealed"])))
    except InvalidToken:
        return None


def encrypt_anew(place: EngineFolder, keys: Keys) -> None:
    """All that is encrypted, with the newest key. What no key opens stays as it is."""
    for staging in place.stagings():
        for release in map(staging.release, staging.releases()):
            objects = load_objects(release, keys)
            if objects is not None:
                save_objects(release, objects, keys)
