"""Memory of the bot's process alone, with more and more live stagings."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.bench.playground import playground
from scripts.bench.report import Row
from scripts.bench.stats import spread

STEPS = (0, 50, 200)
AT_ONCE = 25
SETTLED = 3.0


def measure(folder: Path, rounds: int) -> list[Row]:
    """One round: it grows only once."""
    rows = []
    with playground(folder) as play:
        names = [f"many-{number:03}" for number in range(STEPS[-1])]
        for name in names:
            play.branch(name)
        there = 0
        for step in STEPS:
            with ThreadPoolExecutor(AT_ONCE) as people:
                list(people.map(lambda name: play.say(f"deploy {name}"), names[there:step]))
            there = step
            play.wait_phase("live", step, 400, every=1)
            time.sleep(SETTLED)
            for kind, megabytes in used(play.bot_pid()).items():
                rows.append(Row("memory", f"{kind} of the bot with {step} stagings", spread([megabytes]), "MB"))
    return rows


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
