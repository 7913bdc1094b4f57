"""From a push until its rollout has started: told by a webhook, and found by looking. And what looking costs."""

import asyncio
import hashlib
import hmac
import http.client
import json
import random
import resource
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from cryptography.fernet import Fernet

from bot.checkpoints import nowhere
from bot.domain.project import Follow, Manifests, Project
from bot.git.repository import GitCache
from bot.keys import read_keys
from bot.playground.example import make_repository
from bot.ports import Head
from bot.service import Service
from bot.store.migrate import migrate
from bot.store.store import Store
from bot.worker.follower import Follower
from scripts.bench.playground import LOOPBACK, Playground, playground, until
from scripts.bench.report import Row
from scripts.bench.stats import percentile, spread
from scripts.bench.stored import database_url

BRANCHES = 4
REPOSITORIES = 200
TOLD, LOOKED = 2.0, 60.0
ROUND = 40.0  # seconds from one look at a repository to the next, on average


def measure(folder: Path, rounds: int) -> list[Row]:
    with playground(folder) as play:
        branches = [f"followed-{number}" for number in range(BRANCHES)]
        for name in branches:
            play.branch(name)
            play.say(f"deploy {name}")
        play.wait_phase("live", BRANCHES, 60)
        told = [_pushed(play, name, tell=True) for _ in range(rounds) for name in branches]
        found = [_pushed(play, branches[number % BRANCHES], tell=False) for number in range(rounds)]
    return [
        Row("follow", "push until its rollout starts, by webhook: p50", spread([percentile(told, 50)]), "s"),
        Row("follow", "push until its rollout starts, by webhook: p95", spread([percentile(told, 95)]), "s", TOLD),
        Row("follow", "push until its rollout starts, by looking", spread(found), "s"),
        Row("follow", "the longest of these", spread([max(found)]), "s", LOOKED),
        *asyncio.run(_costs(folder, rounds)),
    ]


def _pushed(play: Playground, branch: str, tell: bool) -> float:
    """Seconds from the push until its files are there to be started. Pushes come at any time."""
    time.sleep(random.uniform(2, 5))
    start = time.perf_counter()
    commit = play.push(branch)
    if tell:
        _told(play, branch, commit)
    with closing(sqlite3.connect(play.data / "octopod.db")) as database:
        asked = 'SELECT 1 FROM releases WHERE "commit" = ? AND files_at IS NOT NULL'
        until(lambda: database.execute(asked, (commit,)).fetchone(), 120, f"{branch} is updated", every=0.01)
    return time.perf_counter() - start


def _told(play: Playground, branch: str, commit: str) -> None:
    body = json.dumps({"repo": str(play.repository), "branch": branch, "commit": commit}).encode()
    signature = hmac.new(play.env()["OCTOPOD_WEBHOOK_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    connection = http.client.HTTPConnection(LOOPBACK, play.bot_port, timeout=10)
    with closing(connection):
        connection.request("POST", "/webhooks/generic", body, {"X-Octopod-Signature": f"sha256={signature}"})
        if (status := connection.getresponse().status) != 202:
            raise RuntimeError(f"the webhook was answered {status}")


# --- what looking costs: the follower alone, on repositories of this disk --------------------------------------------


class Counted(GitCache):
    """Knows when every repository was looked at."""

    def __init__(self, folder: Path, count: int) -> None:
        super().__init__(folder)
        self._left, self.done = count, asyncio.Event()

    async def heads(self, project: Project) -> Sequence[Head]:
        found = await super().heads(project)
        self._left -= 1
        if self._left == 0:
            self.done.set()
        return found


async def _costs(folder: Path, rounds: int) -> list[Row]:
    projects = {project.name: project for project in map(_project, _repositories(folder))}
    data = folder / "looking"
    data.mkdir()
    await migrate(database_url(data))
    store = Store(database_url(data))
    wall, processor = [], []
    try:
        service = Service(store, projects, read_keys(Fernet.generate_key().decode()), lambda: datetime.now(UTC))
        for index in range(rounds + 1):  # the first warms up
            found = await _round(service, data / f"git-{index}")
            if index:
                wall.append(found[0])
                processor.append(found[1])
    finally:
        await store.close()
    of_a_core = [seconds / ROUND * 100 for seconds in processor]
    return [
        Row("follow", f"one look at each of {REPOSITORIES} repositories", spread(wall), "s"),
        Row("follow", "processor time of it, git's included", spread(processor), "s"),
        Row("follow", "which is, of one core, all the time", spread(of_a_core), "%"),
    ]


async def _round(service: Service, cache: Path) -> tuple[float, float]:
    """A follower that starts looks at everything. Seconds, and those of the processor."""
    git = Counted(cache, REPOSITORIES)
    start, before = time.perf_counter(), _processor()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(Follower(service, git, nowhere).run())
        await asyncio.wait_for(git.done.wait(), 300)
        running.cancel()
    return time.perf_counter() - start, _processor() - before


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _repositories(folder: Path) -> Sequence[Path]:
    first, others = folder / "repository-0.git", range(1, REPOSITORIES)
    make_repository(first)
    return [first, *(Path(shutil.copytree(first, folder / f"repository-{number}.git")) for number in others)]


def _project(repository: Path) -> Project:
    return Project(
        name=repository.stem,
        repo=str(repository),
        source=Manifests(PurePosixPath("deploy/staging")),
        channel="stagings",
        alerts="stagings-alerts",
        follow=Follow(baseline=False),
    )
