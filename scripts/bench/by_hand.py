"""The same by hand: the files of the commit, the migration, api and web as the manifests say, until they are ready."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench.playground import LOOPBACK, free_port, until

DEADLINE = 180.0
Turns = threading.Semaphore | nullcontext[None]


@dataclass(slots=True)
class ByHand:
    """One branch. `turns`: how many processes may be starting at the same time, of all branches together."""

    repository: Path
    branch: str
    folder: Path
    turns: Turns = field(default_factory=nullcontext)
    exports: Turns = field(default_factory=nullcontext)
    _begun: threading.Event = field(default_factory=threading.Event)
    _running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def deploy(self) -> float:
        """Seconds until its URL answers."""
        start = time.perf_counter()
        tree, data = self.folder / "tree", self.folder / "data"
        with self.exports:
            for each in (tree, data):
                each.mkdir(parents=True)
            archive = subprocess.Popen(["git", "-C", self.repository, "archive", self.branch], stdout=subprocess.PIPE)
            subprocess.run(["tar", "-x", "-C", str(tree)], stdin=archive.stdout, check=True)
            if archive.wait():
                raise RuntimeError(f"git archive failed for {self.branch}")
        api, web = free_port(), free_port()
        starts = [
            threading.Thread(target=self._migrated, args=(tree, data)),
            threading.Thread(target=self._started, args=("api.app", api, tree, {"DATA_DIR": str(data)})),
            threading.Thread(target=self._started, args=("web.app", web, tree, self._facts(api))),
        ]
        for thread in starts:
            thread.start()
        for thread in starts:
            thread.join()
        until(lambda: answers(web, "/"), DEADLINE, "the URL answers")
        return time.perf_counter() - start

    def end(self) -> None:
        for process in self._running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._running:
            process.wait(20)

    def _facts(self, api: int) -> dict[str, str]:
        shop = {"OCTOPOD_STAGING": self.branch, "OCTOPOD_BRANCH": self.branch, "OCTOPOD_COMMIT": "0" * 40}
        return {**shop, "OCTOPOD_URL": "http://localhost", "API_SERVICE_HOST": LOOPBACK, "API_SERVICE_PORT": str(api)}

    def _migrated(self, tree: Path, data: Path) -> None:
        with self.turns:
            self._begun.set()
            if self._start("api.migrate", tree, {"DATA_DIR": str(data)}).wait():
                raise RuntimeError("the migration failed")

    def _started(self, module: str, port: int, tree: Path, env: dict[str, str]) -> None:
        """Its turn lasts until it is ready, and api waits for the migration: that has its turn first."""
        self._begun.wait()
        with self.turns:
            self._start(module, tree, {**env, "PORT": str(port)})
            until(lambda: answers(port, "/healthz"), DEADLINE, f"{module} is ready")

    def _start(self, module: str, tree: Path, env: dict[str, str]) -> "subprocess.Popen[bytes]":
        base = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "HOME": str(self.folder)}
        with (self.folder / f"{module}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=tree,
                env={**base, "PAYMENTS": "sandbox", **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.append(process)
        return process


def answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
