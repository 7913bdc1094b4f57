"""From a breakage of a live staging being known until its alert is posted, among more and more live stagings."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.checking import BEAT
from bot.domain.policy import Policy
from scripts.bench.cluster import Cluster, cluster
from scripts.bench.kube_team import CHECKS, PROJECT, KubeTeam, kube_team
from scripts.bench.playground import until
from scripts.bench.report import Row
from scripts.bench.stats import Spread, percentile, spread

STEPS = (10, 100, 500)
SAMPLES = 10  # of each way to break, in a round, at each step
AT_ONCE, APART = 5, 1.5  # Slack takes one message a second in a channel
DEPLOYING = 25
DEBOUNCE = Policy(None).debounce.total_seconds()
SECONDS = 60.0
GOALS = {50: 2.0, 99: 10.0}
MORE = 1.2
ABOUT = re.compile(r"\bmany-\d{4}\b")
WAYS = {"pods": "pods that crash", "check": "a health check that fails"}


@dataclass(slots=True)
class Posted:
    """When the first alert about each staging was posted."""

    channel: str
    at: dict[str, float] = field(default_factory=dict)

    def read(self, entries: Sequence[Mapping[str, object]]) -> None:
        for entry in entries:
            body = entry["body"]
            if entry["method"] == "chat.postMessage" and isinstance(body, dict) and body["channel"] == self.channel:
                about = ABOUT.search(str(body.get("text")))
                at = entry["at"]
                if about and isinstance(at, float) and not body.get("thread_ts"):
                    self.at.setdefault(about[0], at)


class Crowd:
    """Live stagings, `main` among them. Each breaks once: what breaks again is told by an edit."""

    def __init__(self, team: KubeTeam) -> None:
        self._team, self._made, self._live = team, 0, list[str]()
        self._all = 1
        team.say("deploy main")

    def grow(self, count: int) -> None:
        new = [f"many-{number:04}" for number in range(self._made, self._made + count - self._all)]
        for name in new:
            self._team.branch(name)
        with ThreadPoolExecutor(DEPLOYING) as people:
            list(people.map(lambda name: self._team.say(f"deploy {name}"), new))
        self._made, self._all = self._made + len(new), count
        self._live += new
        self._team.wait_phase("live", count, 600, every=0.5)

    def take(self, count: int) -> list[str]:
        """The oldest ones."""
        taken, self._live = self._live[:count], self._live[count:]
        return taken

    def replace(self, names: Sequence[str]) -> None:
        for name in names:
            self._team.say(f"delete {name} --now")
        count, self._all = self._all, self._all - len(names)
        self.grow(count)


@dataclass(slots=True)
class Stage:
    there: Cluster
    team: KubeTeam
    posted: Posted
    crashed: dict[str, float] = field(default_factory=dict)

    def broken_pods(self, name: str) -> None:
        """As a kubelet would tell it."""
        pods = f"/api/v1/namespaces/{PROJECT}--{name}/pods"
        (pod,) = self.there.ask(f"{pods}?labelSelector=app%3Dapi")["items"]
        ready = {"type": "Ready", "status": "False", "reason": "ContainersNotReady"}
        status = {"conditions": [ready], "containerStatuses": [_crashed()]}
        self.crashed[name] = time.time()
        self.there.ask(f"{pods}/{pod['metadata']['name']}/status", {"status": status})

    def broken_check(self, name: str) -> None:
        self.team.ill[_host(name)] = []

    def due(self, way: str, name: str) -> float:
        """When it could be told at the earliest: the debounce counts from the first sign of it, and a health check has
        failed when it did so twice."""
        if way == "pods":
            return self.crashed[name] + DEBOUNCE
        first, second = self.team.ill[_host(name)][:2]
        return max(first + DEBOUNCE, second)

    def late(self, way: str, names: Sequence[str]) -> list[float]:
        """How many seconds after that the alerts were posted."""
        broken: Callable[[str], None] = {"pods": self.broken_pods, "check": self.broken_check}[way]
        for name in names:
            begun = time.monotonic()
            broken(name)
            time.sleep(max(0.0, begun + APART - time.monotonic()))
        until(lambda: self.posted.at.keys() >= set(names), SECONDS, f"alerts about {', '.join(names)}")
        return [self.posted.at[name] - self.due(way, name) for name in names]


def measure(folder: Path, rounds: int) -> list[Row]:
    found: dict[tuple[str, int], list[float]] = {}
    with (
        cluster(folder / "rig") as there,
        kube_team(folder, there.bot(), CHECKS) as team,
        _reading(team) as posted,
    ):
        crowd, stage = Crowd(team), Stage(there, team, posted)
        for step in STEPS:
            crowd.grow(step)
            time.sleep(BEAT.first.total_seconds())  # so long what is new is looked at more often
            for _ in range(rounds * SAMPLES // AT_ONCE):
                for way in WAYS:
                    names = crowd.take(AT_ONCE)
                    found.setdefault((way, step), []).extend(stage.late(way, names))
                    crowd.replace(names)
    return [row for way in WAYS for row in _rows(way, {step: found[way, step] for step in STEPS})]


def _rows(way: str, found: Mapping[int, Sequence[float]]) -> Iterator[Row]:
    for step, late in found.items():
        for percent, goal in GOALS.items():
            figure = Spread(percentile(late, percent), min(late), max(late), len(late))
            yield Row("kube-alerts", f"{WAYS[way]}, {step} stagings: p{percent}", figure, "s", goal)
    few, many = (percentile(found[step], 50) for step in (STEPS[0], STEPS[-1]))
    each = f"{WAYS[way]}: p50 with {STEPS[-1]} / with {STEPS[0]}"
    yield Row("kube-alerts", each, spread([many / few]), goal=MORE)
    yield Row("kube-alerts", f"{each}, debounce included", spread([(many + DEBOUNCE) / (few + DEBOUNCE)]))


def _crashed() -> dict[str, object]:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    last = {"exitCode": 1, "reason": "Error", "startedAt": now, "finishedAt": now}
    state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}}
    container = {"name": "api", "image": "shop", "imageID": "", "ready": False, "restartCount": 3}
    return {**container, "state": state, "lastState": {"terminated": last}}


def _host(name: str) -> str:
    return f"{name}.{PROJECT}.test"


@contextmanager
def _reading(team: KubeTeam) -> Iterator[Posted]:
    posted, ended = Posted(team.channel("stagings-alerts")), threading.Event()

    def read() -> None:
        last = 0
        while not ended.is_set():
            found = team.traffic(last, 1.0)
            last = found["last"]
            posted.read(found["entries"])

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield posted
    finally:
        ended.set()
        reader.join()
