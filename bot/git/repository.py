"""Git as the worker needs it: branches and commits by what people call them, and the files of a commit."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from bot.domain.errors import ConfigError, PermanentError, TemporaryError, UserError
from bot.domain.evidence import Range
from bot.domain.project import Project
from bot.git import history
from bot.git.choose import COMMIT_ID, by_name, by_part, short, unknown
from bot.git.credentials import Environments
from bot.git.export import export
from bot.git.failures import fetch_failure
from bot.git.listing import listing, refs
from bot.git.mirror import HEADS, DamagedError, Limits, Mirror
from bot.ports import Commit, Head, Lineage, Span
from bot.programs import run

T = TypeVar("T")

COMMITS_KEPT = 1000
OLDEST_GIT = (2, 32)  # the first to know GIT_CONFIG_GLOBAL


class GitCache:
    """One bare mirror per project in `folder`. Credentials come from `environ`, by the names that projects give."""

    def __init__(self, folder: Path, environ: Mapping[str, str] = os.environ, limits: Limits | None = None) -> None:
        self._folder = folder.absolute()
        self._environments = Environments(self._folder, environ)
        self._limits = limits or Limits()
        self._mirrors: dict[str, Mirror] = {}
        self._commits: dict[tuple[str, str], Commit] = {}
        self._exports = asyncio.Semaphore(self._limits.exports)

    async def check(self) -> str:
        """Git's version. Raises ConfigError when it is missing or too old."""
        try:
            output = await run(["git", "--version"], self._environments.local(), self._limits.read)
        except (PermanentError, TimeoutError) as error:
            raise ConfigError(["git is not installed, or does not answer: install git 2.32 or newer"]) from error
        version = output.out.decode(errors="replace").strip().removeprefix("git version ")
        numbers = re.match(r"(\d+)\.(\d+)", version)
        if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST_GIT:
            raise ConfigError([f"git {version} is too old: install git 2.32 or newer"])
        return version

    async def resolve(self, project: Project, name: str) -> Head:
        """The head that `name` means: a branch, else a commit id, else a unique part of a branch's name."""
        name = name.strip()
        if not name:
            raise UserError("Say which branch.")
        mirror = self._mirror(project)
        heads = await mirror.heads(project)
        if found := by_name(heads, name):
            return found
        if COMMIT_ID.fullmatch(name) and (found := await self._by_commit(mirror, project, heads, name.lower())):
            return found
        if found := by_part(heads, name):
            return found
        raise unknown(heads, name)

    async def heads(self, project: Project) -> Sequence[Head]:
        return listing(await self._asked(project, "--heads", "--", project.repo), project)

    async def refs(self, project: Project, names: Sequence[str]) -> Mapping[str, str]:
        found = refs(await self._asked(project, "--", project.repo, *names), project) if names else {}
        return {name: found[name] for name in names if name in found}  # git takes names for ends of others

    async def _asked(self, project: Project, *arguments: str) -> bytes:
        try:
            await asyncio.to_thread(self._environments.prepare)
            environ, remote = self._environments.remote(project)
            output = await run(["git", "ls-remote", *arguments], environ, self._limits.read)
        except TimeoutError as error:
            text = f"Can't reach {remote.shown}: it did not finish answering within {self._limits.read:g} s"
            raise TemporaryError(text) from error
        except OSError as error:
            raise TemporaryError(f"The bot's git folder can't be written: {error.strerror or error}") from error
        if output.code:
            raise fetch_failure(output.error, remote)
        return output.out

    async def commit(self, project: Project, commit: str) -> Commit:
        """Its facts never change, so git is asked once."""
        key = (project.name, commit)
        if key not in self._commits:
            mirror = self._mirror(project)
            found = await self._healed(mirror, lambda: history.commit(mirror, project, commit))
            while len(self._commits) >= COMMITS_KEPT:
                del self._commits[next(iter(self._commits))]
            self._commits[key] = found
        return self._commits[key]

    async def between(self, project: Project, old: str, new: str) -> Span:
        mirror = self._mirror(project)
        return await self._healed(mirror, lambda: history.between(mirror, project, old, new))

    async def merged(self, project: Project, commit: str, into: str) -> bool:
        mirror = self._mirror(project)
        return await self._healed(mirror, lambda: history.merged(mirror, project, commit, into))

    async def lineage(self, project: Project, commit: str) -> Lineage:
        mirror = self._mirror(project)
        return await self._healed(mirror, lambda: history.lineage(mirror, project, commit))

    async def range(self, project: Project, old: str, new: str, without: Sequence[str] = ()) -> Range:
        mirror = self._mirror(project)
        return await self._healed(mirror, lambda: history.commits(mirror, project, old, new, without))

    async def export(self, project: Project, commit: str, folder: Path) -> None:
        mirror = self._mirror(project)

        async def write() -> None:
            await mirror.ensure(project, commit)
            async with self._exports:
                command = mirror.command("archive", "--format=tar", commit)
                await export(command, self._environments.local(), folder, self._limits)

        await self._healed(mirror, write)

    async def _healed(self, mirror: Mirror, work: Callable[[], Awaitable[T]]) -> T:
        """What the work gives; if it finds the cache damaged, once more on a new one."""
        try:
            return await work()
        except DamagedError:
            mirror.damaged()
            return await work()

    async def _by_commit(self, mirror: Mirror, project: Project, heads: Sequence[Head], name: str) -> Head | None:
        """The commit, and of the branches that hold it the likeliest: it is its head, the baseline, the newest."""
        found = await mirror.read("rev-parse", "--verify", name + "^{commit}")
        if "is ambiguous" in found.error:
            raise UserError(f"Several commits begin with “{name}”. Give more of its digits.")
        if found.code:
            return None
        commit = found.out.decode().strip()
        tips = {head.branch: head.commit for head in heads}
        holders = await mirror.read(
            "for-each-ref", "--sort=-committerdate", f"--contains={commit}", "--format=%(refname)", HEADS
        )
        names = [line.removeprefix(HEADS) for line in holders.out.decode(errors="ignore").split("\n") if line]
        names.sort(key=lambda branch: (tips.get(branch) != commit, branch != project.baseline))
        if not names:
            raise UserError(f"The commit “{short(name)}” is on no branch: its branch was deleted or rewritten.")
        return Head(names[0], commit, tips.get(names[0], ""))

    def _mirror(self, project: Project) -> Mirror:
        if project.name not in self._mirrors:
            folder = self._folder / (quote(project.name, safe="") + ".git")
            self._mirrors[project.name] = Mirror(folder, self._environments, self._limits)
        return self._mirrors[project.name]
