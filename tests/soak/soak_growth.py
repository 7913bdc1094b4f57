"""What the bot uses whenever all is at rest, and whether that grows with what was done. Pure but for `look`."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import linear_regression

from crash_kit import Playground
from process_kit import PROC

KIB = 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """`done`: how much was, so far. `memory`, `database`, `disk` are KiB; `disk` is without logs and databases."""

    done: int
    stagings: int
    memory: int
    files: int
    threads: int
    children: int
    database: int
    disk: int

    def told(self) -> str:
        return "".join(f"{value:>10,}" for value in astuple(self))


HEADINGS = "".join(f"{one.name:>10}" for one in fields(Sample))


@dataclass(frozen=True, slots=True)
class Limit:
    """What 100 things done may add to it, and how far its values may lie apart without being growth."""

    per_hundred: float
    spread: float


# A thing done is a few rows (wish, answer, journal, a release with its objects), which are kept. Memory levels off
# late. Files, children and disk go with how many stagings there are just then.
LIMITS = {
    "memory": Limit(500, 16_000),
    "files": Limit(2, 40),
    "threads": Limit(0.5, 8),
    "children": Limit(1, 24),
    "database": Limit(500, 2_000),
    "disk": Limit(200, 4_000),
}
A_FEW = 8  # files: connections to Slack, to git and to the database come and go


def look(play: Playground, done: int) -> Sample:
    bot = PROC / str(play.bot_pid())
    status = dict(line.split(":", 1) for line in (bot / "status").read_text().splitlines())
    children = (bot / "task" / bot.name / "children").read_text().split()
    return Sample(
        done=done,
        stagings=len(play.phases(play.state())),
        memory=int(status["VmRSS"].split()[0]),
        files=len([*(bot / "fd").iterdir()]),
        threads=int(status["Threads"]),
        children=len(children),
        database=sum(file.stat().st_size for file in play.data.glob("octopod.db*")) // KIB,
        disk=_disk(play.data) // KIB,
    )


def _disk(data: Path) -> int:
    """What comes and goes meanwhile counts as gone."""
    others = tuple(str(data / name) for name in ("logs", "slack.db", "octopod.db", "shop.git"))
    total = 0
    for file in data.rglob("*"):
        with suppress(FileNotFoundError):
            total += 0 if str(file).startswith(others) else file.lstat().st_size
    return total


def growing(samples: Sequence[Sample]) -> list[str]:
    """In sentences, what grows beyond its limit. What was done is the measure, not time: a slow machine does less."""
    found = []
    done = [float(sample.done) for sample in samples]
    for name, limit in LIMITS.items():
        seen = [float(getattr(sample, name)) for sample in samples]
        slope = linear_regression(done, seen).slope * 100
        if slope > limit.per_hundred and max(seen) - min(seen) > limit.spread:
            found.append(f"{name} grows by {slope:,.1f} with each 100 things done: {[*map(int, seen)]}")
    return found


def left(samples: Sequence[Sample]) -> list[str]:
    """What the last one, with all stagings deleted, holds beyond the least that was ever held."""
    last, least = samples[-1], min(sample.files for sample in samples[:-1])
    found = [f"{last.files} files are open, and {least} were before"] if last.files > least + A_FEW else []
    return [*found, *([f"{last.children} children are left"] if last.children else [])]
