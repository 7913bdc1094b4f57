"""From a typed command to a live staging, against the same done by hand on the same repository."""

import re
import time
from pathlib import Path

from scripts.bench.by_hand import ByHand
from scripts.bench.playground import Playground, playground, until
from scripts.bench.report import Row
from scripts.bench.stats import differences, spread

MORE = 0.3
LIVE = re.compile(r"<@\w+> Live at ")


def measure(folder: Path, rounds: int) -> list[Row]:
    answered, told, hand = [], [], []
    with playground(folder) as play:
        for index in range(rounds + 1):  # the first warms up
            name = f"live-{index}"
            play.branch(name)
            found = _deployed(play, name)
            by_hand = ByHand(play.repository, name, folder / name)
            try:
                seconds = by_hand.deploy()
            finally:
                by_hand.end()
            if index:
                answered.append(found[0])
                told.append(found[1])
                hand.append(seconds)
    return [
        Row("live", "command until the URL answers", spread(answered), "s"),
        Row("live", "command until the reply “Live”", spread(told), "s"),
        Row("live", "by hand", spread(hand), "s"),
        Row("live", "URL, more than by hand", spread(differences(answered, hand)), "s", MORE),
        Row("live", "“Live”, more than by hand", spread(differences(told, hand)), "s"),
    ]


def _deployed(play: Playground, name: str) -> tuple[float, float]:
    """Seconds until its URL answers, and until people are told. It is gone again afterwards."""
    before = len(play.replies(LIVE))
    start, asked = time.perf_counter(), time.time()
    play.say(f"deploy {name}")
    until(lambda: play.url_answers(name), 60, f"{name} answers")
    seconds = time.perf_counter() - start
    until(lambda: len(play.replies(LIVE)) > before, 60, f"{name} is announced")
    told = max(float(message["ts"]) for message in play.replies(LIVE)) - asked
    play.say(f"delete {name} --now")
    play.wait_empty(60)
    return seconds, told
