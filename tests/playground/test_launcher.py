"""The launcher: started as people start it, looked at from outside. The bot is played by a small program here."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.projects import load_projects

ROOT = Path(__file__).resolve().parents[2]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

LAUNCH = """
import os, sys
from pathlib import Path
from bot.playground.launcher import Commands, run

data, port, bot, reset = sys.argv[1:5]
to_stop = 1.0 if os.environ.get("MANNER") == "deaf" else 10.0
commands = Commands(bot=(sys.executable, bot), to_start=30.0, to_stop=to_stop)
sys.exit(run(int(port), Path(data), browser=False, reset=reset == "reset", commands=commands))
"""

BOT = """
import http.server, json, os, signal, sys, urllib.request
from pathlib import Path

data, manner = Path(os.environ["OCTOPOD_DATA"]), os.environ.get("MANNER", "good")
if manner == "broken":
    sys.exit("octopod.yaml:3:5: this is not right")

def end(*_):
    standin = os.environ["SLACK_API_URL"].replace("/api/", "/_workspace/state")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(standin) as answer:
        (data / "last-words").write_text(str(answer.status))
    sys.exit(0)

signal.signal(signal.SIGTERM, signal.SIG_IGN if manner == "deaf" else end)
(data / "bot.pid").write_text(str(os.getpid()))

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(dict(os.environ)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["OCTOPOD_HTTP_PORT"])), Handler).serve_forever()
"""


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this never came true"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def get(url: str) -> Any:
    with DIRECT.open(url, timeout=5) as response:
        return json.loads(response.read())


class Running:
    """One `octopod playground`."""

    def __init__(self, process: "subprocess.Popen[str]", data: Path, port: int) -> None:
        self.process, self.data, self.port = process, data, port

    def welcome(self) -> str:
        """What it prints once it is up."""
        assert self.process.stdout is not None
        lines = []
        while line := self.process.stdout.readline():
            lines.append(line)
            if "ctrl-C stops it" in line:
                break
        return "".join(lines)

    def pid(self, name: str) -> int:
        return int((self.data / f"{name}.pid").read_text())

    def env(self) -> dict[str, str]:
        lines = (self.data / "playground.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """The exit code, and whatever it said since."""
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=20)
        return self.process.returncode, output


Launch = Callable[..., Running]


@contextmanager
def launching(folder: Path) -> Iterator[Launch]:
    """What starts playgrounds, and ends those that are left."""
    bot, started = folder / "bot.py", list[Running]()
    bot.write_text(BOT)

    def start(data: Path | None = None, port: int | None = None, reset: bool = False, **env: str) -> Running:
        data, port = data or folder / "data", free_port() if port is None else port
        arguments = [str(data), str(port), str(bot), "reset" if reset else "-"]
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *arguments],
            cwd=ROOT,
            env=os.environ | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(Running(process, data, port))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.communicate(timeout=20)
        running.process.stdout and running.process.stdout.close()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    with launching(tmp_path) as start:
        yield start


ELSEWHERE = {"KUBECONFIG": "/somewhere", "SLACK_API_URL": "https://slack.example/api/", "HTTPS_PROXY": "http://x:1"}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One that runs, started in an environment that points elsewhere; for those who only look."""
    with launching(tmp_path_factory.mktemp("launcher")) as start:
        running = start(**ELSEWHERE)
        running.welcome()
        yield running


def refusal(running: Running) -> str:
    output, _ = running.process.communicate(timeout=20)
    assert running.process.returncode == 2, output
    assert "Traceback" not in output
    return output


def test_it_starts_everything_says_where_and_stops_quietly(launch: Launch) -> None:
    running = launch()
    said = running.welcome()
    assert f"http://localhost:{running.port}" in said
    assert said.count("\n  /octopod ") == 3
    assert get(f"http://127.0.0.1:{running.port}/_workspace/state")["token"] == running.env()["SLACK_BOT_TOKEN"]
    assert (running.data / "shop.git" / "HEAD").exists()
    pids = [running.pid("slack"), running.pid("bot")]
    assert running.stop() == (0, "")
    assert all(gone(pid) for pid in pids)
    assert (running.data / "last-words").read_text() == "200", "the stand-in outlives the bot"


def test_what_it_keeps_is_for_its_owner_only(up: Running) -> None:
    assert up.data.stat().st_mode & 0o777 == 0o700
    assert (up.data / "playground.env").stat().st_mode & 0o777 == 0o600
    assert set(up.env()) == {
        "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_URL",
        "OCTOPOD_CONFIG", "DATABASE_URL", "OCTOPOD_DATA", "OCTOPOD_HTTP_PORT", "OCTOPOD_WEBHOOK_SECRET",
    }  # fmt: skip


def test_the_bot_gets_this_workspace_and_no_cluster(up: Running) -> None:
    seen = get(f"http://127.0.0.1:{up.env()['OCTOPOD_HTTP_PORT']}/")
    assert not {"KUBECONFIG", "HTTPS_PROXY"} & set(seen)
    assert seen["SLACK_API_URL"] == f"http://127.0.0.1:{up.port}/api/"
    assert up.env().items() <= seen.items()


def test_a_dead_child_is_named_once_and_the_rest_goes_on(launch: Launch) -> None:
    running = launch()
    running.welcome()
    os.kill(running.pid("bot"), signal.SIGKILL)
    assert running.process.stdout is not None
    line = running.process.stdout.readline()
    assert line.startswith("The bot ended (killed by SIGKILL). Start it again: env $(cat ")
    assert get(f"http://127.0.0.1:{running.port}/_workspace/state")["channels"]
    code, output = running.stop()
    assert (code, output) == (0, "")


def test_a_bot_that_was_started_again_is_stopped_as_well(launch: Launch, tmp_path: Path) -> None:
    running = launch()
    running.welcome()
    os.kill(running.pid("bot"), signal.SIGKILL)
    until(lambda: gone(running.pid("bot")))
    (running.data / "bot.pid").unlink()
    with subprocess.Popen([sys.executable, str(tmp_path / "bot.py")], env=os.environ | running.env()) as again:
        until((running.data / "bot.pid").exists)
        assert running.stop()[0] == 0
        assert again.wait(timeout=10) == 0


def test_a_bot_that_does_not_listen_is_killed(launch: Launch) -> None:
    running = launch(MANNER="deaf")
    running.welcome()
    pid = running.pid("bot")
    assert running.stop(signal.SIGTERM) == (0, "")
    assert gone(pid)


def test_a_bot_that_does_not_start_shows_what_it_said(launch: Launch) -> None:
    running = launch(MANNER="broken")
    said = refusal(running)
    assert "The bot did not start (exit code 1). It said:\noctopod.yaml:3:5: this is not right" in said
    assert not (running.data / "slack.pid").exists() or gone(running.pid("slack"))


def test_a_terminals_hang_up_stops_it_and_a_second_start_finds_tokens_ports_and_history_again(launch: Launch) -> None:
    first = launch()
    first.welcome()
    before, env = (first.data / "octopod.yaml").read_text(), first.env()
    assert first.stop(signal.SIGHUP) == (0, "")
    second = launch(port=first.port)
    second.welcome()
    assert ((second.data / "octopod.yaml").read_text(), second.env()) == (before, env)


def test_the_configuration_follows_the_port_until_somebody_edits_it(launch: Launch) -> None:
    for _ in range(2):
        running = launch()
        running.welcome()
        running.stop()
        assert f'"${{staging}}.localhost:{running.port}"' in (running.data / "octopod.yaml").read_text()
    config = running.data / "octopod.yaml"
    config.write_text(edited := config.read_text().replace("ttl: 3d", "ttl: 5d"))
    other = launch()
    other.welcome()
    assert other.process.stdout is not None
    assert (
        f"was edited, so it is left as it is; its hosts should end in :{other.port}." in other.process.stdout.readline()
    )
    assert config.read_text() == edited


def test_the_configuration_is_one_that_the_bot_takes(up: Running) -> None:
    shop = load_projects(up.data / "octopod.yaml").projects["shop"]
    assert (shop.repo, shop.roles.admin) == (str(up.data / "shop.git"), ("@carol",))
    assert shop.hosts == {"web": f"${{staging}}.localhost:{up.port}"}


def test_the_page_and_all_that_it_loads_are_served(up: Running) -> None:
    base, kinds = f"http://localhost:{up.port}", {"js": "javascript", "css": "css", "svg": "svg+xml"}
    wanted, found = {"/"}, dict[str, str]()
    while missing := wanted - set(found):
        for path in missing:
            with DIRECT.open(base + path, timeout=5) as response:
                found[path] = response.read().decode()
                kind = response.headers["Content-Type"].split(";")[0].partition("/")[2]
                assert kind == kinds.get(path.rpartition(".")[2], "html")
            links = re.findall(r'(?:src|href)="(/[^"]*)"', found[path])
            wanted |= {*links, *(f"/{name}" for name in re.findall(r'from "\./([^"]+)"', found[path]))}
    assert len(found) > 10
    assert "a stand-in, not Slack" in found["/"]


def test_a_taken_port_is_named(launch: Launch, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"Port {port} can't be used: another program uses it." in refusal(launch(port=port))


def test_the_same_folder_runs_once(up: Running, launch: Launch) -> None:
    assert "A playground is already running on" in refusal(launch(data=up.data))
    assert get(f"http://127.0.0.1:{up.port}/_workspace/state")["channels"]


def test_what_a_killed_launcher_left_running_is_named_with_its_pids(launch: Launch) -> None:
    first = launch()
    first.welcome()
    pids = [first.pid("bot"), first.pid("slack")]
    first.process.kill()
    first.process.wait()
    assert f"(kill {pids[0]} {pids[1]})" in refusal(launch(reset=True))
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    until(lambda: all(gone(pid) for pid in pids))
    launch().welcome()


@pytest.mark.parametrize("place", ["file/inside", "file"])
def test_a_place_that_is_no_folder_is_refused(launch: Launch, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    said = refusal(launch(data=tmp_path / place))
    assert f"The data folder {tmp_path / place} can't be used" in said
    assert len(said.splitlines()) == 1


def test_without_git_it_says_so(launch: Launch, tmp_path: Path) -> None:
    assert "git is not installed" in refusal(launch(PATH=str(tmp_path)))


def test_reset_forgets_everything_but_only_in_a_playground(launch: Launch, tmp_path: Path) -> None:
    running = launch()
    running.welcome()
    token = running.env()["SLACK_BOT_TOKEN"]
    running.stop()
    (running.data / "local").mkdir()
    (running.data / "local" / "something").touch()
    again = launch(reset=True)
    again.welcome()
    assert not (again.data / "local").exists()
    assert again.env()["SLACK_BOT_TOKEN"] != token


@pytest.mark.parametrize("reset", [True, False])
def test_a_folder_of_other_things_is_left_alone(launch: Launch, tmp_path: Path, reset: bool) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.md").write_text("all of it")
    assert "holds other things" in refusal(launch(data=tmp_path / "thesis", reset=reset))
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter-1.md"]


def test_reset_ends_processes_that_a_killed_bot_left_in_its_stagings(launch: Launch) -> None:
    running = launch()
    running.welcome()
    running.stop()
    home = running.data / "local" / "s1" / "home"
    home.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={"HOME": str(home)}) as left:
        launch(reset=True).welcome()
        assert left.wait(timeout=10) == -signal.SIGTERM
