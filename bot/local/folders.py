"""The local engine's files. What must survive a crash is written whole or not at all.

DATA/local/lock
DATA/local/STAGING/spec.json                 what is wanted; without it the folder means nothing
DATA/local/STAGING/releases/ID/order.json    written last: with it the release is complete; encrypted
DATA/local/STAGING/releases/ID/{tree,processes,results,done}/
DATA/local/STAGING/{logs,volumes,home,tmp}/
DATA/local/.trash-…                          on its way out
"""

import fcntl
import json
import os
import re
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.errors import ConfigError, PermanentError

SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
TRASH = ".trash-"


@dataclass(frozen=True, slots=True)
class ReleaseFolder:
    root: Path

    @property
    def tree(self) -> Path:
        return self.root / "tree"

    @property
    def order(self) -> Path:
        return self.root / "order.json"

    def record(self, key: str) -> Path:
        return self.root / "processes" / f"{key}.json"

    def result(self, key: str) -> Path:
        """Where a process that is to run to its end writes down how it ended."""
        return self.root / "results" / f"{key}.json"

    @property
    def outcomes(self) -> tuple[Path, Path]:
        """Of everything that ran to its end."""
        return self.root / "results", self.root / "done"

    def done(self, job: str) -> Path:
        """There when the Job has succeeded."""
        return self.root / "done" / job


@dataclass(frozen=True, slots=True)
class StagingFolder:
    root: Path

    @property
    def spec(self) -> Path:
        return self.root / "spec.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def scratch(self) -> Path:
        return self.root / "tmp"

    def release(self, release: str) -> ReleaseFolder:
        return ReleaseFolder(self.root / "releases" / release)

    def releases(self) -> list[str]:
        """Ids, including those of releases that were not taken in completely."""
        found = {path.name for folder in (self.root / "releases", self.logs) for path in folder.glob("*")}
        return sorted(found)

    def output(self, release: str, key: str) -> Path:
        return self.logs / release / f"{key}.log"


@dataclass(frozen=True, slots=True)
class EngineFolder:
    root: Path

    def staging(self, staging: str) -> StagingFolder:
        return StagingFolder(self.root / staging)

    def stagings(self) -> Iterator[StagingFolder]:
        for path in sorted(self.root.glob("*")):
            if path.is_dir() and SAFE_ID.fullmatch(path.name):
                yield StagingFolder(path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """For one engine at a time: two would end each other's processes. Ends with the process, however it ends."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=stat.S_IRWXU)
            descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError([f"The data folder {self.root} can't be written: {error.strerror}"]) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise ConfigError(
                [f"Another bot works on the data folder {self.root}: stop it, or use another."]
            ) from error
        finally:
            os.close(descriptor)

    def discard(self, path: Path) -> None:
        """Gone under its name at once, then for good. Half a folder is never taken for a whole one."""
        trash = self.root / f"{TRASH}{uuid.uuid4().hex}"
        try:
            path.replace(trash)
        except FileNotFoundError:
            return
        remove_tree(trash)

    def empty_trash(self) -> None:
        for path in self.root.glob(f"{TRASH}*"):
            remove_tree(path)


def check_id(what: str, value: str) -> None:
    """Ids become names of folders."""
    if not SAFE_ID.fullmatch(value):
        raise PermanentError(f"{value!r} can't be the id of a {what}: letters, digits, dots, dashes, 100 at most.")


def write_json(path: Path, value: Any, durable: bool = False) -> None:
    """Whole or not at all. `durable`: also if the power fails right afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with draft.open("x", encoding="utf-8") as file:
        file.write(to_json(value))
        if durable:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)
    if durable:
        _sync_folder(path.parent)


def to_json(value: Any) -> str:
    """Manifests may hold dates, which YAML knows and JSON does not."""
    return json.dumps(value, default=str)


def read_json(path: Path) -> Any:
    """None if there is no such file or it is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def move_tree(source: Path, target: Path) -> None:
    """Also to another file system; `target` is whole or not there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_tree(target)
    try:
        source.replace(target)
    except OSError:
        draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        shutil.copytree(source, draft, symlinks=True)
        draft.replace(target)
        remove_tree(source)


def remove_tree(path: Path) -> None:
    """Also what the staging's processes have made unreadable. Missing is fine; what can't go stays for another time."""
    shutil.rmtree(path, onerror=_open_up)


def _open_up(function: Callable[..., Any], name: str, _: Any) -> None:
    """Called by rmtree where it failed. Never changes the mode of what a link points to: that is not ours."""
    target = Path(name)
    try:
        if function in (os.unlink, os.rmdir):
            target.parent.chmod(stat.S_IRWXU)
            function(target)
        elif target.is_dir() and not target.is_symlink():
            target.chmod(stat.S_IRWXU)
            if os.access(target, os.R_OK | os.W_OK | os.X_OK):
                remove_tree(target)
    except OSError:
        return


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConfigError([f"Another bot works on the data folder {folder}: stop it, or use another."]) from error


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
