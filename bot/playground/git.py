"""The git binary, run with nothing of the machine's own settings and nobody to ask."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

SECONDS = 60.0
QUIET = ("-c", "commit.gpgSign=false", "-c", "gc.auto=0", "-c", "core.autocrlf=false", "-c", "core.fsync=none")


class GitError(Exception):
    """What git, or its absence, has to say. `code`: git's exit code, if it ran to its end."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code


def git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> str:
    """What `git ARGUMENTS` prints in `folder`. Raises GitError. `env`: what git is told besides (see `person`)."""
    try:
        run = subprocess.run(
            ["git", *QUIET, *arguments],
            cwd=folder,
            env=_environment(folder) | dict(env or {}),
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed. Install it (apt-get install git) and start again.") from error
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git {arguments[0]} did not end within {SECONDS:.0f} s in {folder}.") from error
    if run.returncode:
        raise GitError(f"git {arguments[0]} failed: {(run.stderr or run.stdout).strip()}", run.returncode)
    return run.stdout


def person(name: str, email: str, date: str | None = None) -> dict[str, str]:
    """For `env`: who commits, and when (now, if left out)."""
    known = {"NAME": name, "EMAIL": email} | ({"DATE": date} if date else {})
    return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in known.items()}


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
