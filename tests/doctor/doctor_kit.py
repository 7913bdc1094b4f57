"""For the tests of the doctor: what an installation has, and what the doctor says of it."""

import os
from collections.abc import Mapping
from pathlib import Path

from standin_kit import Workspace

from bot.doctor import examine, line
from bot.doctor.hosts import Network

PROJECT = """
  {name}:
    repo: {repo}
    source: {{manifests: deploy}}
    channel: {channel}
"""


def octopod_yaml(folder: Path, repo: str | Path, engine: str = "local", more: str = "", **changes: str) -> Path:
    """`more`: lines of the project."""
    given = {"name": "shop", "repo": str(repo), "channel": "stagings", **changes}
    file = folder / "octopod.yaml"
    file.write_text(f"engine: {engine}\nprojects:{PROJECT.format(**given)}{more}")
    return file


def settings(folder: Path, slack: Workspace, config: Path, **changes: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": slack.secrets.bot_token,
        "SLACK_APP_TOKEN": slack.secrets.app_token,
        "SLACK_API_URL": f"{slack.base}/api/",
        "OCTOPOD_CONFIG": str(config),
        "OCTOPOD_DATA": str(folder / "data"),
        **changes,
    }


async def lines(environ: Mapping[str, str], network: Network | None = None) -> list[str]:
    return [line(answer) for answer in await examine(environ, network)]


def only(said: list[str], what: str) -> str:
    """The line about this."""
    [found] = [one for one in said if one[2:].startswith(f"{what}:")]
    return found
