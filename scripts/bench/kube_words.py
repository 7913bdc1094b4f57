"""From the API server knowing that a pod has failed until people read why, in the thread of its staging."""

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.bench.cluster import Cluster, cluster
from scripts.bench.kube_team import PROJECT, KubeTeam, kube_team
from scripts.bench.playground import until
from scripts.bench.report import Row
from scripts.bench.stats import Spread, percentile

SAMPLES = 7  # of each, in a round
GOALS = {50: 1.0, 99: 3.0}
TOLD = re.compile(r"<@\w+> 🔴 Release \d+ failed: ")
# What kwok's pods do, and how that is told. Neither has a grace: a missing Secret is final, and so is the third crash.
FATES = {"config": "a missing Secret", "crash": "a crash loop, with its last lines"}


@dataclass(slots=True)
class Sight:
    """Who else watches pods: when a namespace's first failure was sent by the API server."""

    failed: dict[str, float] = field(default_factory=dict)

    def read(self, lines: Iterator[bytes]) -> None:
        for line in lines:
            at, pod = time.time(), json.loads(line)["object"]
            if any(_is_bad(told) for told in (pod.get("status") or {}).get("containerStatuses") or []):
                self.failed.setdefault(pod["metadata"]["namespace"], at)


def _is_bad(told: dict[str, Any]) -> bool:
    waiting = (told.get("state") or {}).get("waiting") or {}
    return waiting.get("reason") in ("CreateContainerConfigError", "CrashLoopBackOff")


def measure(folder: Path, rounds: int) -> list[Row]:
    found: dict[str, list[float]] = {fate: [] for fate in FATES}
    with cluster(folder / "rig") as there, kube_team(folder, there.bot()) as team, _watching(there) as sight:
        for fate in FATES:
            team.branch_with(fate, "labels: {app: web}", f"labels: {{app: web, test.octopod.dev/fate: {fate}}}")
        for index in range(rounds * SAMPLES + 1):  # the first warms up
            for fate, seconds in found.items():
                name = f"{fate}-{index}"
                team.branch(name, fate)
                told = _told(team, name)
                known = sight.failed[f"{PROJECT}--{name}"]
                if index:
                    seconds.append(told - known)
    rows = []
    for fate, seconds in found.items():
        for percent, goal in GOALS.items():
            figure = Spread(percentile(seconds, percent), min(seconds), max(seconds), len(seconds))
            rows.append(Row("kube-words", f"p{percent} of {FATES[fate]}", figure, "s", goal))
    return rows


def _told(team: KubeTeam, name: str) -> float:
    """When the words were in the thread."""
    before = len(team.replies(TOLD))
    team.say(f"deploy {name}")
    until(lambda: len(team.replies(TOLD)) > before, 60, f"the failure of {name} is told")
    return max(float(message["ts"]) for message in team.replies(TOLD))


@contextmanager
def _watching(there: Cluster) -> Iterator[Sight]:
    command = [str(there.programs / "kubectl"), "--kubeconfig", str(there.admin.kubeconfig), "get", "--raw"]
    watch = subprocess.Popen([*command, "/api/v1/pods?watch=true"], stdout=subprocess.PIPE)
    sight = Sight()
    assert watch.stdout
    reader = threading.Thread(target=sight.read, args=(iter(watch.stdout),), daemon=True)
    reader.start()
    try:
        yield sight
    finally:
        watch.terminate()
        watch.wait()
        reader.join()
