"""How the fuzz runs: how many inputs, from which seed, how long each may take, and what is never posted.

OCTOPOD_FUZZ: how many inputs in all (`make fuzz` says 100,000). OCTOPOD_TEST_SEED: to have the same ones again.
"""

import json
import os
import random
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from structlog.testing import capture_logs

from bot.playground.blocks import check_blocks
from bot.slack.messages import Text

SAMPLE = 2_000
INPUTS = int(os.environ.get("OCTOPOD_FUZZ", "0")) or SAMPLE
SEED = int(os.environ.get("OCTOPOD_TEST_SEED", "0")) or 20_261_124
# Of the processor, not of the clock. Far above what any input takes (the slowest: 1 MB of YAML), far below for ever.
MOST_SECONDS = 10.0
# Of all inputs, in thousandths. What goes through files, git and HTTP is slower, so there is less of it.
SHARES = {
    "lines to the grammar": 500,
    "lines through the conversation": 110,
    "lines and mentions through HTTP": 15,
    "branch names": 150,
    "branches in git": 5,
    "manifests": 130,
    "octopod.yaml": 90,
}
PINGS = re.compile(r"<!(?!date\^)|<@(?!U01ALICE>)|<#")
DONE: dict[str, int] = {}


def share(kind: str) -> int:
    return INPUTS * SHARES[kind] // 1000


def inputs(kind: str) -> Iterator[tuple[int, random.Random]]:
    """As many as are due of this kind, each with its own source of chance; counted, and watched for their time."""
    for number in range(share(kind)):
        chance = random.Random(f"{SEED}/{kind}/{number}")
        with bounded(f"{kind}, number {number} of seed {SEED}"):
            yield number, chance
        DONE[kind] = DONE.get(kind, 0) + 1
    print(f"\n{DONE[kind]:>9,} {kind}; {sum(DONE.values()):,} inputs so far, seed {SEED}")


class TooSlow(Exception):
    """An input took longer than anything that ends by itself."""


@contextmanager
def bounded(what: str) -> Iterator[None]:
    def over(number: int, frame: FrameType | None) -> None:
        raise TooSlow(what)

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def clean_log() -> Iterator[None]:
    """Nothing that a developer would have to look at is logged meanwhile."""
    with capture_logs() as said:
        yield
    bad = [line for line in said if line["log_level"] in ("error", "critical") or "exc_info" in line]
    assert not bad, bad[:3]


def check_text(text: Text) -> None:
    """Slack would take it, and nobody is pinged who did not ask."""
    assert text.text and len(text.text) <= 4000, len(text.text)
    mistakes = check_blocks(text.blocks)
    assert not mistakes, (mistakes, text)
    check_calm([text.text, text.blocks])


def check_calm(thing: Any) -> None:
    found = [said for said in _strings(thing) if PINGS.search(said)]
    assert not found, f"that pings: {found[0][:300]!r}"


def _strings(thing: Any) -> Iterator[str]:
    """All that Slack would read as its markup: plain texts and values of buttons are shown as they are."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, Sequence):
        for item in thing:
            yield from _strings(item)
    elif isinstance(thing, Mapping) and thing.get("type") != "plain_text":
        for key, value in thing.items():
            if key not in ("value", "action_id", "url"):
                yield from _strings(value)


def jsonable(thing: Any) -> None:
    json.dumps(thing, allow_nan=False)
