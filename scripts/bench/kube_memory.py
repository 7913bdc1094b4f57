"""What the bot costs while nothing happens, with more and more live stagings on Kubernetes."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.cluster import Account, Cluster, cluster
from scripts.bench.costs import work_done
from scripts.bench.kube_team import KubeTeam, kube_team
from scripts.bench.memory import grown, used
from scripts.bench.playground import until
from scripts.bench.report import Row
from scripts.bench.stats import exponent, spread

STEPS = (10, 100, 500)
IDLE, QUIET = 30.0, 5.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """Memory in MB; processor in seconds, and requests, per minute."""

    memory: float
    processor: float
    requests: float


def measure(folder: Path, rounds: int) -> list[Row]:
    """One round: it grows only once."""
    with cluster(folder / "rig") as there:
        bot = there.bot()
        with kube_team(folder, bot) as team:
            costs = [_idle(there, bot, team) for _ in grown(team, STEPS)]
    return _rows(costs)


def _idle(there: Cluster, bot: Account, team: KubeTeam) -> Cost:
    """Once nothing is under way any more."""
    _wait_quiet(there, bot, team)
    pid = team.bot_pid()
    requests, processor, start = there.requests(bot), _seconds(pid), time.monotonic()
    time.sleep(IDLE)
    minutes = (time.monotonic() - start) / 60
    processor = max(_seconds(pid) - processor, 1 / TICKS)  # the kernel counts in ticks
    requests = there.requests(bot) - requests
    found = used(pid)
    return Cost(found.get("PSS", found["RSS"]), processor / minutes, requests / minutes)


def _wait_quiet(there: Cluster, bot: Account, team: KubeTeam) -> None:
    """It asks neither cluster nor Slack for anything, and writes nothing."""

    def counted() -> tuple[float, ...]:
        return (there.requests(bot), *work_done(team))

    seen, since = counted(), time.monotonic()

    def quiet() -> bool:
        nonlocal seen, since
        if (now := counted()) != seen:
            seen, since = now, time.monotonic()
        return time.monotonic() - since > QUIET

    until(quiet, 240, "the bot does nothing", 1.0)


def _seconds(pid: int) -> float:
    """Of processor time, in user and in system mode: the 14th and 15th field; the name before them may hold blanks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _rows(costs: Sequence[Cost]) -> list[Row]:
    rows = []
    for step, cost in zip(STEPS, costs, strict=True):
        rows += [
            Row("kube-memory", f"memory of the bot with {step} stagings", spread([cost.memory]), "MB"),
            Row("kube-memory", f"processor per idle minute with {step} stagings", spread([cost.processor]), "s"),
            Row("kube-memory", f"API requests per idle minute with {step} stagings", spread([cost.requests])),
        ]
    for what, values in (("memory", [one.memory for one in costs]), ("processor", [one.processor for one in costs])):
        rows.append(
            Row("kube-memory", f"{what} grows with stagings to the power of", spread([exponent(STEPS, values)]))
        )
    more = (costs[-1].memory - costs[0].memory) * 1024 / (STEPS[-1] - STEPS[0])
    return [*rows, Row("kube-memory", "memory of each staging more", spread([more]), "KB")]
