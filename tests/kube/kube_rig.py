"""A real control plane on loopback: etcd, API server, controller manager, scheduler; kwok plays nodes and kubelets.

One folder per run, free ports, everything ended by its own pid. Nothing here knows Octopod. With
OCTOPOD_TEST_KUBECONFIG the cluster of that file is used instead, and none is started.
"""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SCRIPTS = Path(__file__).parents[2] / "scripts" / "kube"
TOKEN = "only-on-loopback"
STARTING = 60.0
ENDING = 10.0
ELSEWHERE = "OCTOPOD_TEST_KUBECONFIG"
# On the nodes whose pods fare as kwok.yaml says.
PLAYED = "test.octopod.dev/played"
# A node with this label has no kubelet any more.
LEFT_ALONE = "test.octopod.dev/left-alone"
# By default a controller asks 20 times a second, which is less than hundreds of stagings need to begin with.
IN_A_HURRY = ("--kube-api-qps=500", "--kube-api-burst=1000")


def binaries() -> Path:
    """The folder that the script names; it builds them if need be, and says on stderr what it does."""
    found = subprocess.run([SCRIPTS / "binaries"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(found.stdout.strip())


@dataclass
class ControlPlane:
    """Whosever it is. `folder`: for the kubeconfig and whatever else a run needs; `programs`: where kubectl is."""

    folder: Path
    programs: Path

    @property
    def kubeconfig(self) -> Path:
        """An administrator's, with one context."""
        return self.folder / "admin.kubeconfig"

    @property
    def played(self) -> bool:
        """Whether its pods fare as kwok.yaml says, so that no image is needed and nothing of theirs runs."""
        return bool(self.kubectl("get", "nodes", "-l", PLAYED, "-o", "name"))

    def kubectl(self, *words: str, given: str | None = None) -> str:
        """What it says. Raises CalledProcessError with what it complains about."""
        command = [str(self.programs / "kubectl"), "--kubeconfig", str(self.kubeconfig), *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True, input=given, timeout=60)
        return done.stdout

    def offer_volumes(self, prefix: str, count: int, size: str = "1Gi") -> None:
        """For claims, where nothing provides for them by itself."""
        self.kubectl(
            "create", "-f", "-", given=yaml.safe_dump_all(_volume(f"{prefix}-{n}", size) for n in range(count))
        )


@dataclass
class Rig(ControlPlane):
    """One of our own. Use `running`."""

    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.ports['api']}"

    def start(self) -> None:
        self.ports = dict(zip(("etcd", "peer", "api", "kubelet"), _free_ports(4), strict=True))
        self._make_keys()
        etcd = f"http://127.0.0.1:{self.ports['etcd']}"
        peer = f"http://127.0.0.1:{self.ports['peer']}"
        self._run(
            "etcd",
            "--data-dir", self.folder / "etcd",
            "--listen-client-urls", etcd,
            "--advertise-client-urls", etcd,
            "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"default={peer}",
            "--unsafe-no-fsync",
            "--log-level", "warn",
        )  # fmt: skip
        self.start_api_server()
        self._write_kubeconfig()
        account_key = self.folder / "account.key"
        self._run(
            "kube-controller-manager",
            "--kubeconfig", self.kubeconfig,
            "--service-account-private-key-file", account_key,
            "--root-ca-file", self.folder / "certs" / "apiserver.crt",
            "--use-service-account-credentials",
            "--leader-elect=false",
            "--secure-port=0",
            "--node-monitor-grace-period=1h",  # a busy machine's kubelets are late
            "--controllers=*,-node-ipam-controller,-cloud-node-lifecycle-controller,-service-lb-controller",
            *IN_A_HURRY,
        )  # fmt: skip
        self._run(
            "kube-scheduler", "--kubeconfig", self.kubeconfig, "--leader-elect=false", "--secure-port=0", *IN_A_HURRY
        )
        self._run(
            "kwok",
            "--kubeconfig", self.kubeconfig,
            "--manage-nodes-with-label-selector", f"!{LEFT_ALONE}",
            "--config", Path(__file__).with_name("kwok.yaml"),
            "--config", self._write_containers(),
            "--node-ip", "127.0.0.1",
            "--node-port", str(self.ports["kubelet"]),
            "--tls-cert-file", self.folder / "certs" / "apiserver.crt",
            "--tls-private-key-file", self.folder / "certs" / "apiserver.key",
        )  # fmt: skip

    def start_api_server(self) -> None:
        account_key = self.folder / "account.key"
        self._run(
            "kube-apiserver",
            "--etcd-servers", f"http://127.0.0.1:{self.ports['etcd']}",
            "--secure-port", str(self.ports["api"]),
            "--bind-address", "127.0.0.1",
            "--cert-dir", self.folder / "certs",
            "--service-account-key-file", account_key,
            "--service-account-signing-key-file", account_key,
            "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-cluster-ip-range", "10.96.0.0/16",
            "--endpoint-reconciler-type", "none",
            "--token-auth-file", self.folder / "tokens.csv",
            "--authorization-mode", "Node,RBAC",
            "--profiling=false",
        )  # fmt: skip
        self._wait_ready()

    @contextlib.contextmanager
    def nodes_watched_closely(self, patience: str) -> Iterator[None]:
        """Nodes whose kubelet has said nothing for so long are lost."""
        self._run(
            "kube-controller-manager",
            "--kubeconfig", self.kubeconfig,
            "--leader-elect=false",
            "--secure-port=0",
            f"--node-monitor-grace-period={patience}",
            "--controllers=node-lifecycle-controller",
            called="nodes-watched-closely",
        )  # fmt: skip
        try:
            yield
        finally:
            self._end("nodes-watched-closely", signal.SIGTERM)

    def stop_api_server(self, how: signal.Signals = signal.SIGKILL) -> None:
        self._end("kube-apiserver", how)

    def stop(self) -> None:
        for name in reversed(list(self.processes)):
            self._end(name, signal.SIGTERM)

    def _run(self, program: str, *words: str | Path, called: str = "") -> None:
        name = called or program
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [str(self.programs / program), *map(str, words)]
            env = {**os.environ, "PATH": f"{self.in_containers}{os.pathsep}{os.environ['PATH']}"}
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, env=env, start_new_session=True)

    def _end(self, name: str, how: signal.Signals) -> None:
        process = self.processes.pop(name)
        process.send_signal(how)
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_ready(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        request = urllib.request.Request(f"{self.url}/readyz", headers={"Authorization": f"Bearer {TOKEN}"})
        until = time.monotonic() + STARTING
        while time.monotonic() < until:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended; see {self.folder / name}.log")
            with (
                contextlib.suppress(urllib.error.URLError, OSError),
                urllib.request.urlopen(request, context=context, timeout=5) as answer,
            ):
                if answer.status == 200:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"the API server is not ready after {STARTING} s; see {self.folder}")

    def _make_keys(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / "account.key").write_bytes(pem)
        (self.folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')

    @property
    def in_containers(self) -> Path:
        """The folder of the programs that `kubectl exec` finds in every container. They run on this machine."""
        return self.folder / "in-containers"

    def _write_containers(self) -> Path:
        """Every container has said these two lines."""
        lines = self.folder / "container.log"
        lines.write_text("".join(f"2026-01-01T00:00:00Z stdout F {said}\n" for said in ("one line", "another line")))
        self.in_containers.mkdir()
        logs = {"logsFile": str(lines), "previousLogsFile": str(lines), "follow": False}
        every = {"apiVersion": "kwok.x-k8s.io/v1alpha1", "metadata": {"name": "all"}}
        file = self.folder / "containers.yaml"
        file.write_text(
            yaml.safe_dump_all(
                [
                    {**every, "kind": "ClusterLogs", "spec": {"logs": [logs]}},
                    {**every, "kind": "ClusterExec", "spec": {"execs": [{"local": {"workDir": str(self.folder)}}]}},
                ]
            )
        )
        return file

    def _write_kubeconfig(self) -> None:
        cluster = {"server": self.url, "certificate-authority": str(self.folder / "certs" / "apiserver.crt")}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "rig", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": TOKEN}}],
            "contexts": [{"name": "rig", "context": {"cluster": "rig", "user": "admin"}}],
            "current-context": "rig",
        }
        self.kubeconfig.write_text(yaml.safe_dump(config))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Rig]:
    plane = Rig(folder, binaries())
    try:
        plane.start()
        plane.kubectl("create", "-f", "-", given=_nodes(3))
        plane.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=30s")
        yield plane
    finally:
        plane.stop()


def elsewhere(folder: Path, kubeconfig: str) -> ControlPlane:
    """The cluster that the current context of a kubeconfig means."""
    kubectl = shutil.which("kubectl")
    plane = ControlPlane(folder, Path(kubectl).parent if kubectl else binaries())
    command = [str(plane.programs / "kubectl"), "config", "view", "--minify", "--flatten", "--raw"]
    only = subprocess.run([*command, "--kubeconfig", kubeconfig], check=True, capture_output=True, text=True).stdout
    plane.kubeconfig.touch(0o600)
    plane.kubeconfig.write_text(only)
    return plane


@contextlib.contextmanager
def given(folder: Path) -> Iterator[ControlPlane]:
    """The cluster that OCTOPOD_TEST_KUBECONFIG names, or one of our own."""
    kubeconfig = os.environ.get(ELSEWHERE)
    if kubeconfig:
        yield elsewhere(folder, kubeconfig)
        return
    with running(folder) as plane:
        yield plane


def _nodes(count: int) -> str:
    nodes = [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": f"node-{n}",
                "labels": {"type": "kwok", "kubernetes.io/hostname": f"node-{n}", PLAYED: "true"},
            },
        }
        for n in range(count)
    ]
    return yaml.safe_dump_all(nodes)


def _volume(name: str, size: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/nowhere"},
        },
    }


def _free_ports(count: int) -> list[int]:
    open_ones = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in open_ones]
    for one in open_ones:
        one.close()
    return ports


def main() -> None:
    """By hand: start one in the folder that is named, and end it with Ctrl-C."""
    import sys

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for end in (signal.SIGINT, signal.SIGTERM):  # whose parent is in the background ignores Ctrl-C, unless told not to
        signal.signal(end, signal.default_int_handler)
    with running(folder) as plane:
        print(f"export KUBECONFIG={plane.kubeconfig} PATH={plane.programs}{os.pathsep}$PATH", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
