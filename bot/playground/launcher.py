"""`octopod playground`: the stand-in for Slack, the bot and the example project, on one port of this machine.

Starts both processes, says where to look, and stops them on ctrl-C: the bot first, for its last words in Slack.
"""

import errno
import os
import shlex
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import click

from bot.domain.errors import ConfigError
from bot.playground import launcher_folder as folder
from bot.playground.example import make_repository
from bot.playground.launcher_children import (
    Child,
    FailedStart,
    Program,
    running_on,
    stagings_processes,
    stop_stranger,
)
from bot.playground.secrets import load_or_make

# Not handed on: what would point the bot at another Slack, another cluster, or at a proxy for 127.0.0.1.
WITHHELD = frozenset({
    "KUBECONFIG", "DATABASE_URL", "OCTOPOD_KEYS", "OCTOPOD_ALLOW_UNSANDBOXED",
    "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_URL",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Commands:
    """What is started: after `standin` come its options, after `bot` nothing. Seconds: to start, and to stop."""

    standin: Sequence[str] = (sys.executable, "-m", "bot.playground")
    bot: Sequence[str] = (sys.executable, "-m", "bot", "serve")
    to_start: float = 60.0
    to_stop: float = 20.0


@dataclass(slots=True)
class Signals:
    """The first ctrl-C (or SIGTERM, SIGHUP) asks to stop, the second to hurry."""

    stopping: threading.Event = field(default_factory=threading.Event)
    hurrying: threading.Event = field(default_factory=threading.Event)

    def heard(self, number: int, frame: FrameType | None) -> None:
        (self.hurrying if self.stopping.is_set() else self.stopping).set()


def run(
    port: int, data: Path, browser: bool, reset: bool, rate_limits: bool = False, commands: Commands = Commands()
) -> int:
    """Until somebody stops it. `port` 0: any free one. Returns the exit code: 0, or 2 when it could not start."""
    data = data.expanduser().resolve()
    with _listening() as signals:
        try:
            with folder.owned(data):
                _run(_Playground(port or _free_port(), data, rate_limits, commands), browser, reset, signals)
        except (ConfigError, FailedStart, OSError) as error:
            # ctrl-C also reaches what runs for a moment only, such as git: no news then.
            if not signals.stopping.is_set():
                click.echo(
                    str(error) if not isinstance(error, OSError) else f"The playground can't start: {error}.", err=True
                )
                return 2
    return 0


@contextmanager
def _listening() -> Iterator[Signals]:
    signals = Signals()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signals.heard) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class _Playground:
    port: int
    data: Path
    rate_limits: bool
    commands: Commands

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def repository(self) -> Path:
        return self.data / "shop.git"

    def standin(self, bot_port: str) -> Program:
        options = ["--port", str(self.port), "--data", str(self.data), "--bot-port", bot_port]
        options += ["--repository", str(self.repository)]
        return Program(
            "The stand-in for Slack",
            [*self.commands.standin, *options, *(["--rate-limits"] if self.rate_limits else [])],
            f"http://127.0.0.1:{self.port}/_workspace/state",
            self.data / "slack.pid",
            self.data / "logs" / "slack.log",
        )

    def bot(self, bot_port: str) -> Program:
        ready, pid_file = f"http://127.0.0.1:{bot_port}/readyz", self.data / "bot.pid"
        return Program("The bot", self.commands.bot, ready, pid_file, self.data / "logs" / "bot.log")


def _run(play: _Playground, browser: bool, reset: bool, signals: Signals) -> None:
    _refuse_running(play.data)
    _refuse_taken(play.port)
    if reset:
        for pid in stagings_processes(play.data):
            stop_stranger(pid, 1.0, lambda: False)
        folder.empty(play.data)
    make_repository(play.repository)
    note = folder.write_config(play.data, play.port)
    env = _bot_environment(play)
    folder.write_env(play.data, env)
    children: list[Child] = []
    try:
        for program in (play.standin(env["OCTOPOD_HTTP_PORT"]), play.bot(env["OCTOPOD_HTTP_PORT"])):
            children.append(Child(program, _handed_on(os.environ) | env, play.data))
            if not children[-1].wait_ready(play.commands.to_start, signals.stopping.wait):
                return
        _welcome(play, note)
        if browser:
            _open_browser(play.url)
        _watch(children, play.data, signals.stopping.wait)
    finally:
        _stop(play, children, signals.hurrying.is_set)


def _refuse_running(data: Path) -> None:
    """Without a launcher its processes may still be there: one that was killed stopped nothing."""
    pids = [pid for name in ("bot.pid", "slack.pid") if (pid := running_on(data, data / name))]
    if pids:
        numbers = " ".join(map(str, pids))
        raise ConfigError(
            [f"A playground is already running on {data}. End it (kill {numbers}), or choose another --data."]
        )


def _refuse_taken(port: int) -> None:
    if why := _not_free(port):
        raise ConfigError([f"Port {port} can't be used: {why}. Choose another: octopod playground --port NUMBER"])


def _not_free(port: int) -> str | None:
    """Why nothing can listen there, in words."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            return "another program uses it" if error.errno == errno.EADDRINUSE else str(error.strerror)
        except OverflowError:
            return "ports go from 1 to 65535"
    return None


def _bot_environment(play: _Playground) -> dict[str, str]:
    """What playground.env says: all that `octopod serve` needs."""
    try:
        secrets = load_or_make(play.data)
    except ValueError as error:
        raise ConfigError([str(error)]) from error
    return {
        "SLACK_BOT_TOKEN": secrets.bot_token,
        "SLACK_APP_TOKEN": secrets.app_token,
        "SLACK_SIGNING_SECRET": secrets.signing_secret,
        "SLACK_API_URL": f"http://127.0.0.1:{play.port}/api/",
        "OCTOPOD_WEBHOOK_SECRET": secrets.webhook_secret,
        "OCTOPOD_CONFIG": str(play.data / folder.CONFIG),
        "DATABASE_URL": f"sqlite+aiosqlite:///{play.data / 'octopod.db'}",
        "OCTOPOD_DATA": str(play.data),
        "OCTOPOD_HTTP_PORT": str(_bot_port(play.data, play.port)),
    }


def _bot_port(data: Path, other: int) -> int:
    """The one of the last time if it is still free, so that nothing changes without a reason."""
    last = folder.read_env(data).get("OCTOPOD_HTTP_PORT", "")
    usable = last.isdecimal() and int(last) not in (0, other) and not _not_free(int(last))
    return int(last) if usable else _free_port()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _handed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """The launcher's own environment, less what is WITHHELD; and where this very `bot` is, wherever it was started."""
    source = str(Path(__file__).resolve().parents[2])
    paths = [source, *filter(None, [environ.get("PYTHONPATH")])]
    kept = {key: value for key, value in environ.items() if key not in WITHHELD}
    return kept | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def _welcome(play: _Playground, note: str | None) -> None:
    click.echo(f"""\
Octopod's playground (a stand-in, not Slack) is at  {play.url}
Try there, in #stagings:
  /octopod deploy orange-button
  /octopod list
  /octopod deploy broken-start
Its data is in {play.data}. ctrl-C stops it.""")
    if note:
        click.echo(note)


def _open_browser(url: str) -> None:
    # Without a screen, the module would find a browser for the terminal and hand it this one.
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(url)


def _watch(children: Sequence[Child], data: Path, stopped: Callable[[float], bool]) -> None:
    running = list(children)
    while not stopped(0.25):
        for child in [child for child in running if child.ended()]:
            running.remove(child)
            again = f"env $(cat {shlex.quote(str(data / folder.ENV))}) {shlex.join(child.program.command)}"
            click.echo(f"{child.program.name} ended ({child.ended()}). Start it again: {again}", err=True)


def _stop(play: _Playground, children: Sequence[Child], hurry: Callable[[], bool]) -> None:
    """The last one started first. A bot that somebody started again meanwhile belongs to the playground as well."""
    for child in reversed(children):
        child.stop(play.commands.to_stop, hurry)
        if pid := running_on(play.data, child.program.pid_file):
            stop_stranger(pid, play.commands.to_stop, hurry)
