"""Memory of the bot's process alone, with more and more live stagings."""

import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from scripts.bench.playground import Playground, playground
from scripts.bench.report import Row
from scripts.bench.stats import spread

STEPS = (0, 50, 200)
AT_ONCE = 25
SETTLED = 3.0


def measure(folder: Path, rounds: int) -> list[Row]:
    """One round: it grows only once."""
    rows = []
    with playground(folder) as play:
        for step in grown(play, STEPS):
            time.sleep(SETTLED)
            for kind, megabytes in used(play.bot_pid()).items():
                rows.append(Row("memory", f"{kind} of the bot with {step} stagings", spread([megabytes]), "MB"))
    return rows


def grown(team: Playground, steps: Sequence[int]) -> Iterator[int]:
    """Each step, once so many stagings are live."""
    names = [f"many-{number:03}" for number in range(steps[-1])]
    for name in names:
        team.branch(name)
    for before, step in pairwise((0, *steps)):
        with ThreadPoolExecutor(AT_ONCE) as people:
            list(people.map(lambda name: team.say(f"deploy {name}"), names[before:step]))
        team.wait_phase("live", step, 400, every=1)
        yield step


def used(pid: int) -> dict[str, float]:
    """RSS, and PSS where the kernel tells it, in megabytes of 1024 × 1024 bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = {"RSS": _kilobytes(status, "VmRSS")}
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if rollup.exists():
        found["PSS"] = _kilobytes(rollup.read_text(), "Pss")
    return {kind: kilobytes / 1024 for kind, kilobytes in found.items()}


def _kilobytes(text: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0
