"""`python -m scripts.bench [NAME …]`: some measurements, or all.

BENCH_OUT names a file for the JSON lines, BENCH_ROUNDS says how many rounds.
"""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.bench import (
    ack,
    costs,
    fifty,
    follow,
    kube_alerts,
    kube_live,
    kube_memory,
    kube_words,
    live,
    machine,
    memory,
    startup,
)
from scripts.bench.report import Row, json_line, table

Measure = Callable[[Path, int], list[Row]]
ROUNDS = "5"
ALL: Mapping[str, Measure] = {
    "ack": ack.measure,
    "live": live.measure,
    "costs": costs.measure,
    "startup": startup.measure,
    "memory": memory.measure,
    "fifty": fifty.measure,
    "follow": follow.measure,
    "kube-live": kube_live.measure,
    "kube-words": kube_words.measure,
    "kube-alerts": kube_alerts.measure,
    "kube-memory": kube_memory.measure,
}


def main(names: Sequence[str]) -> int:
    if unknown := [name for name in names if name not in ALL]:
        print(f"There is no measurement {', '.join(unknown)}. There are: {', '.join(ALL)}.", file=sys.stderr)
        return 2
    said = machine.facts()
    print(machine.headline(said), flush=True)
    rows: list[Row] = []
    rounds = int(os.environ.get("BENCH_ROUNDS", ROUNDS))
    for name in names or ALL:
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"octopod-bench-{name}-", ignore_cleanup_errors=True) as folder:
            rows += ALL[name](Path(folder).resolve(), rounds)
        print(f"{name}: {time.monotonic() - start:.0f} s, load average {os.getloadavg()[0]:.2f}", file=sys.stderr)
    print(f"\n{table(rows)}\n")
    _tell([json_line(row, said) for row in rows])
    return 0


def _tell(lines: Sequence[str]) -> None:
    print("\n".join(lines))
    if out := os.environ.get("BENCH_OUT"):
        with Path(out).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    for end in (signal.SIGINT, signal.SIGTERM):  # either way all that was started is ended, also in the background
        signal.signal(end, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
