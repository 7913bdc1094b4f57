"""`octopod serve | playground | check-config | schema | doctor | migrate | rotate-keys`.

Exit codes: 0 well, 1 the doctor found something, 2 something must be set right first (every mistake is listed).
Heavy modules are imported by the commands that need them.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from bot.domain.errors import ConfigError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="octopod")
def main() -> None:
    """The Slack bot that gives every feature branch its own staging."""


@main.command()
def serve() -> None:
    """Run the bot. Settings come from the environment; see .env.example."""
    from bot.logs import set_up

    set_up()

    def start() -> None:
        from bot.projects import load_projects
        from bot.serving import serve as run
        from bot.settings import load_settings

        settings = load_settings()
        asyncio.run(run(settings, load_projects(settings.octopod_config)))

    _or_exit(start)


@main.command("check-config")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check_config(file: Path | None) -> None:
    """Check octopod.yaml (FILE, or what OCTOPOD_CONFIG names) and tell every mistake at once."""

    def check() -> None:
        import os

        from bot.projects import load_projects

        path = file or Path(os.environ.get("OCTOPOD_CONFIG", "octopod.yaml"))
        found = load_projects(path)
        click.echo(f"{path} is fine: engine {found.engine}, projects {', '.join(found.projects)}.")

    _or_exit(check)


@main.command()
def schema() -> None:
    """Print a JSON Schema of octopod.yaml, by which editors complete and explain its keys."""
    import json

    from bot.projects.json_schema import file

    click.echo(json.dumps(file(), indent=2, ensure_ascii=False))


@main.command()
def doctor() -> None:
    """Look at all that the bot needs, from where it runs: Slack, cluster, rights, hosts, git, disk.

    A line each: ✓, or ✗ and what to do. The exit code is 1 if there is any ✗.
    """
    from bot.doctor import examine, line

    answers = asyncio.run(examine())
    for answer in answers:
        click.echo(line(answer))
    sys.exit(0 if all(answer.well for answer in answers) else 1)


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema. `octopod serve` does that too."""

    def run() -> None:
        from bot.settings import load_settings
        from bot.store.migrate import migrate as upgrade

        settings = load_settings()
        asyncio.run(upgrade(settings.database_url))
        click.echo("The database has the newest schema.")

    _or_exit(run)


@main.command("rotate-keys")
def rotate_keys() -> None:
    """Encrypt everything that is stored with a new key. End the bot first, and start it again afterwards.

    A key of the data folder is replaced. Keys in OCTOPOD_KEYS are yours: put a new one first, run this, and take the
    older ones away.
    """

    def run() -> None:
        from bot.serving import rotated
        from bot.settings import load_settings

        settings = load_settings()
        count = asyncio.run(rotated(settings))
        click.echo(f"What is stored of {count} releases is encrypted with the newest key.")
        if settings.octopod_keys:
            click.echo("The other keys of OCTOPOD_KEYS are not needed any more: take them away.")

    _or_exit(run)


@main.command()
@click.option("--port", default=8765, show_default=True, help="The one port, on loopback.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".playground"),
    show_default=True,
    help="Where all of it is kept.",
)
@click.option("--browser/--no-browser", default=True, help="Open the page when it is ready.")
@click.option("--reset", is_flag=True, help="Begin anew: forget what is in the data folder.")
@click.option("--rate-limits", is_flag=True, help="Let the stand-in enforce Slack's rate limits.")
def playground(port: int, data: Path, browser: bool, reset: bool, rate_limits: bool) -> None:
    """Try it out: a stand-in for Slack in the browser, an example project, and the real bot. Nothing else is needed."""
    try:
        from bot.playground.launcher import run
    except ModuleNotFoundError as error:
        if error.name != "bot.playground":
            raise
        _refuse(ConfigError(["The playground is not in this image. In a checkout, `make playground` starts it."]))

    sys.exit(run(port, data, browser, reset, rate_limits))


def _or_exit(work: Callable[[], None]) -> None:
    try:
        work()
    except ConfigError as error:
        _refuse(error)
    except BaseExceptionGroup as group:
        refused, rest = group.split(ConfigError)
        if refused is None or rest is not None:
            raise
        _refuse(next(e for e in refused.exceptions if isinstance(e, ConfigError)))


def _refuse(error: ConfigError) -> NoReturn:
    for mistake in error.mistakes:
        click.echo(mistake, err=True)
    sys.exit(2)
