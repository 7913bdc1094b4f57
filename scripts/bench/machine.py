"""Where and on what was measured."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Whose bot is measured: another checkout, when two are compared.
PRODUCT = Path(os.environ.get("BENCH_PRODUCT") or ROOT)


def facts() -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short=10", "HEAD") + ("+changes" if _git("status", "--porcelain") else ""),
        "python": platform.python_version(),
        "cores": os.cpu_count() or 1,
        "load": [round(part, 2) for part in os.getloadavg()],
    }


def headline(said: dict[str, object]) -> str:
    return (
        f"{said['at']}, commit {said['commit']}, Python {said['python']}, {said['cores']} cores, "
        f"load average {said['load']} before the first measurement"
    )


def environ() -> dict[str, str]:
    """For what is started: compiled code is kept, as everywhere outside of tests and containers in the making."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _git(*arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=PRODUCT, capture_output=True, text=True, check=False)
    return run.stdout.strip()
