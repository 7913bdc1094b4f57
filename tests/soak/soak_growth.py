"""What the bot uses whenever all is at rest, and whether that grows with what was done. Pure but for `look`."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import linear_regression

from crash_kit import Playground
from process_kit import PROC, marked

KIB = 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """`done`: how much was, so far. `memory`, `database`, `disk` are KiB; `disk` is without logs and databases.
    `files` and `children`: without the processes of stagings, and without the two that are open for each of these.
    `cpu`: percent of a core, while nobody does anything.
    """

    done: int
    stagings: int
    memory: int
    files: int
    threads: int
    children: int
    database: int
    disk: int
    cpu: int

    def told(self) -> str:
        return "".join(f"{value:>10,}" for value in astuple(self))


HEADINGS = "".join(f"{one.name:>10}" for one in fields(Sample))


@dataclass(frozen=True, slots=True)
class Limit:
    """What 100 things done may add to it, and how far its values may lie apart without being growth."""

    per_hundred: float
    spread: float


# A thing done is a few rows (wish, answer, journal, a release with its objects), which are kept. Memory levels off
# late. Disk goes with how many stagings there are just then, and so does what their health checks take.
LIMITS = {
    "memory": Limit(500, 16_000),
    "files": Limit(2, 40),
    "threads": Limit(0.5, 8),
    "children": Limit(1, 24),
    "database": Limit(500, 2_000),
    "disk": Limit(200, 4_000),
    "cpu": Limit(2, 20),
}
MOST = {"memory": 300_000, "cpu": 75}  # however many stagings there are
OF_A_PROCESS = 2
QUIET = 3.0
A_FEW = 8  # files: connections to Slack, to git and to the database come and go


def look(play: Playground, done: int) -> Sample:
    bot = PROC / str(play.bot_pid())
    status = dict(line.split(":", 1) for line in (bot / "status").read_text().splitlines())
    stagings = {str(process.pid) for process in marked(play.data) if process.leads}
    children = {*(bot / "task" / bot.name / "children").read_text().split()} - stagings
    cpu = _cpu(play, bot)
    return Sample(
        done=done,
        stagings=len(play.phases(play.state())),
        memory=int(status["VmRSS"].split()[0]),
        files=len([*(bot / "fd").iterdir()]) - OF_A_PROCESS * len(stagings),
        threads=int(status["Threads"]),
        children=len(children),
        database=sum(file.stat().st_size for file in play.data.glob("octopod.db*")) // KIB,
        disk=_disk(play.data) // KIB,
        cpu=cpu,
    )


def _cpu(play: Playground, bot: Path) -> int:
    before, began = _ticks(bot), time.monotonic()
    play.let_pass(QUIET)
    seconds = (_ticks(bot) - before) / os.sysconf("SC_CLK_TCK")
    return round(100 * seconds / (time.monotonic() - began))


def _ticks(process: Path) -> int:
    """Its own, in the system and outside of it."""
    stat = (process / "stat").read_text().rpartition(")")[2].split()
    return int(stat[11]) + int(stat[12])


def _disk(data: Path) -> int:
    """What comes and goes meanwhile counts as gone."""
    others = tuple(str(data / name) for name in ("logs", "slack.db", "octopod.db", "shop.git"))
    total = 0
    for file in data.rglob("*"):
        with suppress(FileNotFoundError):
            total += 0 if str(file).startswith(others) else file.lstat().st_size
    return total


def growing(samples: Sequence[Sample]) -> list[str]:
    """In sentences, what grows beyond its limit, or is beyond what there may ever be. What was done is the measure, not
    time: a slow machine does less."""
    found = []
    done = [float(sample.done) for sample in samples]
    for name, limit in LIMITS.items():
        seen = [float(getattr(sample, name)) for sample in samples]
        slope = linear_regression(done, seen).slope * 100
        if slope > limit.per_hundred and max(seen) - min(seen) > limit.spread:
            found.append(f"{name} grows by {slope:,.1f} with each 100 things done: {[*map(int, seen)]}")
    found += [
        f"{name} is {value:,}, and may be {MOST[name]:,}"
        for sample in samples
        for name in MOST
        if (value := getattr(sample, name)) > MOST[name]
    ]
    return found


def left(samples: Sequence[Sample]) -> list[str]:
    """What the last one, with all stagings deleted, holds beyond the least that was ever held."""
    last, least = samples[-1], min(sample.files for sample in samples[:-1])
    found = [f"{last.files} files are open, and {least} were before"] if last.files > least + A_FEW else []
    return [*found, *([f"{last.children} children are left"] if last.children else [])]
