"""Which process is meant: a pid alone can be somebody else's by now, so its start time belongs to it."""

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROC = Path("/proc")
DEAD = "ZXx"


@dataclass(frozen=True, slots=True)
class Identity:
    """`started`: the machine's boot and the process's start on its clock, only good for comparing."""

    pid: int
    started: str


@dataclass(frozen=True, slots=True)
class Stat:
    """The parts of /proc/PID/stat that we need. `ticks`: start, in clock ticks since boot."""

    state: str
    group: int
    session: int
    ticks: int


def identity_of(pid: int) -> Identity | None:
    """None if there is no such process, or only its zombie."""
    if not has_proc():
        return _identity_by_ps(pid)
    stat = read_stat(pid)
    return None if stat is None or stat.state in DEAD else Identity(pid, f"{_boot()}:{stat.ticks}")


def read_stat(pid: int) -> Stat | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in brackets may itself hold blanks and brackets.
    fields = text.rpartition(")")[2].split()
    return Stat(state=fields[0], group=int(fields[2]), session=int(fields[3]), ticks=int(fields[19]))


def group_lives(group: int) -> bool:
    """Whether any process of the group still runs; zombies that nobody collects don't count."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if not has_proc():
        return True
    stats = (read_stat(pid) for pid in all_pids())
    return any(stat is not None and stat.group == group and stat.state not in DEAD for stat in stats)


def all_pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


@cache
def has_proc() -> bool:
    return (PROC / "self" / "stat").exists()


@cache
def _boot() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "boot"


def _identity_by_ps(pid: int) -> Identity | None:
    """Without /proc, as on macOS: seconds are the finest that ps tells."""
    found = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, timeout=5, check=False
    )
    state, _, started = found.stdout.strip().partition(" ")
    return None if not started or state[0] in DEAD else Identity(pid, started.strip())
