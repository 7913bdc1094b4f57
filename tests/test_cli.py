"""The command line."""

import subprocess
import sys

HELP = """
import sys
from bot.cli import main
try:
    main(["--help"])
finally:
    heavy = {"kubernetes_asyncio", "aiohttp", "sqlalchemy", "slack_bolt"} & set(sys.modules)
    assert not heavy, heavy
"""


def test_help_loads_no_heavy_library() -> None:
    said = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr
    assert "serve" in said.stdout


def test_the_local_engine_loads_no_kubernetes() -> None:
    code = "import sys, bot.serving, bot.local.engine; assert 'kubernetes_asyncio' not in sys.modules"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr
