"""Thirty kills at random times while people deploy, extend and delete: in the end all is as they last wished."""

import os
import random
from pathlib import Path

import pytest
from crash_kit import BRANCHES, Playground, playground

SEED = int(os.environ.get("OCTOPOD_TEST_SEED", "0")) or random.randrange(1, 1_000_000)
KILLS = 30
PEOPLE = ("alice", "bob", "carol")


@pytest.mark.crash
@pytest.mark.timeout(420)
def test_thirty_kills_at_random_times(tmp_path: Path) -> None:
    print(f"OCTOPOD_TEST_SEED={SEED}")
    chance = random.Random(SEED)
    with playground(tmp_path) as play:
        for _ in range(KILLS):
            for _ in range(chance.randint(1, 3)):
                _wish(play, chance)
            play.let_pass(chance.uniform(0.0, 2.0))
            play.kill_bot()
            play.start_bot()
        play.settled(90)
        _last_wishes(play)
        play.converged(90)


def _wish(play: Playground, chance: random.Random) -> None:
    branch, who = chance.choice(BRANCHES), chance.choice(PEOPLE)
    what = chance.choices(("deploy {}", "extend {} 1d", "delete {} --now"), (6, 2, 3))[0]
    play.say(what.format(branch), who)


def _last_wishes(play: Playground) -> None:
    """Said to a bot that lives: whatever was lost with its predecessors' sockets is asked for again."""
    for branch in BRANCHES:
        if branch == "broken-login":
            play.say(f"delete {branch} --now")
            play.wanted[branch] = "deleted"
        else:
            play.deploy(branch, ends="failed" if branch == "broken-start" else "live")
