"""What is on record on disk about a staging and its releases, so that a restart loses nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bot.domain.status import WorkloadState, WorkloadStatus
from bot.local.folders import ReleaseFolder, StagingFolder, read_json, write_json


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
    failed = [{**asdict(status), "since": status.since.isoformat()} for status in record.failed]
    write_json(folder.spec, {**asdict(record), "failed": failed}, durable=True)


def load(folder: StagingFolder) -> StagingRecord | None:
    """None if it can't be read."""
    found = read_json(folder.spec)
    try:
        return StagingRecord(**{**found, "failed": tuple(_status(each) for each in found["failed"])})
    except (TypeError, KeyError, ValueError):
        return None


def _status(found: Mapping[str, Any]) -> WorkloadStatus:
    return WorkloadStatus(
        **{
            **found,
            "state": WorkloadState(found["state"]),
            "since": datetime.fromisoformat(found["since"]),
            "log_tail": tuple(found["log_tail"]),
        }
    )


def save_objects(folder: ReleaseFolder, commit: str, objects: Sequence[Mapping[str, Any]]) -> None:
    """The last step of taking a release in: with this file the folder is complete."""
    write_json(folder.order, {"commit": commit, "objects": list(objects)}, durable=True)


def load_objects(folder: ReleaseFolder) -> Sequence[Mapping[str, Any]] | None:
    found = read_json(folder.order)
    return found["objects"] if isinstance(found, dict) else None
