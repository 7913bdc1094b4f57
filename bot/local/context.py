"""What the parts of a release share: the engine's tools, the release's own folders and processes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp

from bot.domain.redaction import Redactor
from bot.keys import Keys
from bot.local.environment import Surroundings
from bot.local.folders import ReleaseFolder
from bot.local.gate import Gate
from bot.local.logs import tail
from bot.local.loopback import FreePorts
from bot.local.pace import Pace
from bot.local.spec import Container, Release, Workload
from bot.local.table import Found, ProcessTable


@dataclass(frozen=True, slots=True)
class Tools:
    """One set per engine. `owner` marks its processes, `path` is their search path, `point` see ProcessTable.

    `secrets`: the bot's own of now, which nobody is to see in an output. `keys`: what is kept is encrypted with them.
    """

    owner: str
    path: str
    pace: Pace
    gate: Gate
    free: FreePorts
    session: aiohttp.ClientSession
    now: Callable[[], datetime]
    point: Callable[[str], None]
    secrets: Callable[[], frozenset[str]] = frozenset
    keys: Keys = field(kw_only=True)

    def redactor(self, *releases: Release) -> Redactor:
        """For the output of these."""
        return Redactor(self.secrets().union(*(release.secrets for release in releases)))


@dataclass(slots=True)
class ReleaseContext:
    """`found`: processes left by an earlier bot, until somebody adopts them. `serving`: people use this release.

    `redactor`: of what they say. `changed` is called whenever anything that can be seen has changed.
    """

    tools: Tools
    folder: ReleaseFolder
    logs: Path
    table: ProcessTable
    around: Surroundings
    changed: Callable[[], None]
    redactor: Redactor
    serving: bool = False
    found: dict[str, Found] = field(default_factory=dict)

    def output(self, key: str) -> Path:
        return self.logs / f"{key}.log"

    def last_lines(self, key: str) -> tuple[str, ...]:
        """What it has said last, as it may be shown."""
        return self.redactor.lines(tail(self.output(key), self.tools.pace.tail_lines))


def key_of(workload: Workload, replica: int, container: Container) -> str:
    """Names one container of a release, in marks and in file names."""
    return f"{workload.kind.lower()}.{workload.name}.{replica}.{container.name}"


def pod_of(workload: Workload, replica: int) -> str:
    return f"{workload.name}-{replica}"
