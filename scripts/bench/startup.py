"""From the start of the process until it is ready, with many stored stagings and with none."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from scripts.bench.by_hand import answers
from scripts.bench.machine import PRODUCT, environ
from scripts.bench.playground import Playground, free_port, playground, until
from scripts.bench.report import Row
from scripts.bench.stats import differences, spread
from scripts.bench.stored import database_url, fill

MANY = 500
GOAL = 3.0


def measure(folder: Path, rounds: int) -> list[Row]:
    """Each of the two in a data folder of its own, in turns, with the same stand-in for Slack."""
    full, empty = folder / "full", folder / "empty"
    asyncio.run(fill(full, MANY, MANY))
    many, none = [], []
    with playground(folder) as play:
        os.kill(play.bot_pid(), signal.SIGTERM)
        for index in range(rounds + 1):  # the first warms up
            found = _started(play, full), _started(play, empty)
            if index:
                many.append(found[0])
                none.append(found[1])
    return [
        Row("startup", f"with {MANY} stagings, and {MANY} deleted ones", spread(many), "s", GOAL),
        Row("startup", "with none", spread(none), "s"),
        Row("startup", f"more with {MANY}", spread(differences(many, none)), "s"),
    ]


def _started(play: Playground, data: Path) -> float:
    """Seconds until `/readyz` says yes."""
    port = free_port()
    own = {"OCTOPOD_DATA": str(data), "DATABASE_URL": database_url(data), "OCTOPOD_HTTP_PORT": str(port)}
    log = (data.parent / f"{data.name}.log").open("ab")
    start = time.perf_counter()
    with log:
        bot = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"],
            cwd=PRODUCT,
            env=environ() | play.env() | own,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: answers(port, "/readyz") or bot.poll() is not None, 60, "the bot is ready", every=0.01)
        seconds = time.perf_counter() - start
        if bot.poll() is not None:
            raise RuntimeError(Path(log.name).read_text()[-2000:])
        return seconds
    finally:
        bot.terminate()
        bot.wait(60)
