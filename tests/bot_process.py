"""The real bot as a process of its own, at a stand-in for Slack."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from standin_kit import Workspace

ROOT = Path(__file__).parents[1]
STARTS, ENDS = 120.0, 30.0  # seconds, at most


@asynccontextmanager
async def a_bot(folder: Path, port: int, slack: Workspace, **environ: str) -> AsyncIterator[None]:
    """As `folder`/octopod.yaml says. It hears what is said, ends as it is told to, and never had a bug."""
    settings = {
        "SLACK_BOT_TOKEN": slack.secrets.bot_token,
        "SLACK_APP_TOKEN": slack.secrets.app_token,
        "SLACK_API_URL": f"{slack.base}/api/",
        "OCTOPOD_WEBHOOK_SECRET": slack.secrets.webhook_secret,
        "OCTOPOD_CONFIG": str(folder / "octopod.yaml"),
        "OCTOPOD_DATA": str(folder / "data"),
        "OCTOPOD_HTTP_PORT": str(port),
    }
    log, env = folder / "bot.log", {**os.environ, **settings, **environ}
    with log.open("wb") as output:
        bot = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "serve", cwd=ROOT, env=env, stdout=output, stderr=output
        )
    try:
        await _hears(slack, bot, log)
        yield
    finally:
        if bot.returncode is None:
            bot.terminate()
        assert await asyncio.wait_for(bot.wait(), ENDS) == 0, log.read_text(errors="replace")[-4000:]
    assert not (bugs := _bugs(log)), "\n".join(bugs)


async def _hears(slack: Workspace, bot: asyncio.subprocess.Process, log: Path) -> None:
    """The socket stands as soon as somebody is answered."""
    async with asyncio.timeout(STARTS):
        while not (await slack.post("command", user="carol", channel="stagings", text="/octopod help"))["ok"]:
            assert bot.returncode is None, f"the bot ended; see {log}"
            await slack.state((await slack.state())["seq"], 0.2)


def _bugs(log: Path) -> list[str]:
    return [line for line in log.read_text(errors="replace").splitlines() if is_bug(line)]


def is_bug(line: str) -> bool:
    """A traceback; raw ones come from an interpreter that ends, the others stand in a JSON line."""
    try:
        said = json.loads(line)
    except ValueError:
        return line.startswith("Traceback")
    return isinstance(said, dict) and said.get("level") in ("error", "critical") and "Traceback" in line
