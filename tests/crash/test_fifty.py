"""Fifty branches deployed at once: quick answers, all live, all cards right."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from crash_kit import playground

LOAD = [f"load-{number:02}" for number in range(1, 51)]
ACK_MS = 1500


@pytest.mark.crash
@pytest.mark.timeout(240)
def test_fifty_at_once(tmp_path: Path) -> None:
    _fifty(tmp_path, 200)


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_fifty_at_once_within_slacks_limits(tmp_path: Path) -> None:
    _fifty(tmp_path, 500, "--rate-limits")


def _fifty(folder: Path, seconds: float, *options: str) -> None:
    with playground(folder, *options) as play:
        for name in LOAD:
            play.branch(name)
        with ThreadPoolExecutor(len(LOAD)) as people:
            answers = list(people.map(play.deploy, LOAD))
        slowest = max(answer["ack_ms"] for answer in answers)
        assert slowest < ACK_MS
        play.converged(seconds)
