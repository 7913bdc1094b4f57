"""For tests that kill and disturb the bot: the playground as a process, people at its HTTP doors, and what must hold.

Nothing of the bot is imported, but the text of its configuration. What people do and see goes through `/_workspace`;
stagings are asked at their URLs.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import stagings_seen
from bot_process import is_bug
from process_kit import alive, marked, until

from bot.playground.launcher_folder import CONFIG, CONFIG_TEXT, LOCK

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
BRANCHES = ("main", "orange-button", "green-button", "broken-login", "broken-start", "slow-start")
QUIET = 1.3  # the bot edits a message once per second at most


class Playground:
    """One data folder with its processes. `wanted`: what each staging asked for shall end as."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data, self.options, self.port = data, options, free_port()
        self.launcher: subprocess.Popen[bytes] | None = None
        self.bot: subprocess.Popen[bytes] | None = None
        self.standin: subprocess.Popen[bytes] | None = None
        self.wanted: dict[str, str] = {}
        self._always: Mapping[str, str] = {}

    # --- processes ---------------------------------------------------------------------------------------------------

    def start(self, **env: str) -> None:
        """The launcher with the stand-in and a bot. `env`: of all bots that are started."""
        self._always = env
        said = self.data.parent / "launcher.log"
        with said.open("wb") as output:
            command = [sys.executable, "-m", "bot", "playground", "--port", str(self.port), "--data", str(self.data)]
            self.launcher = subprocess.Popen(
                [*command, "--no-browser", *self.options],
                cwd=ROOT,
                env={**os.environ, **env, "PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=output,
            )
        # A bot that is killed before the launcher has seen it ready is a failed start, and ends the launcher.
        until(lambda: self.launcher_ended() or "ctrl-C stops it" in said.read_text(), 60, "the playground starts")
        assert not self.launcher_ended(), said.read_text()
        self._heard()

    def leave_out_the_baseline(self) -> None:
        """Nothing is deployed that nobody asked for. Before the first start."""
        self.data.mkdir(mode=0o700)
        (self.data / LOCK).touch()  # a playground's folder
        text = CONFIG_TEXT.format(repo=json.dumps(str(self.data / "shop.git")), port=self.port)
        (self.data / CONFIG).write_text(text + "    follow: {baseline: false}\n")

    def launcher_ended(self) -> bool:
        return self.launcher is not None and self.launcher.poll() is not None

    def ready(self) -> bool:
        with suppress(OSError, ValueError, http.client.HTTPException):
            return (
                alive(self.bot_pid()) and self.get("127.0.0.1:" + self.env()["OCTOPOD_HTTP_PORT"], "/healthz")[0] == 200
            )
        return False

    def stop(self) -> None:
        """ctrl-C, as people end it; it leaves nothing running."""
        assert self.launcher is not None
        self.launcher.send_signal(signal.SIGINT)
        assert self.launcher.wait(40) == 0, (self.data.parent / "launcher.log").read_text()
        self.launcher = None
        for child in (self.bot, self.standin):
            if child:
                child.wait(5)
        until(lambda: not marked(self.data), 5, "no process of a staging is left")

    def bot_pid(self) -> int:
        return int((self.data / "bot.pid").read_text())

    def start_bot(self, crash_at: str = "") -> None:
        """`octopod serve` alone, as after a crash. `crash_at`: the named point at which it shall end itself."""
        self.bot = self._serve({"OCTOPOD_CRASH_AT": crash_at} if crash_at else {})
        bot = self.bot
        until(lambda: bot.poll() is not None or (self._is(bot.pid) and self.ready()), 40, "the bot starts")
        # What it saves by itself may be its crash point: one that has ended already hears nobody.
        self._heard(lambda: bool(crash_at) and bot.poll() is not None)

    def _heard(self, ended: Callable[[], bool] = lambda: False) -> None:
        """Ready says nothing of Slack: only who is answered knows that the socket stands."""
        until(lambda: ended() or bool(self.say("help")["ok"]), 60, "the bot hears")

    def _serve(self, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        with (self.data / "logs" / "bot.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "bot", "serve"],
                cwd=ROOT,
                env={**os.environ, **self._always, **self.env(), **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _is(self, pid: int) -> bool:
        with suppress(OSError, ValueError):
            return self.bot_pid() == pid
        return False

    def kill_bot(self) -> None:
        """kill -9, and wait until it is gone."""
        pid = self.bot.pid if self.bot else self.bot_pid()
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if self.bot:
            self.bot.wait(10)
        until(lambda: not alive(pid), 10, "the bot is gone")

    def crashed(self, seconds: float = 40) -> None:
        """Wait until the bot has ended itself at its crash point."""
        assert self.bot is not None
        assert self.bot.wait(seconds) == -signal.SIGKILL

    # --- the stand-in alone: nothing starts it again by itself

    def standin_pid(self) -> int:
        return int((self.data / "slack.pid").read_text())

    def kill_standin(self) -> None:
        os.kill(self.standin_pid(), signal.SIGKILL)
        self.standin_died()

    def standin_died(self) -> None:
        until(lambda: not alive(self.standin_pid()), 20, "the stand-in is gone")
        if self.standin:
            assert self.standin.wait(5) == -signal.SIGKILL

    def start_standin(self, crash_at: str = "") -> None:
        """By the launcher's own command, as it says when one ends. `crash_at`: where it shall end itself."""
        options = ["--port", str(self.port), "--data", str(self.data), "--bot-port", self.env()["OCTOPOD_HTTP_PORT"]]
        env = {**os.environ, **self.env(), "OCTOPOD_STANDIN_CRASH_AT": crash_at}
        with (self.data / "logs" / "slack.log").open("ab") as log:
            self.standin = subprocess.Popen(
                [sys.executable, "-m", "bot.playground", *options, *self.options],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._standin_answers, 20, "the stand-in answers")
        if not crash_at:
            self._heard()

    def _standin_answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.get(f"127.0.0.1:{self.port}", "/_workspace/state")[0] == 200
        return False

    def env(self) -> dict[str, str]:
        lines = (self.data / "playground.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def clear_away(self) -> None:
        """Whatever a failed test left: by pid, and only of this data folder."""
        pids = [self.launcher.pid] if self.launcher else []
        pids += [self.bot.pid] if self.bot and self.bot.poll() is None else []
        for name in ("bot.pid", "slack.pid"):
            with suppress(OSError, ValueError):
                pids.append(int((self.data / name).read_text()))
        for pid in [*pids, *(process.pid for process in marked(self.data))]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for child in (self.launcher, self.bot, self.standin):
            if child:
                child.wait(10)

    # --- git ---------------------------------------------------------------------------------------------------------

    def branch(self, name: str, start: str = "main") -> None:
        """A new branch with a commit of its own, as a push would make it."""
        commit = self._git("commit-tree", f"{start}^{{tree}}", "-p", start, "-m", f"Work on {name}").strip()
        self._git("update-ref", f"refs/heads/{name}", commit)

    def _git(self, *arguments: str) -> str:
        who = {f"GIT_{r}_{k}": v for r in ("AUTHOR", "COMMITTER") for k, v in (("NAME", "Bob"), ("EMAIL", "b@x.org"))}
        run = subprocess.run(
            ["git", "-C", str(self.data / "shop.git"), *arguments],
            env=os.environ | who,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return run.stdout

    # --- people ------------------------------------------------------------------------------------------------------

    def say(self, text: str, user: str = "alice") -> Json:
        return self.post("command", user=user, channel="stagings", text=f"/octopod {text}")

    def deploy(self, branch: str, user: str = "alice", ends: str = "live") -> Json:
        """Ask for it; `ends`: the phase in which `converged` shall find it."""
        answer = self.say(f"deploy {branch}", user)
        assert answer["ok"], answer
        self.wanted[branch] = ends
        return answer

    def fault(self, **spec: Any) -> None:
        assert self.post("fault", **spec)["ok"]

    def post(self, door: str, **body: Any) -> Json:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", f"/_workspace/{door}", json.dumps(body), {"Content-Type": "application/json"})
            made: Json = json.loads(connection.getresponse().read())
            return made
        finally:
            connection.close()

    # --- what is seen ------------------------------------------------------------------------------------------------

    def state(self, since: int = -1, wait: float = 0) -> Json:
        status, body = self.get(f"127.0.0.1:{self.port}", f"/_workspace/state?since={since}&wait={wait}")
        assert status == 200, body
        made: Json = json.loads(body)
        return made

    def until(self, condition: Callable[[Json], Any], seconds: float, what: str) -> Any:
        """What `condition` finds in the state, as soon as it finds something; waits for changes, never for time."""
        end = time.monotonic() + seconds
        seen = self.state()
        while not (found := condition(seen)):
            assert time.monotonic() < end, f"not within {seconds} s: {what}\n{stagings_seen.drawn(seen)}\n{self.tail()}"
            seen = self.state(seen["seq"], 1)
        return found

    def let_pass(self, seconds: float) -> None:
        """Exactly this time goes by, whatever happens meanwhile."""
        end = time.monotonic() + seconds
        seen = self.state()
        while (left := end - time.monotonic()) > 0:
            seen = self.state(seen["seq"], min(left, 10))

    def phases(self, state: Json) -> dict[str, str]:
        return {card.name: card.phase for card in stagings_seen.stagings(state) if card.phase != "deleted"}

    def url(self, name: str) -> int:
        """The status that the staging's URL answers."""
        return self.get(f"127.0.0.1:{self.port}", "/", f"{name}.localhost:{self.port}")[0]

    def about(self, name: str) -> Json:
        body = self.get(f"127.0.0.1:{self.port}", "/about.json", f"{name}.localhost:{self.port}")[1]
        made: Json = json.loads(body)
        return made

    def get(self, address: str, path: str, host: str = "") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(address, timeout=20)
        try:
            connection.request("GET", path, headers={"Host": host or address})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def log(self) -> str:
        return (self.data / "logs" / "bot.log").read_text(errors="replace")

    def tail(self) -> str:
        return "\n".join(self.log().splitlines()[-12:])

    # --- what must hold ----------------------------------------------------------------------------------------------

    def converged(self, seconds: float = 40) -> Json:
        """Wait until all is as it was asked for and Slack is quiet, then check everything that must hold."""
        absent = {name for name, phase in self.wanted.items() if phase == "deleted"}
        present = {name: phase for name, phase in self.wanted.items() if phase != "deleted"}

        def done(state: Json) -> bool:
            seen = self.phases(state)
            return not absent & set(seen) and seen.items() >= present.items() and stagings_seen.finished(state)

        self.until(done, seconds, f"the stagings are {self.wanted}")
        state = self._quiet(seconds)
        stagings_seen.check(state, self.wanted)
        self._processes_fit(present)
        for name in (name for name, phase in present.items() if phase == "live"):
            assert self.url(name) == 200
            assert self.about(name)["branch"] == name
        self.log_is_clean()
        return state

    def settled(self, seconds: float) -> None:
        """Wait until nothing is under way any more, whatever it became; wishes that wait for a deletion included."""
        calm = ("live", "failed", "asleep")

        def done(state: Json) -> bool:
            return stagings_seen.finished(state) and all(phase in calm for phase in self.phases(state).values())

        self.until(done, seconds, "all is settled")
        self._quiet(seconds)

    def _quiet(self, seconds: float) -> Json:
        """Whatever would come twice comes soon: nothing may, for longer than the bot's own pace."""
        end = time.monotonic() + seconds
        state = self.state()
        while (seen := self.state(state["seq"], QUIET))["seq"] != state["seq"]:
            assert time.monotonic() < end, f"Slack is never quiet\n{stagings_seen.drawn(seen)}"
            state = seen
        return state

    def _processes_fit(self, present: Mapping[str, str]) -> None:
        """Each process of a live staging runs once, and no other staging has any."""
        live = sum(phase == "live" for phase in present.values())

        def fit() -> bool:
            leaders = [process.mark for process in marked(self.data) if process.leads]
            stagings = {mark.split("/")[1] for mark in leaders}
            return len(leaders) == len(set(leaders)) and len(stagings) == live

        until(fit, 10, f"{live} stagings have processes, each once", lambda: str(marked(self.data)))

    def log_is_clean(self) -> None:
        log = self.log()
        assert "database is locked" not in log
        bad = [line for line in log.splitlines() if is_bug(line)]
        assert not bad, "\n".join(bad)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def playground(
    folder: Path,
    *options: str,
    baseline: bool = False,
    before: Callable[[Playground], None] = lambda play: None,
    **env: str,
) -> Iterator[Playground]:
    """Started, and at the end stopped as people do; whatever is left by a failure is ended by its pid.

    `baseline`: it is deployed at once, as for people. `before`: done with it before its start.
    """
    play = Playground(folder / "data", *options)
    try:
        if not baseline:
            play.leave_out_the_baseline()
        before(play)
        play.start(**env)
        yield play
        if play.launcher:
            play.stop()
    finally:
        play.clear_away()
