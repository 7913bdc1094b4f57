"""The playground's two processes: started with their log files, waited for, stopped by their own pids."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# A proxy of the machine's is not meant for what runs on the machine itself.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Program:
    """`command` as for exec. `ready`: the URL that answers 200 once it runs. `pid_file`: written by itself."""

    name: str
    command: Sequence[str]
    ready: str
    pid_file: Path
    log: Path


class FailedStart(Exception):
    """`code`: the exit code, None if it never got ready. The text is for people, log tail included."""

    def __init__(self, text: str, code: int | None) -> None:
        super().__init__(text)
        self.code = code


class Child:
    """A running Program. In a session of its own, so that ctrl-C reaches the launcher only, which stops in order."""

    def __init__(self, program: Program, env: Mapping[str, str], folder: Path) -> None:
        self.program = program
        program.log.parent.mkdir(mode=0o700, exist_ok=True)
        with program.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                program.command,
                env=dict(env),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ended(self) -> str | None:
        """How it ended, in words; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def wait_ready(self, seconds: float, stopped: Callable[[float], bool]) -> bool:
        """True when it answers, False when `stopped` (which waits) says so before. Raises FailedStart."""
        end = time.monotonic() + seconds
        while not _answers(self.program.ready):
            if how := self.ended():
                raise FailedStart(f"{self.program.name} did not start ({how}).{self._tail()}", self._process.returncode)
            if time.monotonic() >= end:
                raise FailedStart(f"{self.program.name} is not ready after {seconds:.0f} s.{self._tail()}", None)
            if stopped(0.05):
                return False
        return True

    def _tail(self, lines: int = 20) -> str:
        with self.program.log.open("rb") as log:
            log.seek(self._log_start)
            said = deque(log, lines)
        text = b"".join(said).decode(errors="replace").rstrip()
        return f" It said:\n{text}" if text else f" It said nothing ({self.program.log})."

    def stop(self, seconds: float, hurry: Callable[[], bool]) -> None:
        """SIGTERM, and SIGKILL when that is not heard within `seconds` or somebody is in a hurry."""
        if self._process.poll() is None:
            self._process.terminate()
        end = time.monotonic() + seconds
        while self._process.poll() is None:
            if time.monotonic() >= end or hurry():
                self._process.kill()
                self._process.wait()
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        return self._process.pid


def _answers(url: str) -> bool:
    try:
        with DIRECT.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, ValueError):
        return False


def stop_stranger(pid: int, seconds: float, hurry: Callable[[], bool]) -> None:
    """As Child.stop, for a process that somebody else started."""
    end = time.monotonic() + seconds
    _signal(pid, signal.SIGTERM)
    while alive(pid):
        if time.monotonic() >= end or hurry():
            _signal(pid, signal.SIGKILL)
            return
        time.sleep(0.02)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def running_on(data: Path, pid_file: Path) -> int | None:
    """The pid in the file, if a process of this data folder has it now; it may have gone to another since."""
    try:
        pid = int(pid_file.read_text().strip())
    except (OSError, ValueError):
        return None
    if not alive(pid):
        return None
    mine = _environment(pid)
    return pid if mine is None or mine.get(b"OCTOPOD_DATA") == os.fsencode(data) else None


def _environment(pid: int) -> dict[bytes, bytes] | None:
    """What the process was started with; None where this system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    return {key: value for key, _, value in (line.partition(b"=") for line in lines)}


def stagings_processes(data: Path) -> list[int]:
    """Processes that a bot without time to stop left behind in its stagings' folders: their home is in there."""
    home = os.fsencode(data / "local") + b"/"
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if ((_environment(pid) or {}).get(b"HOME", b"") + b"/").startswith(home)]
