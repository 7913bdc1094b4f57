"""`python -m bot.playground`: the stand-in for Slack as a process of its own."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import click
from aiohttp import web

from bot.checkpoints import checkpoint
from bot.playground.disk import DiskError
from bot.playground.server import Options, make_app

HOST = "127.0.0.1"
UNUSABLE = 2
FINISH_SECONDS = 3.0


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), required=True, help="Where the page and Slack's API are.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where its state is kept."
)
@click.option("--bot-port", type=click.IntRange(1, 65535), help="Where *.localhost is passed on to.")
@click.option("--rate-limits", is_flag=True, help="Refuse calls as Slack does when there are too many.")
@click.option("--delivery", type=click.Choice(["socket", "http"]), default="socket", show_default=True)
@click.option("--events-url", help="With --delivery http: where payloads are posted to.")
@click.option(
    "--repository", type=click.Path(path_type=Path, file_okay=False), help="The bare git repository of /playground."
)
def main(
    port: int,
    data: Path,
    bot_port: int | None,
    rate_limits: bool,
    delivery: str,
    events_url: str | None,
    repository: Path | None,
) -> None:
    """A local stand-in for Slack. Not Slack."""
    if (delivery == "http") != bool(events_url):
        raise click.UsageError("--delivery http and --events-url belong together.")
    options = Options(
        data=data,
        repository=repository,
        bot_port=bot_port,
        rate_limits=rate_limits,
        events_url=events_url,
        checkpoint=checkpoint(os.environ.get("OCTOPOD_STANDIN_CRASH_AT", "")),
    )
    try:
        asyncio.run(serve(options, port))
    except (DiskError, ValueError) as error:
        _give_up(str(error))
    except OSError as error:
        _give_up(f"The stand-in for Slack cannot use port {port} or the folder {data}: {error.strerror or error}.")


async def serve(options: Options, port: int) -> None:
    """Until SIGTERM or SIGINT. While it answers, DATA/slack.pid holds its process id."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    runner = web.AppRunner(make_app(options), access_log=None, shutdown_timeout=FINISH_SECONDS, auto_decompress=False)
    await runner.setup()
    pid_file = options.data / "slack.pid"
    try:
        await web.TCPSite(runner, HOST, port).start()
        pid_file.write_text(f"{os.getpid()}\n")
        click.echo(f"Stand-in for Slack (not Slack): http://localhost:{port}/")
        await stop.wait()
    finally:
        await runner.cleanup()
        with contextlib.suppress(OSError, ValueError):
            if int(pid_file.read_text()) == os.getpid():
                pid_file.unlink()


def _give_up(text: str) -> None:
    click.echo(text, err=True)
    sys.exit(UNUSABLE)


if __name__ == "__main__":
    main(prog_name="python -m bot.playground")
