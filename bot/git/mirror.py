"""The bare cache of one project: fetched from its host, read by short git commands, made anew when it is damaged."""

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.project import Project
from bot.git.coalesce import Coalesced
from bot.git.credentials import Environments
from bot.git.failures import fetch_failure, is_corrupt
from bot.ports import Head
from bot.programs import Output, run

HEADS = "refs/heads/"
FULL_ID = re.compile(r"[0-9a-f]{40}")
FETCH = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits are seconds. `fetch`: one fetch, the first being a whole clone. `read`: one look into the cache.
    `apart`: between the beginnings of two fetches.

    `exports`: how many trees are written at once, each within `export` seconds and of at most `tree_bytes` and
    `tree_files`.
    """

    fetch: float = 600.0
    apart: float = 0.15
    read: float = 60.0
    export: float = 120.0
    exports: int = 4
    tree_bytes: int = 1 << 30
    tree_files: int = 100_000


class DamagedError(TemporaryError):
    """The cache can't be read, or a lock was left behind in it."""


class Mirror:
    """`damaged()` lets the next fetch start from nothing."""

    def __init__(self, folder: Path, environments: Environments, limits: Limits) -> None:
        self.folder = folder
        self._environments = environments
        self._limits = limits
        self._wipe_first = False
        self._project: Project | None = None
        # Nothing leaves the cache but by a fetch, which may collect garbage, or by a wipe, which a fetch follows.
        self._here: frozenset[str] = frozenset()
        self._fetched = Coalesced(self._fetch, limits.apart)

    async def heads(self, project: Project) -> list[Head]:
        """Every branch, the most recently committed first, as of a fetch that began after this call."""
        self._project = project
        return await self._fetched()

    def damaged(self) -> None:
        self._wipe_first, self._here = True, frozenset()

    async def ensure(self, project: Project, commit: str) -> None:
        """Have the commit here, even if no branch holds it any more. Raises PermanentError when nobody has it."""
        if FULL_ID.fullmatch(commit) is None:
            raise PermanentError(f"“{commit[:100]}” is no commit id.")
        if await self.has(commit):
            return
        await self.heads(project)
        if not await self.has(commit):
            await self._fetch_commit(project, commit)

    async def has(self, commit: str) -> bool:
        """Whether it is here. Its host is not asked."""
        return commit in self._here or (await self._local("cat-file", "-e", commit + "^{commit}")).code == 0

    async def read(self, *arguments: str) -> Output:
        """One look into the cache, whatever its exit code. Raises DamagedError."""
        output = await self._local(*arguments)
        if output.code and is_corrupt(output.error):
            raise DamagedError(
                f"The bot's copy of the repository is damaged and has to be made anew ({self.folder.name})."
            )
        return output

    def command(self, *arguments: str) -> list[str]:
        return ["git", f"--git-dir={self.folder}", *arguments]

    async def _fetch(self) -> list[Head]:
        assert self._project is not None
        project, self._here = self._project, frozenset()
        try:
            if self._wipe_first:
                await self._wipe()
            return await self._fetch_once(project)
        except DamagedError:
            await self._wipe()
            return await self._fetch_once(project)
        except OSError as error:
            raise TemporaryError(f"The bot's git folder can't be written: {error.strerror or error}") from error

    async def _fetch_once(self, project: Project) -> list[Head]:
        await self._make()
        await self._from_host(project, "--prune", "--", project.repo, f"+{HEADS}*:{HEADS}*")
        heads = await self._list()
        self._here = frozenset(head.commit for head in heads)
        return heads

    async def _make(self) -> None:
        await asyncio.to_thread(self._environments.prepare)
        if not (self.folder / "HEAD").exists():
            made = await self._local("init", "--quiet", "--bare", "--template=")
            if made.code:
                raise TemporaryError(f"The bot's copy of the repository can't be made: {made.error.strip()}")

    async def _from_host(self, project: Project, *arguments: str) -> None:
        environ, remote = self._environments.remote(project)
        try:
            output = await run(self.command(*FETCH, *arguments), environ, self._limits.fetch)
        except TimeoutError as error:
            text = f"Can't reach {remote.shown}: it did not finish answering within {self._limits.fetch:g} s"
            raise TemporaryError(text) from error
        if output.code == 0:
            return
        if is_corrupt(output.error):
            raise DamagedError(f"The bot's copy of {remote.shown} is damaged and has to be made anew.")
        raise fetch_failure(output.error, remote)

    async def _fetch_commit(self, project: Project, commit: str) -> None:
        """Hosts keep commits that no branch holds for a while, and give them to those who know their id."""
        try:
            await self._from_host(project, "--", project.repo, commit)
        except TemporaryError as error:
            if "not our ref" in error.text or "unadvertised object" in error.text:
                text = f"The commit {commit[:10]} is no longer in the repository: its branch was deleted or rewritten."
                raise PermanentError(text, next_step="Deploy the branch again.") from error
            raise

    async def _list(self) -> list[Head]:
        """Branches whose names are not UTF-8 are left out: nobody can say them in a chat."""
        output = await self.read("for-each-ref", "--sort=-committerdate", "--format=%(objectname) %(refname)", HEADS)
        if output.code:
            raise TemporaryError(f"The branches can't be listed: {output.error.strip()}")
        return [head for line in output.out.split(b"\n") if (head := _head(line))]

    async def _local(self, *arguments: str) -> Output:
        try:
            return await run(self.command(*arguments), self._environments.local(), self._limits.read)
        except TimeoutError as error:
            text = f"Git did not answer within {self._limits.read:g} s; the machine may be busy."
            raise TemporaryError(text) from error

    async def _wipe(self) -> None:
        """Out of the way at once; those that read meanwhile keep what they have opened."""
        self._wipe_first = False
        if not self.folder.exists():
            return
        aside = self.folder.with_name(f"{self.folder.name}.{uuid4().hex}.old")
        self.folder.rename(aside)
        await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)


def _head(line: bytes) -> Head | None:
    commit, _, name = line.partition(b" ")
    try:
        return Head(name.decode().removeprefix(HEADS), commit.decode()) if name else None
    except UnicodeDecodeError:
        return None
