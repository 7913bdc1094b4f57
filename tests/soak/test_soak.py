"""A team's day, accelerated: all that people do, while all that can goes wrong, and nothing is left of it in the end.

SOAK: how many minutes (20). OCTOPOD_TEST_SEED: to have the same day again, as far as time lets it be the same.
"""

import json
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from crash_kit import Json, Playground, playground
from process_kit import marked
from soak_alerts import counted, wrong
from soak_breaks import KEPT, WAYS, Breaker
from soak_breaks import told as breakages
from soak_git import GitHost, serving
from soak_growth import HEADINGS, Sample, growing, left, look
from soak_team import OWN, Team, told
from soak_trouble import Trouble
from soak_truth import contradictions, never

from bot.playground.launcher_folder import CONFIG

MINUTES = float(os.environ.get("SOAK") or 20)
SEED = int(os.environ.get("OCTOPOD_TEST_SEED", "0")) or random.randrange(1, 1_000_000)
PATIENCE = 300.0  # work that failed is tried again within a minute; and what Slack slowed down may be a lot
RESTING, LEAST = 10.0, 3.0  # seconds: what it usually takes to come to rest, and to do something
A_BREAKAGE, EVENING = 40.0, 40.0  # and to break and mend a staging; and to delete all of them

pytestmark = [pytest.mark.soak, pytest.mark.timeout(int(MINUTES * 60) + 1200)]


class Day:
    def __init__(self, play: Playground, host: GitHost) -> None:
        chance = random.Random(SEED)
        self.play, self.chance = play, chance
        self.team, self.trouble = Team(play, chance), Trouble(play, host, chance)
        self.breakers = [Breaker(play, WAYS[:2]), Breaker(play, WAYS[2:])]
        self.samples: list[Sample] = []
        self._began = time.monotonic()
        self._evening = self._began + MINUTES * 60 - EVENING

    def goes_on(self, until: float, kills: bool) -> None:
        """People at work, and trouble; then all comes to rest and is looked at. `until`: a part of the day, 0 to 1.

        The more stood still before, the less is done; some seconds always.
        """
        end = max(self._began + (self._evening - self._began) * until - RESTING, time.monotonic() + LEAST)
        with ThreadPoolExecutor(2) as at_once:
            list(at_once.map(self.team.grant, self.team.missing(self._names(self.play.state()))))
            while time.monotonic() < end:
                state = self.play.state()
                wishes = self.team.wishes(self._names(state), state)
                list(at_once.map(self.team.grant, wishes))
                if self.chance.random() < 0.12:
                    self.trouble.strike(kills)
                self._break(begins=time.monotonic() < self._evening - A_BREAKAGE)
                self.play.let_pass(self.chance.uniform(0.0, 0.3))
        self.trouble.over()
        self.rests()

    def _names(self, state: Json) -> list[str]:
        """Of the stagings that people work with."""
        return sorted(set(self.play.phases(state)) - {*KEPT})

    def rests(self) -> None:
        end = time.monotonic() + PATIENCE
        while found := contradictions(self.play) or self._deaf():
            assert time.monotonic() < end, "it never comes to rest:\n" + "\n".join(found) + f"\n{self.play.tail()}"
            self._break(begins=False)
            self.play.let_pass(0.5)
        harms = [*self.trouble.harms, *(harm for breaker in self.breakers for harm in breaker.harms)]
        assert not (bad := [*never(self.play), *wrong(self.play.data, harms)]), "\n".join(bad)

    def _break(self, begins: bool) -> bool:
        """Whether something is broken on purpose."""
        return any([breaker.goes_on(begins) for breaker in self.breakers])

    def _deaf(self) -> list[str]:
        answer = self.play.say("help")
        return [] if answer["ok"] else [f"nobody is heard: {answer}"]

    def looks(self) -> None:
        self.samples.append(look(self.play, self.team.done.total()))
        print(self.samples[-1].told())

    def ends(self) -> None:
        """Everything is mended, then deleted; what is kept for a while goes, too."""
        while self._break(begins=False):
            self.play.let_pass(0.2)
        for name in self.play.phases(self.play.state()):
            self.play.say(f"delete {name} --now", "carol")
        self.play.until(lambda state: not self.play.phases(state), 60, "all is deleted")
        self.rests()
        left = [path.name for path in (self.play.data / "local").iterdir() if path.name != "lock"]
        assert not left and not [*(self.play.data / "trees").iterdir()] and not marked(self.play.data), left


@contextmanager
def a_day(folder: Path) -> Iterator[Day]:
    """With a git host of its own, stagings that live for minutes, and health checks in quick succession."""
    with (
        serving(folder / "data") as host,
        playground(folder, before=lambda play: configured(play, host), OCTOPOD_CHECKS_FASTER="5") as play,
    ):
        for name in (*OWN, *KEPT):
            play.branch(name)
        yield Day(play, host)


def configured(play: Playground, host: GitHost) -> None:
    file = play.data / CONFIG
    text = file.read_text()
    own = json.dumps(str(play.data / "shop.git"))
    assert text.count("ttl: 3d") == text.count(own) == 1
    file.write_text(text.replace("ttl: 3d", "ttl: 3m").replace(own, host.url))


def test_a_teams_day(tmp_path: Path) -> None:
    print(f"OCTOPOD_TEST_SEED={SEED} SOAK={MINUTES:g}")
    with a_day(tmp_path) as day:
        day.goes_on(0.3, kills=True)
        day.team.unheard.clear()
        # From now on one bot lives until the evening, so that what it holds on to would add up.
        print(HEADINGS)
        parts = round(2 + MINUTES / 2)
        for part in range(1, parts + 1):
            day.goes_on(0.3 + 0.7 * part / parts, kills=False)
            day.looks()
        day.ends()
        day.looks()
        team = day.team
        print(f"Done: {told(team.done)}.\nClicked: {told(team.clicked)}.\nTrouble: {told(day.trouble.done)}.")
        print(f"{breakages(day.breakers)}\nAlerts: {counted(day.play.data)}.")
        print(f"Not heard while Slack's socket was cut: {told(team.unheard)}. The slowest ack: {team.slowest:.0f} ms.")
        assert sum(breaker.done.total() for breaker in day.breakers) >= MINUTES / 2, "too little was broken on purpose"
        # Between a cut and the next connection nobody can be heard; who is heard is answered in time.
        assert set(team.unheard) <= {"dispatch_failed"} and team.unheard.total() < team.done.total() / 4
        assert not growing(day.samples[1:-1]) and not left(day.samples)
