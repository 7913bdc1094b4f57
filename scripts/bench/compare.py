"""Before and after, in turns: `python -m scripts.bench.compare COMMIT NAME …`.

The bot of COMMIT and the one of this checkout are measured by the same benchmarks, one round each, five times.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.bench import machine
from scripts.bench.report import Row, table
from scripts.bench.stats import ratios, spread

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
Figures = dict[tuple[str, str, str], list[float]]


def main(commit: str, names: Sequence[str]) -> None:
    print(f"before: {commit}; after: {machine.headline(machine.facts())}", flush=True)
    before: Figures = {}
    after: Figures = {}
    with tempfile.TemporaryDirectory(prefix="octopod-bench-") as folder:
        other = Path(folder) / "before"
        _git("worktree", "add", "--quiet", "--detach", str(other), commit)
        try:
            for _ in range(ROUNDS):
                _measure(other, names, Path(folder) / "out", before)
                _measure(machine.ROOT, names, Path(folder) / "out", after)
        finally:
            _git("worktree", "remove", "--force", str(other))
    print(table(rows(before, after)))


def rows(before: Figures, after: Figures) -> list[Row]:
    """For each figure: before, after, and their ratio round by round."""
    made = []
    for key in before:
        group, name, unit = key
        made += [
            Row(group, f"{name}, before", spread(before[key]), unit),
            Row(group, f"{name}, after", spread(after[key]), unit),
        ]
        if all(before[key]):
            made.append(Row(group, f"{name}, after / before", spread(ratios(after[key], before[key]))))
    return made


def _measure(product: Path, names: Sequence[str], out: Path, found: Figures) -> None:
    out.unlink(missing_ok=True)
    own = {"BENCH_PRODUCT": str(product), "BENCH_OUT": str(out), "BENCH_ROUNDS": "1"}
    command = [sys.executable, "-m", "scripts.bench", *names]
    subprocess.run(command, cwd=machine.ROOT, env=os.environ | own, stdout=subprocess.DEVNULL, check=True)
    for line in map(json.loads, out.read_text().splitlines()):
        if " / " not in line["name"]:
            found.setdefault((line["group"], line["name"], line["unit"]), []).append(line["median"])


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=machine.ROOT, check=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
