"""The only wiring: ports and a workspace in, a bot out that works."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

import handlers
from bot.checkpoints import Checkpoint, nowhere
from bot.domain.checking import BEAT, Beat
from bot.domain.following import RHYTHM, Rhythm
from bot.domain.policy import Policy, policy_of
from bot.domain.project import Project
from bot.environment import Places
from bot.hosts.hosts import NoHosts
from bot.idling import Idling
from bot.keys import Keys
from bot.metrics import Metrics
from bot.muting import Muting
from bot.ports import Checker, Engine, GitHosts, Images, Prober, Renderer, Repositories, Secrets
from bot.probe.checks import NoChecks
from bot.projects import Projects
from bot.service import Service
from bot.slack.authors import Authors
from bot.slack.directory import Directory
from bot.slack.sender import Sender
from bot.slack.workspace import Identity, Workspace, authorizing
from bot.store.news import Line, News
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
from handlers.clock import Clock
from handlers.doors import Doors
from handlers.watch import Watch

DIRECTORY_EVERY = 300.0
PACE = Pace()
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
