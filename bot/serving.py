"""A bot as a process: settings and octopod.yaml in, a running bot out. Everything opened here is closed here."""

import asyncio
import fcntl
import os
import shutil
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from cryptography.fernet import InvalidToken

from bot.app import Bot, Neighbours, Slack
from bot.checkpoints import checkpoint
from bot.domain.checking import BEAT
from bot.domain.errors import ConfigError, TemporaryError
from bot.domain.project import EngineKind
from bot.engines import Chosen, choose, encrypt_anew, renderer
from bot.environment import Places
from bot.git.repository import GitCache
from bot.hosts.hosts import Hosts
from bot.keys import make_data_folder, new_key_in, only_newest_in
from bot.probe.checks import HealthChecker
from bot.probe.url import UrlProber
from bot.projects import Configuration, Projects
from bot.registry.client import Registries
from bot.reload import Reload
from bot.settings import Settings, load_keys
from bot.site import listen, site
from bot.slack.workspace import Socket, require_app_token
from bot.store.migrate import migrate
from bot.store.rotate import rotate
from bot.store.store import Store
from handlers import compare, health, tombstone, webhooks

log = structlog.get_logger()
CALL = aiohttp.ClientTimeout(total=20, sock_connect=5)
GREETING = 5.0


async def serve(settings: Settings, configuration: Configuration) -> None:
    """Run until SIGTERM or SIGINT. Raises ConfigError for whatever keeps it from starting."""
    _require_sandbox(settings, configuration)
    async with AsyncExitStack() as stack:
        make_data_folder(settings.octopod_data)
        keys = load_keys(settings)
        stack.enter_context(_only_one(settings.octopod_data))
        await migrate(settings.database_url)
        store = Store(settings.database_url)
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=CALL))
        slack = await _greeted(settings, session)
        git = GitCache(settings.octopod_data / "git")
        await git.check()
        projects = Projects(configuration.projects)
        chosen = choose(configuration.engine, projects, settings, keys)
        prober = UrlProber(session, address=chosen.probed_at, inside=chosen.inside)
        images = Registries(session, settings.docker_config, chosen.pulled_by) if chosen.pulls else None
        rendering = renderer(projects, settings, chosen)
        places = Places(os.environ, chosen.beside)
        checker = await stack.enter_async_context(HealthChecker(chosen.probed_at, chosen.inside))
        neighbours = Neighbours(git, rendering, chosen.engine, prober, images, places, Hosts(session), checker)
        trees = _emptied(settings.octopod_data / "trees")
        bot = Bot(
            store,
            keys,
            projects,
            neighbours,
            slack,
            trees,
            beat=BEAT.faster(float(os.environ.get("OCTOPOD_CHECKS_FASTER") or 1)),
            checkpoint=checkpoint(os.environ.get("OCTOPOD_CRASH_AT", "")),
        )
        socket = _socket(settings, slack)
        await _listening(stack, bot, chosen, socket, settings)
        await stack.enter_async_context(chosen.running)
        stack.enter_context(_pid_file(settings.octopod_data / "bot.pid"))
        log.info("octopod is ready", port=settings.octopod_http_port, projects=list(configuration.projects))
        reload = Reload(settings.octopod_config, configuration.engine, projects, taken=bot.service.projects_changed)
        await _until_stopped([bot.run, slack.run, reload.run, *([socket.run] if socket else [])], bot)


async def rotated(settings: Settings) -> int:
    """Encrypt all that is stored with a new key. Returns for how many releases. Raises ConfigError."""
    data = settings.octopod_data
    make_data_folder(data)
    with _only_one(data):
        await migrate(settings.database_url)
        keys = load_keys(settings) if settings.octopod_keys else new_key_in(data)
        store = Store(settings.database_url)
        try:
            count = await rotate(store, keys)
        except InvalidToken:
            raise ConfigError(
                ["Something stored is encrypted with a key that is not there any more. Nothing was changed."]
            ) from None
        finally:
            await store.close()
        encrypt_anew(data, keys)
        if not settings.octopod_keys:
            only_newest_in(data)
    return count


def _socket(settings: Settings, slack: Slack) -> Socket | None:
    token = settings.slack_app_token
    return Socket(slack.bolt, token.get_secret_value(), slack.workspace) if token else None


async def _greeted(settings: Settings, session: aiohttp.ClientSession) -> Slack:
    """Refused tokens end the start; a Slack that does not answer does not."""
    secret = settings.slack_signing_secret
    slack = Slack(
        session,
        settings.slack_api_url,
        settings.slack_bot_token.get_secret_value(),
        secret.get_secret_value() if secret else None,
    )
    try:
        async with asyncio.timeout(GREETING):
            await slack.workspace.greet()
            if settings.slack_app_token:
                await require_app_token(slack.client, settings.slack_app_token.get_secret_value())
    except (TemporaryError, TimeoutError) as error:
        log.warning("Slack does not answer; starting without it", why=str(error))
    return slack


async def _listening(
    stack: AsyncExitStack, bot: Bot, chosen: Chosen, socket: Socket | None, settings: Settings
) -> None:
    def reached() -> bool:
        return bot.slack.workspace.identity is not None and (socket is None or socket.connected)

    gone = tombstone.door(bot.service, bot.doors.back, lambda user: bot.slack.directory.person(user).handle)
    pages = compare.door(bot.service, gone)
    app = site(
        bot.slack.bolt,
        health.healthz(reached),
        health.readyz(reached, lambda: len(bot.projects.refused)),
        health.metrics(bot.metrics.registry, bot.count),
        chosen.answering(pages, bot.visits.saw),
        bot.projects.values(),
        chosen.serves,
        webhooks.Webhooks(settings.accepted, bot.projects, bot.asker, visits=bot.visits).routes(),
    )
    runner = await listen(app, settings.octopod_http_host, settings.octopod_http_port)
    stack.push_async_callback(runner.cleanup)


async def _until_stopped(loops: Sequence[Callable[[], Coroutine[Any, Any, None]]], bot: Bot) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(loop()) for loop in loops]
        await stop.wait()
        await bot.doors.drained()
        for task in running:
            task.cancel()


def _require_sandbox(settings: Settings, configuration: Configuration) -> None:
    local = configuration.engine is EngineKind.LOCAL
    if local and not settings.listens_on_loopback:
        raise ConfigError(
            [
                "OCTOPOD_HTTP_HOST: with engine: local it must be 127.0.0.1, as the stagings of that engine are "
                "unsandboxed processes of this machine. Unset it, or use engine: kubernetes."
            ]
        )
    if local and settings.slack_is_real and not settings.octopod_allow_unsandboxed:
        raise ConfigError(
            [
                "engine: local runs the code of every branch as processes of this machine, unsandboxed, for everybody "
                "in your Slack workspace who may deploy. If you want that, set OCTOPOD_ALLOW_UNSANDBOXED=1."
            ]
        )


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Leases of a former owner are freed at the start, so there must be no living one."""
    with (data / "octopod.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError([f"OCTOPOD_DATA: another Octopod runs on {data}. End it first."]) from error
        yield


@contextmanager
def _pid_file(file: Path) -> Iterator[None]:
    file.write_text(f"{os.getpid()}\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _emptied(folder: Path) -> Path:
    """What an interrupted export left behind is of no use."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
