"""The real bot on a real control plane, and people who talk to it at the stand-in for Slack."""

import http.server
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.playground.launcher import WITHHELD
from bot.playground.secrets import load_or_make
from scripts.bench.by_hand import answers
from scripts.bench.cluster import Account
from scripts.bench.machine import PRODUCT, ROOT, environ
from scripts.bench.playground import LOOPBACK, NO_BASELINE, Playground, free_port, until

SHOP = ROOT / "scripts" / "bench" / "kube_shop"
PROJECT = "bench"
CONFIG = """\
engine: kubernetes
projects:
  bench:
    repo: {repository}
    source: {{manifests: deploy}}
    image: {responder}/acme/shop:${{commit}}
    hosts: {{web: "${{staging}}.bench.test"}}
    scheme: http
    channel: stagings
    alerts: stagings-alerts
    url_probe: {{address: "{responder}"}}
"""
CHECKED = "/login"
CHECKS = f"    health_checks: [{{name: login, path: {CHECKED}}}]\n"


class KubeTeam(Playground):
    """Bot and stand-in as processes of their own. `account`: the bot's. `more`: of the project in octopod.yaml."""

    def __init__(self, data: Path, account: Account, more: str = "") -> None:
        super().__init__(data)
        self._account, self._more = account, more
        self._children: list[subprocess.Popen[bytes]] = []
        self._responder = Responder()

    @property
    def ill(self) -> dict[str, list[float]]:
        """Hosts at which CHECKED fails, and when it did."""
        return self._responder.ill

    def start(self) -> None:
        threading.Thread(target=self._responder.serve_forever, daemon=True).start()
        secrets, port = load_or_make(self.data), free_port()
        self._make_repository()
        responder = f"{LOOPBACK}:{self._responder.server_address[1]}"
        (self.data / "octopod.yaml").write_text(
            CONFIG.format(repository=self.repository, responder=responder) + NO_BASELINE + self._more
        )
        env = {
            "SLACK_BOT_TOKEN": secrets.bot_token,
            "SLACK_APP_TOKEN": secrets.app_token,
            "SLACK_API_URL": f"http://{LOOPBACK}:{self.port}/api/",
            "OCTOPOD_CONFIG": str(self.data / "octopod.yaml"),
            "OCTOPOD_DATA": str(self.data),
            "OCTOPOD_HTTP_PORT": str(port),
            "KUBECONFIG": str(self._account.kubeconfig),
        }
        (self.data / "playground.env").write_text("".join(f"{name}={value}\n" for name, value in env.items()))
        self._run("slack", "bot.playground", "--port", str(self.port), "--data", str(self.data))
        until(lambda: answers(self.port, "/_workspace/state"), 30, "the stand-in for Slack answers")
        self._run("bot", "bot", "serve")
        until(lambda: answers(port, "/readyz"), 30, "the bot is ready")

    def stop(self) -> None:
        for child in reversed(self._children):
            child.send_signal(signal.SIGTERM)
            child.wait(60)
        self._responder.shutdown()
        self._responder.server_close()

    def branch_with(self, name: str, before: str, after: str) -> None:
        """One whose manifests say something else."""
        tree = self.data / f"tree-{name}"
        shutil.copytree(SHOP, tree / "deploy")
        for file in (tree / "deploy").iterdir():
            file.write_text(file.read_text().replace(before, after))
        self._commit(tree, name)

    def _make_repository(self) -> None:
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.repository)], check=True)
        self.branch_with("main", "", "")

    def _commit(self, tree: Path, branch: str) -> None:
        index = {"GIT_INDEX_FILE": str(tree / ".index"), "GIT_WORK_TREE": str(tree)}
        git = ["git", f"--git-dir={self.repository}"]
        subprocess.run([*git, "add", "deploy"], cwd=tree, env=os.environ | index, check=True)
        found = subprocess.run([*git, "write-tree"], env=os.environ | index, check=True, capture_output=True, text=True)
        commit = self._git("commit-tree", found.stdout.strip(), "-m", f"What {branch} says")
        self._git("update-ref", f"refs/heads/{branch}", commit)

    def _run(self, name: str, *module: str) -> None:
        """Where no `.env` of somebody's is, and without what would lead the bot elsewhere."""
        kept = {key: value for key, value in environ().items() if key not in WITHHELD}
        env = kept | self.env() | {"PYTHONPATH": str(PRODUCT)}
        with (self.data / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-m", *module]
            self._children.append(subprocess.Popen(command, cwd=self.data, env=env, stdout=log, stderr=log))


class Responder(http.server.ThreadingHTTPServer):
    """The registry, which has every image, and every staging's URL: kwok's pods answer nothing."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), Yes)
        self.ill: dict[str, list[float]] = {}

    def status(self, host: str, path: str) -> int:
        failed = self.ill.get(host) if path == CHECKED else None
        if failed is None:
            return 200
        failed.append(time.time())
        return 500


class Yes(http.server.BaseHTTPRequestHandler):
    server: Responder

    def do_GET(self) -> None:
        self.send_response(self.server.status(self.headers["Host"], self.path))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nowhere."""


@contextmanager
def kube_team(folder: Path, account: Account, more: str = "") -> Iterator[KubeTeam]:
    team = KubeTeam(folder / "data", account, more)
    try:
        team.start()
        yield team
    finally:
        team.stop()
