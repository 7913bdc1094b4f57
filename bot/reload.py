"""A running bot follows octopod.yaml: a changed file counts from now on, a wrong one is told and does not count.

Looked at by its content, as a ConfigMap's file changes by a link, and editors replace files.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import structlog

from bot.domain.errors import ConfigError
from bot.domain.project import EngineKind, Project
from bot.projects import Configuration, Projects, load_projects
from bot.projects.load import MOST_BYTES
from bot.projects.sources import templates

log = structlog.get_logger()
EVERY = 1.0


async def _nothing() -> None:
    """Nobody waits for it."""


class Reload:
    """`path`: the file that `projects` came from; `engine`: what it said of it. `taken`: awaited when a file counts."""

    def __init__(
        self,
        path: Path,
        engine: EngineKind,
        projects: Projects,
        every: float = EVERY,
        taken: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        self._path, self._engine, self._projects, self._every = path, engine, projects, every
        self._follow_up = taken
        # What was read at the start may have changed since then, so the first look is like any other.
        self._taken: object = None
        self._seen: object = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            await self.look()

    async def look(self) -> None:
        """A file that has changed counts when it is the same at the next look: it may be half written."""
        before, self._seen = self._seen, await asyncio.to_thread(_look, self._path)
        if self._seen != before or self._seen == self._taken:
            return
        self._taken = self._seen
        try:
            configuration = await asyncio.to_thread(load_projects, self._path)
            self._require_same_engine(configuration)
        except ConfigError as error:
            self._refuse(error.mistakes)
        except Exception:
            log.exception("octopod.yaml could not be read; the projects are as before")
            self._refuse([f"{self._path.name} could not be read. The log says more."])
        else:
            self._take(configuration.projects)
            await self._tell()

    async def _tell(self) -> None:
        try:
            await self._follow_up()
        except Exception:
            log.exception("octopod.yaml counts, but what follows from that could not be done")

    def _require_same_engine(self, configuration: Configuration) -> None:
        if configuration.engine is not self._engine:
            raise ConfigError(
                [
                    f"{self._path.name}: engine: is {configuration.engine} now, but this bot runs stagings on "
                    f"{self._engine}. Restart it, and mind that the stagings there are then no longer looked after."
                ]
            )

    def _refuse(self, mistakes: Sequence[str]) -> None:
        self._projects.refused = tuple(mistakes)
        log.error("octopod.yaml has changed and is wrong; the projects are as before", mistakes=list(mistakes))

    def _take(self, projects: Mapping[str, Project]) -> None:
        before, refused = dict(self._projects), self._projects.refused
        self._projects.replace(projects)
        if before == projects and not refused:
            return
        log.info(
            "octopod.yaml has changed and is taken",
            added=[name for name in projects if name not in before],
            changed=[name for name, one in projects.items() if name in before and one != before[name]],
            removed=[name for name in before if name not in projects],
        )


def _look(path: Path) -> object:
    """What tells one state of the file from another; templates beside it are part of what is checked."""
    try:
        with path.open("rb") as file:
            content = hashlib.sha256(file.read(MOST_BYTES + 1)).digest()
    except OSError as error:
        return error.errno
    return content, tuple(templates(path.parent).values())
