"""Every sentence that the local engine says about processes. Pure."""

import signal
from collections.abc import Mapping, Sequence

from bot.local.spec import Container, Workload


def subject(workload: Workload, container: Container) -> str:
    """ "web", or "web (container sidecar)" where the name of the workload alone would leave doubt."""
    alone = len(workload.containers) == 1 and container in workload.containers
    return workload.name if alone else f"{workload.name} (container {container.name})"


def exit_text(code: int | None) -> str:
    """`code` as subprocess has it (negative: a signal); None: the process was not our child, so nobody knows."""
    if code is None:
        return "ended"
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def start_error_text(error: OSError, program: str, folder: str) -> str:
    """Why a process could not even be started. A missing working folder looks like a missing program to the caller."""
    if isinstance(error, NotADirectoryError | FileNotFoundError) and error.filename not in (None, program):
        return f"can't start: there is no folder {folder}"
    if isinstance(error, FileNotFoundError):
        return f"can't start: there is no program {program}"
    if isinstance(error, PermissionError):
        return f"can't start: {program} may not be run as a program"
    return f"can't start: {error.strerror or error}"


def failed_start(name: str, last: str, exits: int, lived: float | None) -> str:
    times = f", {exits} times in a row" if exits > 1 else ""
    when = "" if lived is None else f", {'the last time ' if exits > 1 else ''}{lived:.1f} s after its start"
    return f"{name} {last}{times}{when}"


def restarting(name: str, last: str, exits: int, pause: float | None) -> str:
    times = f" ({exits} times)" if exits > 1 else ""
    then = "started again" if pause is None else f"trying again in {pause:.2g} s"
    return f"{name} {last}{times}; {then}"


def restarted(name: str, last: str) -> str:
    return f"{name} {last}; it is started again"


def never_ready(name: str, probe: str) -> str:
    return f"{name} runs but never became ready: {probe or 'it was still starting'}"


def not_ready(name: str, probe: str) -> str:
    return f"{name} runs but is not ready: {probe}"


def unlive(probe: str, times: int) -> str:
    again = f", {times} times in a row" if times > 1 else ""
    return f"was ended because {probe}{again} (liveness probe)"


def not_started(probe: str) -> str:
    return f"was ended because {probe} (startup probe)"


def job_failed(name: str, last: str, attempts: int) -> str:
    return f"{name} {last}" if attempts == 1 else f"{name} failed {attempts} times: the last time it {last}"


def job_too_long(limit: float) -> str:
    return f"took longer than its activeDeadlineSeconds of {limit:g} s"


def stopped_with(name: str) -> str:
    return f"stopped, because {name} failed"


def fault(error: BaseException) -> str:
    """Of a release that an unexpected error has ended."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (
        f"This is a fault of Octopod's, not of the branch ({type(error).__name__}: {error}). Its log says more. "
        "Deploying again may help."
    )


def merge_lines(outputs: Mapping[str, Sequence[str]], lines: int) -> list[str]:
    """The output of several processes of one workload, one after the other, each line naming its process."""
    if len(outputs) == 1:
        return list(next(iter(outputs.values())))[-lines:]
    each = max(5, lines // max(1, len(outputs)))
    return [f"{name}: {line}" for name, tail in outputs.items() for line in tail[-each:]]
