"""What goes wrong all day, by chance: Slack, the git host, what runs in stagings, and the bot itself."""

import os
import signal
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from random import Random

from crash_kit import Playground
from process_kit import marked
from soak_alerts import Harm, id_of
from soak_breaks import KEPT
from soak_git import GitHost

SLACK = (
    {"method": "*", "when": "before", "status": 429, "retry_after": 1, "times": 3},
    {"method": "*", "when": "before", "status": 503, "times": 4},
    {"method": "*", "when": "after", "status": "drop", "times": 3},
    {"method": "*", "when": "before", "status": "drop", "times": 4},
    {"method": "chat.update", "when": "before", "status": 200, "delay_ms": 1500, "times": 2},
    {"method": "socket", "when": "before", "times": 1},  # nobody is heard until the bot notices, for up to five seconds
)
POINTS = (
    "saved:3",
    "request-claimed",
    "engine-claimed",
    "applied",
    "card-sent",
    "progress-sent",
    "notice-sent",
    "slept",
)
OFTEN = {"slack": 4, "git": 2, "workload": 4}


class Trouble:
    def __init__(self, play: Playground, host: GitHost, chance: Random) -> None:
        self._play, self._host, self._chance = play, host, chance
        self.done: Counter[str] = Counter()
        self.harms: list[Harm] = []
        self._armed = False  # the bot has a crash point that it may not have come to

    def strike(self, kills: bool) -> None:
        """`kills`: the bot may be killed, too, at once or at a point that it comes to."""
        kinds = {**OFTEN, "kill": 5, "crash point": 2} if kills else OFTEN
        kind = self._chance.choices([*kinds], [*kinds.values()])[0]
        self.done[kind] += 1
        match kind:
            case "slack":
                self._play.fault(**self._chance.choice(SLACK))
            case "git":
                self._host.trouble = 0 if self._host.trouble else self._chance.choice((500, 503, 401, 404))
            case "workload":
                self._crash()
            case "kill":
                self._restart()
            case _:
                self._restart(self._chance.choice(POINTS))

    def _crash(self) -> None:
        """One process of somebody's staging is killed; its engine starts it again."""
        spared = {id_of(self._play.data, name) for name in KEPT}
        leaders = [one for one in marked(self._play.data) if one.leads and one.staging not in spared]
        if leaders:
            victim = self._chance.choice(sorted(leaders, key=lambda one: one.mark))
            now = datetime.now(UTC)
            self.harms.append(Harm(victim.staging, now, now))
            with suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)

    def _restart(self, crash_at: str = "") -> None:
        self._play.fault(method="*", times=0)
        self._play.kill_bot()
        self._play.start_bot(crash_at)
        self._armed = bool(crash_at)

    def over(self) -> None:
        """All is well again, with a bot that has no crash point."""
        self._host.trouble = 0
        for method in ("*", "socket"):
            self._play.fault(method=method, times=0)
        if self._armed:
            self._restart()
