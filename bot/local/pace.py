"""How fast the local engine goes: every interval, limit and patience in one place, so that tests can be quicker."""

import os
from dataclasses import dataclass, field


def _starts_at_once() -> int:
    return max(4, 3 * (os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds, unless the name says otherwise.

    `start_pause`, `start_pause_most`: before a process of a release that does not serve yet is started again.
    `strikes`: exits after which such a release has failed, unless something it may be waiting for still starts;
    that is believed for `patience`. `restart_pause`, `restart_pause_most`: the same for the release that serves;
    after `healthy_after` of readiness the count begins anew.
    `quiet`: how long a start may take before its probe's complaints are worth telling.
    `settle`: how long a process without readiness probe must live to count as ready.
    `probe_first`, `probe_growth` (a factor), `probe_most`: between two probes while a process starts.
    `grace_most`: between SIGTERM and SIGKILL, whatever the manifest asks. `drain`: for requests in flight when a
    newer release takes over. `resume`: how long a staging that the engine brings back after its own restart may take
    before it is judged like any other. `starts_at_once`, `start_turn`: so many processes start side by side, each for
    at most so long.
    """

    start_pause: float = 0.3
    start_pause_most: float = 1.0
    strikes: int = 3
    patience: float = 30.0
    restart_pause: float = 0.5
    restart_pause_most: float = 15.0
    healthy_after: float = 60.0
    quiet: float = 3.0
    settle: float = 1.0
    probe_first: float = 0.02
    probe_growth: float = 1.2
    probe_most: float = 1.0
    grace_most: float = 5.0
    drain: float = 5.0
    resume: float = 60.0
    starts_at_once: int = field(default_factory=_starts_at_once)
    start_turn: float = 3.0
    adopt_wait: float = 2.0
    log_bytes: int = 5_000_000
    log_check: float = 5.0
    tail_lines: int = 20
