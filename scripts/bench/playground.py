"""The real playground as a process, used through its HTTP doors as people use it."""

import http.client
import itertools
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bot.playground.launcher_folder import CONFIG_TEXT
from scripts.bench.machine import PRODUCT, environ

Json = dict[str, Any]
LOOPBACK = "127.0.0.1"
POLL = 0.05
PORTS = itertools.cycle(random.sample(range(20_000, 30_000), 10_000))
# The bot of an older commit follows nothing, and does not know the key.
FOLLOWS = (PRODUCT / "bot" / "worker" / "follower.py").exists()
NO_BASELINE = "    follow: {baseline: false}\n" if FOLLOWS else ""
METRIC = re.compile(r"^(octopod_\w+)(\{[^}]*\})? (\S+)$", re.MULTILINE)


class Playground:
    """One data folder with its processes: launcher, stand-in for Slack, bot."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self._launcher: subprocess.Popen[bytes] | None = None

    # --- processes ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        said = self.data.parent / f"{self.data.name}.log"
        command = [sys.executable, "-m", "bot", "playground", "--no-browser"]
        with said.open("wb") as output:
            self._launcher = subprocess.Popen(
                [*command, "--port", str(self.port), "--data", str(self.data)],
                cwd=PRODUCT,
                env={**environ(), "PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=output,
            )
        launcher = self._launcher
        until(lambda: launcher.poll() is not None or "ctrl-C stops it" in said.read_text(), 120, "it starts")
        if launcher.poll() is not None:
            raise RuntimeError(said.read_text())

    def leave_out_the_baseline(self) -> None:
        """Nothing is deployed that nobody asked for. Before the first start."""
        self.data.mkdir(mode=0o700)
        (self.data / "playground.lock").touch()  # a playground's folder
        text = CONFIG_TEXT.format(repo=json.dumps(str(self.repository)), port=self.port)
        (self.data / "octopod.yaml").write_text(text + NO_BASELINE)

    def stop(self) -> None:
        if self._launcher and self._launcher.poll() is None:
            self._launcher.send_signal(signal.SIGINT)
            self._launcher.wait(120)

    def bot_pid(self) -> int:
        return int((self.data / "bot.pid").read_text())

    def env(self) -> dict[str, str]:
        lines = (self.data / "playground.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def bot_port(self) -> int:
        return int(self.env()["OCTOPOD_HTTP_PORT"])

    # --- git ---------------------------------------------------------------------------------------------------------

    @property
    def repository(self) -> Path:
        return self.data / "shop.git"

    def branch(self, name: str, start: str = "main") -> str:
        """A new branch with a commit of its own, as a push would make it."""
        return self._on_top(name, start)

    def push(self, name: str) -> str:
        """One more commit on a branch."""
        return self._on_top(name, name)

    def _on_top(self, name: str, parent: str) -> str:
        commit = self._git("commit-tree", f"{parent}^{{tree}}", "-p", parent, "-m", f"Work on {name}")
        self._git("update-ref", f"refs/heads/{name}", commit)
        return commit

    def _git(self, *arguments: str) -> str:
        who = {f"GIT_{r}_{k}": v for r in ("AUTHOR", "COMMITTER") for k, v in (("NAME", "Bob"), ("EMAIL", "b@x.org"))}
        command = ["git", "-C", str(self.repository), *arguments]
        return subprocess.run(command, env=os.environ | who, capture_output=True, text=True, check=True).stdout.strip()

    # --- people ------------------------------------------------------------------------------------------------------

    def say(self, text: str) -> Json:
        body = json.dumps({"user": "alice", "channel": "stagings", "text": f"/octopod {text}"})
        status, answer = self._ask("POST", self.port, "/_workspace/command", body=body)
        said: Json = json.loads(answer)
        if status != 200 or not said.get("ok"):
            raise RuntimeError(f"/octopod {text}: {status} {said}")
        return said

    def url_answers(self, name: str) -> bool:
        """Whether the staging itself is at its URL."""
        with suppress(OSError, http.client.HTTPException):
            return self._ask("GET", self.port, "/", {"Host": f"{name}.localhost:{self.port}"})[0] == 200
        return False

    def channel(self, name: str) -> str:
        """Its id."""
        state = json.loads(self._ask("GET", self.port, "/_workspace/state")[1])
        return next(str(each["id"]) for each in state["channels"] if each["name"] == name)

    def traffic(self, since: int, wait: float) -> Json:
        """What went to and fro after entry `since`; waits for something, so many seconds at most."""
        found: Json = json.loads(self._ask("GET", self.port, f"/_workspace/traffic?since={since}&wait={wait:g}")[1])
        return found

    def replies(self, beginning: re.Pattern[str]) -> list[Json]:
        """What the bot posted in #stagings that fits."""
        state = json.loads(self._ask("GET", self.port, "/_workspace/state")[1])
        channel = next(each for each in state["channels"] if each["name"] == "stagings")
        return [message for message in channel["messages"] if beginning.match(message["text"])]

    # --- the bot's own figures ---------------------------------------------------------------------------------------

    def metrics(self) -> dict[str, float]:
        text = self._ask("GET", self.bot_port, "/metrics")[1].decode()
        return {name + labels: float(value) for name, labels, value in METRIC.findall(text)}

    def phases(self) -> dict[str, int]:
        """How many stagings are in each phase."""
        found = self.metrics()
        return {
            name.partition('phase="')[2][:-2]: int(value)
            for name, value in found.items()
            if name.startswith("octopod_stagings{")
        }

    def wait_phase(self, phase: str, count: int, seconds: float, every: float = 0.2) -> None:
        until(lambda: self.phases()[phase] == count, seconds, f"{count} stagings are {phase}", every)

    def wait_empty(self, seconds: float) -> None:
        until(lambda: not sum(self.phases().values()), seconds, "all stagings are gone", 0.2)

    def _ask(
        self, method: str, port: int, path: str, headers: dict[str, str] | None = None, body: str | None = None
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
        try:
            kind = {"Content-Type": "application/json"} if body else {}
            connection.request(method, path, body, {**kind, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def until(condition: Callable[[], object], seconds: float, what: str, every: float = POLL) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(every)


def free_port() -> int:
    """Below those that Linux gives to outgoing connections: one of these could take it before its server starts."""
    while True:
        port = next(PORTS)
        with suppress(OSError), socket.socket() as listener:
            listener.bind((LOOPBACK, port))
            return port


@contextmanager
def playground(folder: Path) -> Iterator[Playground]:
    play = Playground(folder / "data")
    play.leave_out_the_baseline()
    try:
        play.start()
        yield play
    finally:
        play.stop()
