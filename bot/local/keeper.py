"""Runs one command to its end and writes down how it ended: `keeper.py RESULT COMMAND...`. Standard library only.

A Job may end while the bot is away, and only a parent is told how. This small parent stays, so that a Job that has
succeeded is not run again.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path


def keep(result: Path, command: list[str]) -> None:
    # SIGTERM goes to the whole group: the command decides what to make of it, and its end must still be written down.
    # A handler, unlike SIG_IGN, is not handed on to the command.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        code = subprocess.call(command)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        print(f"there is no program {command[0]}" if missing else f"{command[0]}: {error}", file=sys.stderr)
        code = 127
    draft = result.with_suffix(".tmp")
    draft.write_text(json.dumps({"code": code}), encoding="utf-8")
    draft.replace(result)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), sys.argv[2:])
