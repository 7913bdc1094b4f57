"""The control plane of `make test-kube` as a process of its own, with an account for each of those who are compared."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import yaml

from scripts.bench.machine import PRODUCT, ROOT, environ
from scripts.bench.playground import until

Object = dict[str, Any]
RIG = ROOT / "tests" / "kube" / "kube_rig.py"
BOT = "system:serviceaccount:octopod:octopod"
HOME = "octopod-bench"
NODES = 4
DISPATCHED = re.compile(
    r'^apiserver_flowcontrol_dispatched_requests_total\{flow_schema="bench-([a-z]+)".*\} (\S+)$', re.M
)


@dataclass(frozen=True, slots=True)
class Account:
    """`kubeconfig`: with its token. What it asks of the API server is counted under its `name`."""

    name: str
    kubeconfig: Path


class Cluster:
    """`folder` is the rig's own; use `cluster`."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.admin = Account("admin", folder / "admin.kubeconfig")

    def kubectl(self, *words: str, given: str | None = None, by: Account | None = None) -> str:
        """What it says. Raises CalledProcessError."""
        command = [str(self.programs / "kubectl"), "--kubeconfig", str((by or self.admin).kubeconfig), *words]
        return run(command, self.folder, given)

    def ask(self, path: str, patch: Object | None = None) -> Any:
        """The API server itself, without a program that has to start first. `patch`: by which something is changed."""
        config = yaml.safe_load(self.admin.kubeconfig.read_text())
        server, token = config["clusters"][0]["cluster"], config["users"][0]["user"]["token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"}
        data, method = (None, "GET") if patch is None else (json.dumps(patch).encode(), "PATCH")
        request = urllib.request.Request(urljoin(server["server"], path), data, headers, method=method)
        trusted = ssl.create_default_context(cafile=server["certificate-authority"])
        with urllib.request.urlopen(request, timeout=30, context=trusted) as answer:
            return json.load(answer)

    def bot(self) -> Account:
        """The account of manifests/bot, with no other rights than it has there."""
        self.kubectl("apply", "-k", str(PRODUCT / "manifests" / "bot"))
        return self._account("bot", "octopod", "octopod")

    def person(self, name: str) -> Account:
        """May do everything."""
        self.kubectl("create", "namespace", f"{HOME}-{name}")
        self.kubectl("-n", f"{HOME}-{name}", "create", "serviceaccount", name)
        bound = f"--serviceaccount={HOME}-{name}:{name}"
        self.kubectl("create", "clusterrolebinding", f"bench-{name}", "--clusterrole=cluster-admin", bound)
        return self._account(name, f"{HOME}-{name}", name)

    def requests(self, account: Account) -> int:
        """How many this account has made so far."""
        found = DISPATCHED.findall(self.kubectl("get", "--raw", "/metrics"))
        return sum(int(float(count)) for name, count in found if name == account.name)

    def objects(self, namespace: str) -> list[Object]:
        """All that the bot has put there and its namespace, as somebody else would write them."""
        kinds = "configmaps,services,deployments,ingresses,resourcequotas,limitranges,networkpolicies"
        own = ["-l", "app.kubernetes.io/managed-by=octopod", "-o", "yaml"]
        found = yaml.safe_load(self.kubectl("-n", namespace, "get", kinds, *own))["items"]
        place = yaml.safe_load(self.kubectl("get", "namespace", namespace, "-o", "yaml"))
        return [written(thing) for thing in (place, *found)]

    def _account(self, name: str, namespace: str, account: str) -> Account:
        self.kubectl("apply", "-f", "-", given=yaml.safe_dump(_counted(name, namespace, account)))
        token = self.kubectl("-n", namespace, "create", "token", account, "--duration=4h").strip()
        config = yaml.safe_load(self.admin.kubeconfig.read_text())
        config["users"] = [{"name": "admin", "user": {"token": token}}]
        config["contexts"][0]["context"]["namespace"] = namespace
        made = Account(name, self.folder / f"{name}.kubeconfig")
        made.kubeconfig.write_text(yaml.safe_dump(config))
        self._until_counted(made)
        return made

    def _until_counted(self, account: Account) -> None:
        def counts() -> bool:
            self.kubectl("get", "--raw", "/version", by=account)
            return self.requests(account) > 0

        until(counts, 30, f"the requests of {account.name} are counted", 0.2)


def written(thing: Object) -> Object:
    """Without what the cluster and the bot have added to say whose it is; the bot must not take it for its own."""
    metadata, spec = thing["metadata"], dict(thing.get("spec") or {})
    kept = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    for name in ("clusterIP", "clusterIPs", "finalizers"):
        spec.pop(name, None)
    if "template" in spec:
        template = spec["template"]["metadata"]
        labels = {key: value for key, value in template["labels"].items() if "octopod.dev" not in key}
        labels.pop("app.kubernetes.io/managed-by", None)
        spec["template"]["metadata"] = {"labels": labels}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key.startswith("pod-security")}
    made: Object = {"apiVersion": thing["apiVersion"], "kind": thing["kind"], "metadata": {**kept, "labels": labels}}
    return made | ({"spec": spec} if spec else {}) | ({"data": thing["data"]} if "data" in thing else {})


def run(command: Sequence[str], home: Path, given: str | None = None, more: Mapping[str, str] | None = None) -> str:
    """With its caches in `home`. Raises CalledProcessError, after saying what the program complains about."""
    env = {**environ(), "HOME": str(home), **(more or {})}
    done = subprocess.run(command, capture_output=True, text=True, input=given, env=env, timeout=300)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        done.check_returncode()
    return done.stdout


def _counted(name: str, namespace: str, account: str) -> Object:
    """Flow control counts requests by its schemas; at this level nobody waits for a turn."""
    who = {"kind": "ServiceAccount", "serviceAccount": {"namespace": namespace, "name": account}}
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True, "namespaces": ["*"]}
    rule = {"subjects": [who], "resourceRules": [everything]}
    return {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": {"name": f"bench-{name}"},
        "spec": {
            "priorityLevelConfiguration": {"name": "exempt"},
            "matchingPrecedence": 100,
            "rules": [{**rule, "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}]}],
        },
    }


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """With room for some thousand pods."""
    folder.mkdir(parents=True)
    said = folder.with_suffix(".said")
    with said.open("wb") as output:
        rig = subprocess.Popen([sys.executable, str(RIG), str(folder)], stdout=output, env=environ())
    try:
        until(lambda: rig.poll() is not None or said.read_text().endswith("\n"), 900, "the control plane starts")
        if rig.poll() is not None:
            raise RuntimeError("the control plane did not start")
        programs = re.search(r" PATH=([^:]+)", said.read_text())
        assert programs, "the rig says where its programs are"
        there = Cluster(folder, Path(programs[1]))
        nodes = [
            # kwok sees nothing without a label
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"more-{n}", "labels": {"type": "kwok"}}}
            for n in range(NODES)
        ]
        there.kubectl("create", "-f", "-", given=yaml.safe_dump_all(nodes))
        there.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=30s")
        yield there
    finally:
        if rig.poll() is None:
            os.kill(rig.pid, signal.SIGINT)
            rig.wait(60)
