"""What one deploy costs: write transactions and calls of Slack, as the bot itself counts them."""

import time
from pathlib import Path

from scripts.bench.playground import Playground, playground
from scripts.bench.report import Row
from scripts.bench.stats import spread

QUIET = 1.5  # a message is edited once a second at most


def measure(folder: Path, rounds: int) -> list[Row]:
    found: dict[str, list[tuple[int, int]]] = {"deploy": [], "no-op deploy": [], "delete": []}
    with playground(folder) as play:
        for index in range(rounds):
            name = f"costs-{index}"
            play.branch(name)
            found["deploy"].append(_cost(play, f"deploy {name}", live=1))
            found["no-op deploy"].append(_cost(play, f"deploy {name}", live=1))
            found["delete"].append(_cost(play, f"delete {name} --now", live=0))
    rows = []
    for what, costs in found.items():
        rows.append(Row("costs", f"write transactions of a {what}", spread([writes for writes, _ in costs])))
        rows.append(Row("costs", f"Slack calls of a {what}", spread([calls for _, calls in costs])))
    return rows


def _cost(play: Playground, text: str, live: int) -> tuple[int, int]:
    """Until so many are live and nothing happens any more."""
    before = work_done(play)
    play.say(text)
    seen, since = work_done(play), time.monotonic()
    while play.phases()["live"] != live or time.monotonic() - since < QUIET:
        time.sleep(0.1)
        if (now := work_done(play)) != seen:
            seen, since = now, time.monotonic()
    return seen[0] - before[0], seen[1] - before[1]


def work_done(play: Playground) -> tuple[int, int]:
    """Write transactions, and calls of Slack, since the bot's start."""
    found = play.metrics()
    calls = sum(value for name, value in found.items() if name.startswith("octopod_slack_calls_total{"))
    return int(found["octopod_write_transactions"]), int(calls)
