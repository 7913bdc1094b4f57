"""How processes of earlier bots are found again: each carries a mark in its environment.

The mark is there from the process's first instant, so a crash between starting it and writing it down loses nothing;
its children inherit it, so that those who left their group are found as well. A record on disk stands beside it for
processes that overwrite their own environment (setproctitle), and for systems without /proc.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.local.identity import PROC, Identity, all_pids, has_proc, identity_of, read_stat

MARK = "OCTOPOD_PROCESS"
PORTS = "OCTOPOD_PORTS"


@dataclass(frozen=True, slots=True)
class Marked:
    """`leads`: it is the process that we started ourselves, not a descendant. `ticks`: its start, for comparing."""

    identity: Identity
    staging: str
    release: str
    key: str
    ports: Mapping[int, int]
    leads: bool
    ticks: int


def owner_of(data: Path) -> str:
    """By the folder's place: a copy of a data folder must not take over, nor end, the processes of the original."""
    return hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]


def mark(owner: str, staging: str, release: str, key: str, ports: Mapping[int, int]) -> dict[str, str]:
    return {
        MARK: f"{owner}/{staging}/{release}/{key}",
        PORTS: ",".join(f"{number}:{port}" for number, port in ports.items()),
    }


def find_marked(owner: str) -> list[Marked]:
    """All running processes of this data folder, the oldest first. Blocking: reads all of /proc."""
    if not has_proc():
        return []
    found = (_marked(pid, owner) for pid in all_pids() if pid != os.getpid())
    return sorted((each for each in found if each is not None), key=lambda each: each.ticks)


def _marked(pid: int, owner: str) -> Marked | None:
    try:
        environ = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return None
    prefix = f"{MARK}={owner}/".encode()
    line = next((line for line in environ.split(b"\0") if line.startswith(prefix)), None)
    identity, stat = identity_of(pid), read_stat(pid)
    if line is None or identity is None or stat is None:
        return None
    staging, release, key = [*line[len(prefix) :].decode("utf-8", "replace").split("/", 2), "", ""][:3]
    return Marked(identity, staging, release, key, _ports(environ), stat.session == pid, stat.ticks)


def _ports(environ: bytes) -> dict[int, int]:
    prefix = f"{PORTS}=".encode()
    line = next((line for line in environ.split(b"\0") if line.startswith(prefix)), prefix)
    pairs = (pair.split(":") for pair in line[len(prefix) :].decode("ascii", "replace").split(",") if pair)
    try:
        return {int(number): int(port) for number, port in pairs}
    except ValueError:
        return {}
