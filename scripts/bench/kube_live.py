"""From a typed command to live on Kubernetes, against kubectl and Helm with the same objects, in turns."""

import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from scripts.bench.cluster import Account, Cluster, Object, cluster, run
from scripts.bench.kube_team import PROJECT, KubeTeam, kube_team
from scripts.bench.machine import ROOT
from scripts.bench.playground import until
from scripts.bench.report import Row
from scripts.bench.stats import ratios, spread

LIVE = re.compile(r"<@\w+> Live at ")
TURNS = 2  # of each, in a round
OF_KUBECTL, OF_HELM = 1.1, 1.0
STEM = "turn"


@dataclass(slots=True)
class Contestant:
    """`deploy(name)` returns when all of it is live. What it asks of the API server is counted by its `account`."""

    what: str
    account: Account
    deploy: Callable[[str], float]
    seconds: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)

    def turn(self, there: Cluster, name: str) -> None:
        before = there.requests(self.account)
        self.seconds.append(self.deploy(name))
        self.requests.append(there.requests(self.account) - before)

    def forget(self) -> None:
        self.seconds.clear()
        self.requests.clear()


def measure(folder: Path, rounds: int) -> list[Row]:
    with cluster(folder / "rig") as there:
        bot = there.bot()
        with kube_team(folder, bot) as team:
            objects = _pattern(there, team)
            hand = ByHand(there, there.person("kubectl"), objects, folder / "hand")
            helm = ByHelm(there, there.person("helm"), objects, folder / "helm")
            three = [
                Contestant("the bot", bot, lambda name: deployed(team, name)),
                Contestant("kubectl", hand.account, hand.deploy),
                Contestant(helm.version(), helm.account, helm.deploy),
            ]
            _rounds(there, team, three, rounds)
    return _rows(*three)


def _pattern(there: Cluster, team: KubeTeam) -> Sequence[Object]:
    """What all three are to put there: what the bot does."""
    team.branch("pattern")
    deployed(team, "pattern")
    return there.objects(f"{PROJECT}--pattern")


def _rounds(there: Cluster, team: KubeTeam, three: Sequence[Contestant], rounds: int) -> None:
    """The first warms up: caches of discovery, connections. What was deployed stays, so that no removal disturbs."""
    for index in range(rounds * TURNS + 1):
        name = f"{STEM}-{index}"
        team.branch(name)
        first = index % len(three)
        for one in (*three[first:], *three[:first]):
            one.turn(there, name)
        if not index:
            for one in three:
                one.forget()


def deployed(team: KubeTeam, name: str) -> float:
    """Seconds from the command until the reply “Live”."""
    before, start = len(team.replies(LIVE)), time.time()
    team.say(f"deploy {name}")
    until(lambda: len(team.replies(LIVE)) > before, 60, f"{name} is live")
    return max(float(message["ts"]) for message in team.replies(LIVE)) - start


@dataclass(frozen=True, slots=True)
class ByHand:
    """`kubectl apply -f` and `kubectl rollout status`, in a namespace of its own, which is among the objects."""

    there: Cluster
    account: Account
    objects: Sequence[Object]
    folder: Path

    def deploy(self, name: str) -> float:
        place = f"kubectl--{name}"
        self.folder.mkdir(exist_ok=True)
        file = self.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump_all(_moved(self.objects, place)))
        start = time.perf_counter()
        self.there.kubectl("apply", "-f", str(file), by=self.account)
        self.there.kubectl("-n", place, "rollout", "status", *_deployments(self.objects), by=self.account)
        return time.perf_counter() - start


@dataclass(frozen=True, slots=True)
class ByHelm:
    """`helm upgrade --install --wait`: the same objects as a chart; Helm makes the namespace, and each release anew."""

    there: Cluster
    account: Account
    objects: Sequence[Object]
    folder: Path

    def version(self) -> str:
        return "Helm " + run([_helm(), "version", "--template", "{{.Version}}"], self.there.folder)

    def deploy(self, name: str) -> float:
        place, chart = f"helm--{name}", self.folder / name
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("{apiVersion: v2, name: shop, version: 0.1.0}\n")
        inside = [thing for thing in _moved(self.objects, place) if thing["kind"] != "Namespace"]
        (chart / "templates" / "all.yaml").write_text(yaml.safe_dump_all(inside))
        where = ["--kubeconfig", str(self.account.kubeconfig), "-n", place, "--create-namespace"]
        helm, start = _helm(), time.perf_counter()
        run([helm, "upgrade", "--install", "--wait", name, str(chart), *where], self.there.folder)
        return time.perf_counter() - start


def _helm() -> str:
    found = subprocess.run([ROOT / "scripts" / "kube" / "helm-binary"], check=True, stdout=subprocess.PIPE, text=True)
    return found.stdout.strip()


def _moved(objects: Sequence[Object], place: str) -> list[Object]:
    return [{**thing, "metadata": {**thing["metadata"], **_named(thing, place)}} for thing in objects]


def _named(thing: Object, place: str) -> Object:
    return {"name": place} if thing["kind"] == "Namespace" else {"namespace": place}


def _deployments(objects: Sequence[Object]) -> list[str]:
    return [f"deployment/{thing['metadata']['name']}" for thing in objects if thing["kind"] == "Deployment"]


def _rows(ours: Contestant, kubectl: Contestant, helm: Contestant) -> list[Row]:
    rows = [Row("kube-live", f"command until “Live”, {ours.what}", spread(ours.seconds), "s")]
    rows.append(Row("kube-live", "kubectl apply and rollout status", spread(kubectl.seconds), "s"))
    rows.append(Row("kube-live", f"{helm.what}, upgrade --install --wait", spread(helm.seconds), "s"))
    rows.append(Row("kube-live", "bot / kubectl", spread(ratios(ours.seconds, kubectl.seconds)), goal=OF_KUBECTL))
    rows.append(Row("kube-live", f"bot / {helm.what}", spread(ratios(ours.seconds, helm.seconds)), goal=OF_HELM))
    for one in (ours, kubectl, helm):
        rows.append(Row("kube-live", f"API requests of a deploy, {one.what}", spread(one.requests)))
    return rows
