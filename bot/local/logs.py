"""Output of processes: one file per container and the one before it. Processes write by themselves, so that what they
say survives the bot; we only keep the files small and read their ends."""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

TAIL_BYTES = 64 * 1024


def open_output(path: Path) -> int:
    """A fresh file for a process's output, as a descriptor. What was there becomes the previous output."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size:
        path.replace(previous(path))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def previous(path: Path) -> Path:
    return path.with_suffix(".previous")


def tail(path: Path, lines: int) -> tuple[str, ...]:
    """The last lines of one file; none if there is no such file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            found = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ()
    shown = (found[1:] if size > TAIL_BYTES else found)[-lines:]
    return tuple(_without_tree(line, path) for line in shown)


def _without_tree(line: str, path: Path) -> str:
    """Files are named as the branch has them, not by where this machine keeps them."""
    root = next((folder.parent for folder in path.parents if folder.name == "logs"), path.parent)
    return re.sub(re.escape(f"{root}/releases/") + r"[^/\s]+/tree/", "", line)


def tail_with_previous(path: Path, lines: int) -> tuple[str, ...]:
    now = tail(path, lines)
    return now if len(now) >= lines else (tail(previous(path), lines - len(now)) + now)


def rotate_large(folder: Path, limit: int) -> None:
    """Copy and cut: the process goes on writing to the same file, at its new end.

    What it writes between the two is lost; a pipe through the bot would lose the process with the bot instead.
    """
    # What is removed meanwhile needs no rotating.
    with suppress(FileNotFoundError):
        for path in folder.glob("*/*.log"):
            with suppress(FileNotFoundError):
                if path.stat().st_size > limit:
                    shutil.copyfile(path, previous(path))
                    os.truncate(path, 0)
