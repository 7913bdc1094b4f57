"""Processes as /proc tells of them: who lives, and which belong to the stagings of a data folder."""

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Marked:
    """A staging's process. `mark`: owner/staging/release/key. `leads`: started by the engine, not a child of such."""

    pid: int
    mark: str
    leads: bool

    @property
    def staging(self) -> str:
        """Its id."""
        return self.mark.split("/")[1]


def until(condition: Callable[[], bool], seconds: float, what: str, seen: Callable[[], str] = str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what} {seen()}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """A zombie is not."""
    stat = _stat(pid)
    return stat is not None and stat[0] not in "ZX"


def marked(data: Path) -> list[Marked]:
    owner = hashlib.sha256(str((data / "local").resolve()).encode()).hexdigest()[:16]
    found = (_marked(int(path.name), f"OCTOPOD_PROCESS={owner}/") for path in PROC.glob("[0-9]*"))
    return [each for each in found if each is not None]


def _marked(pid: int, prefix: str) -> Marked | None:
    try:
        lines = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    line = next((line.decode(errors="replace") for line in lines if line.startswith(prefix.encode())), None)
    stat = _stat(pid)
    if line is None or stat is None or not alive(pid) or pid == os.getpid():
        return None
    return Marked(pid, line.partition("=")[2], leads=int(stat[3]) == pid)


def _stat(pid: int) -> list[str] | None:
    """State, parent, group, session and so on."""
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
