"""The only wiring: settings and octopod.yaml in, a running bot out. Everything opened here is closed here."""

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from cryptography.fernet import InvalidToken
from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

import handlers
from bot.checkpoints import Checkpoint, checkpoint, nowhere
from bot.domain.checking import BEAT, Beat
from bot.domain.errors import ConfigError, TemporaryError
from bot.domain.following import RHYTHM, Rhythm
from bot.domain.policy import Policy, policy_of
from bot.domain.project import EngineKind, Project
from bot.engines import Chosen, choose, encrypt_anew, renderer
from bot.environment import Places
from bot.git.repository import GitCache
from bot.hosts.hosts import Hosts, NoHosts
from bot.idling import Idling
from bot.keys import Keys, make_data_folder, new_key_in, only_newest_in
from bot.metrics import Metrics
from bot.muting import Muting
from bot.ports import Checker, Engine, GitHosts, Images, Prober, Renderer, Repositories, Secrets
from bot.probe.checks import HealthChecker, NoChecks
from bot.probe.url import UrlProber
from bot.projects import Configuration, Projects
from bot.registry.client import Registries
from bot.reload import Reload
from bot.service import Service
from bot.settings import Settings, load_keys
from bot.site import listen, site
from bot.slack.authors import Authors
from bot.slack.directory import Directory
from bot.slack.sender import Sender
from bot.slack.workspace import Identity, Socket, Workspace, authorizing, require_app_token
from bot.store.migrate import migrate
from bot.store.news import Line, News
from bot.store.rotate import rotate
from bot.store.store import Store
from bot.wayback import WayBack
from bot.worker.asker import Asker
from bot.worker.checker import HealthChecks
from bot.worker.engine import EngineWork
from bot.worker.finding import FindingWork
from bot.worker.follower import Follower
from bot.worker.gathering import Gathering
from bot.worker.hosts import HostWork
from bot.worker.pump import Pace, Pump
from bot.worker.questions import Questions
from bot.worker.requests import RequestWork
from bot.worker.secrets import Opening, Remembered
from bot.worker.slack import SlackWork
from bot.worker.visits import Visits
from bot.worker.worker import Worker
from handlers import compare, health, tombstone, webhooks
from handlers.clock import Clock
from handlers.doors import Doors
from handlers.watch import Watch

log = structlog.get_logger()
CALL = aiohttp.ClientTimeout(total=20, sock_connect=5)
DIRECTORY_EVERY = 300.0
PACE = Pace()
GREETING = 5.0
# How many requests, engine targets, Slack messages, reports to git hosts and findings are worked on at once.
REQUESTS, TARGETS, MESSAGES, REPORTS, FINDINGS = 12, 6, 12, 4, 6


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The outside world, as ports. `images`: None where stagings need no images. `secrets`: else none is found.
    `hosts`: else no git host is told or asked anything but by git. `checker`: else no health check can be made."""

    git: Repositories
    renderer: Renderer
    engine: Engine
    prober: Prober
    images: Images | None = None
    secrets: Secrets = field(default_factory=lambda: Places({}, None))
    hosts: GitHosts = field(default_factory=NoHosts)
    checker: Checker = field(default_factory=NoChecks)


class Bot:
    """Service, worker and doors, joined. `run` works until cancelled; tests also call `settled`."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        projects: Mapping[str, Project],
        neighbours: Neighbours,
        slack: "Slack",
        trees: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        policy: Callable[[Project], Policy] = policy_of,
        pace: Pace = PACE,
        rhythm: Rhythm = RHYTHM,
        beat: Beat = BEAT,
        checkpoint: Checkpoint = nowhere,
    ) -> None:
        engine = neighbours.engine
        self.projects = projects = Projects.of(projects)
        self.store, self.slack, self.metrics = store, slack, slack.metrics
        person = slack.directory.person
        facts = engine.facts
        self.service = Service(
            store,
            projects,
            keys,
            now,
            port=facts.port,
            policy=policy,
            person=person,
            sandboxed=facts.sandboxed,
            by_email=slack.directory.by_email,
        )
        sender = slack.sender(projects, engine)
        opening = Opening(neighbours.secrets, keys)
        questions = Questions(neighbours.checker, Opening(Remembered(neighbours.secrets, now), keys), now)
        engine_work = EngineWork(
            self.service,
            store,
            neighbours.git,
            neighbours.renderer,
            engine,
            neighbours.prober,
            trees,
            checkpoint,
            images=neighbours.images,
            opening=opening,
        )
        owner = secrets.token_hex(8)
        pumps = [
            Pump(
                RequestWork(self.service, store, neighbours.git, engine, checkpoint, opening=opening),
                store,
                now,
                REQUESTS,
                pace,
                owner,
            ),
            Pump(engine_work, store, now, TARGETS, pace, owner),
            Pump(SlackWork(self.service, store, sender, checkpoint, pace), store, now, MESSAGES, pace, owner),
            Pump(self._host_work(neighbours.hosts, pace), store, now, REPORTS, pace, owner),
            Pump(self._finding_work(neighbours, questions), store, now, FINDINGS, pace, owner),
        ]
        self.follower = Follower(self.service, neighbours.git, checkpoint, rhythm=rhythm)
        self.asker = Asker(self.service, neighbours.hosts, self.follower)
        idling = Idling(self.service, store)
        self.visits = Visits(idling, now)
        self.health_checks = HealthChecks(self.service, questions, beat, self.metrics.checked)
        self.clock, self.watch = Clock(self.service, idling), Watch(engine, self.service, checkpoint)
        self.worker = Worker(store, now, pumps, unread=lambda: not self._heard_all)
        store.saved = self._saved
        self._checkpoint = checkpoint
        self.doors = Doors(
            self.service,
            slack.directory.person,
            slack.directory.channel_name,
            slack.directory.link,
            engine.facts.name,
            WayBack(self.service, store),
            Muting(self.service),
            engine.facts.port,
        )
        handlers.register(slack.bolt, self.doors)

    def _finding_work(self, neighbours: Neighbours, questions: Questions) -> FindingWork:
        who = self.slack.authors.user
        gathering = Gathering(self.service, neighbours.git, neighbours.engine, questions, who)
        return FindingWork(self.service, self.store, gathering)

    def _host_work(self, hosts: GitHosts, pace: Pace) -> HostWork:
        directory = self.slack.directory
        return HostWork(self.service, self.store, hosts, directory.person, directory.link, pace)

    async def run(self) -> None:
        """Until cancelled."""
        await self.service.recall()
        await self.worker.start()
        async with asyncio.TaskGroup() as group:
            loops = (
                self.worker.run,
                self.clock.run,
                self.watch.run,
                self.follower.run,
                self.asker.run,
                self.visits.run,
                self.health_checks.run,
            )
            for loop in loops:
                group.create_task(loop())

    @property
    def _heard_all(self) -> bool:
        return not self.watch.unread and self.follower.quiet and self.visits.quiet and self.health_checks.quiet

    async def settled(self) -> None:
        await self.worker.settled()

    async def count(self) -> None:
        """Set the gauges."""
        phases = [staging.phase for staging in await self.service.looking.present()]
        self.metrics.refreshed(phases, self.store.writes, current=not self.projects.refused)

    def _saved(self, news: News) -> None:
        self._checkpoint("saved")
        self.worker.poke(news)
        self.health_checks.poke(news)
        if Line.CLOCK in news:
            self.clock.poke()


class Slack:
    """The workspace's clients. Sending gets no retries of the SDK: they would double what may have arrived."""

    def __init__(
        self, session: aiohttp.ClientSession, api_url: str, bot_token: str, signing_secret: str | None
    ) -> None:
        self.session, self.metrics = session, Metrics()
        self.client = AsyncWebClient(token=bot_token, base_url=api_url, session=session, retry_handlers=[])
        retries = [
            AsyncConnectionErrorRetryHandler(max_retry_count=2),
            AsyncRateLimitErrorRetryHandler(max_retry_count=3),
        ]
        reading = AsyncWebClient(token=bot_token, base_url=api_url, session=session, retry_handlers=retries)
        self.directory = Directory(reading)
        self.authors = Authors(reading, self.directory, time.monotonic)
        self.workspace = Workspace(self.client, bot_token, self._met)
        self.bolt = AsyncApp(
            name="octopod",
            client=AsyncWebClient(base_url=api_url, session=session, retry_handlers=[]),
            # Socket Mode needs no secret, but Bolt refuses to start without one.
            signing_secret=signing_secret or secrets.token_hex(16),
            authorize=authorizing(self.workspace),
            # Else Bolt looks every 10 ms whether a listener has acked. Ours are short; what comes after is `later`.
            process_before_response=True,
        )

    def sender(self, projects: Mapping[str, Project], engine: Engine) -> Sender:
        """The one sender of this workspace, for the stagings of this engine."""
        return Sender(
            self.client,
            self.session,
            self.directory,
            projects,
            engine.facts.name,
            engine.facts.port,
            time.monotonic,
            self.metrics.slack_called,
        )

    def _met(self, identity: Identity) -> None:
        self.directory.located(identity.url)

    async def run(self) -> None:
        """Keep who is who fresh. Until cancelled."""
        await self.workspace.greeted()
        while True:
            await self.directory.refresh()
            await asyncio.sleep(DIRECTORY_EVERY)


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


def _socket(settings: Settings, slack: "Slack") -> Socket | None:
    token = settings.slack_app_token
    return Socket(slack.bolt, token.get_secret_value(), slack.workspace) if token else None


async def _greeted(settings: Settings, session: aiohttp.ClientSession) -> "Slack":
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
