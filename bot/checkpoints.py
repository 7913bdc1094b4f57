"""Named points at which tests end a process, as `kill -9` would, to see that nothing is lost or done twice."""

import os
import signal
from collections.abc import Callable

Checkpoint = Callable[[str], None]


def nowhere(point: str) -> None:
    """The usual one: every point is passed."""


def checkpoint(spec: str) -> Checkpoint:
    """`spec`: NAME or NAME:N. The process ends at the N-th passing of that point; an empty one never ends it."""
    name, _, count = spec.partition(":")
    left = int(count or 1)

    def passed(point: str) -> None:
        nonlocal left
        if point == name:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return passed if name else nowhere
