"""Fifty branches deployed at once, against the same by hand with the engine's own concurrency."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.app import TARGETS
from bot.local.pace import Pace
from scripts.bench.by_hand import ByHand
from scripts.bench.playground import Playground, playground, until
from scripts.bench.report import Row
from scripts.bench.stats import ratios, spread

MANY = 50
GOAL = 1.5
# A slow machine makes fewer rounds, so that the whole stays within its time: after so many seconds three will do.
ENOUGH, FEW = 150.0, 3
LIVE = re.compile(r"<@\w+> Live at ")


def measure(folder: Path, rounds: int) -> list[Row]:
    ours, theirs = [], []
    with playground(folder) as play:
        names = [f"load-{number:02}" for number in range(1, MANY + 1)]
        for name in names:
            play.branch(name)
        start = time.monotonic()
        for index in range(rounds):
            if index >= FEW and time.monotonic() - start > ENOUGH:
                break
            ours.append(_deployed(play, names))
            theirs.append(_by_hand(play, names, folder / f"hand-{index}"))
    width = Pace().starts_at_once
    many = f"{MANY} branches"
    return [
        Row("fifty", f"{many}, commands until the last “Live”", spread(ours), "s"),
        Row("fifty", f"{many} by hand, {width} processes starting at a time", spread(theirs), "s"),
        Row("fifty", f"{many}, with the bot / by hand", spread(ratios(ours, theirs)), goal=GOAL),
    ]


def _deployed(play: Playground, names: list[str]) -> float:
    """Until people are told of the last one. All are gone again afterwards."""
    before = len(play.replies(LIVE))
    asked = time.time()
    with ThreadPoolExecutor(len(names)) as people:
        list(people.map(lambda name: play.say(f"deploy {name}"), names))
    # Rarely, for whoever looks is worked for, too; when it was said is in the messages.
    until(lambda: len(play.replies(LIVE)) == before + len(names), 300, "all are announced", every=1.0)
    found = play.replies(LIVE)
    seconds = max(float(message["ts"]) for message in found) - asked
    for name in names:
        play.say(f"delete {name} --now")
    play.wait_empty(120)
    return seconds


def _by_hand(play: Playground, names: list[str], folder: Path) -> float:
    turns, exports = threading.Semaphore(Pace().starts_at_once), threading.Semaphore(TARGETS)
    hands = [ByHand(play.repository, name, folder / name, turns, exports) for name in names]
    start = time.perf_counter()
    try:
        with ThreadPoolExecutor(len(hands)) as people:
            list(people.map(ByHand.deploy, hands))
        return time.perf_counter() - start
    finally:
        for hand in hands:
            hand.end()
