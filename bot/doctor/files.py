"""What lies on this machine and at the git hosts: the data folder, and every project's repository."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.doctor.checking import check
from bot.doctor.report import Answer, unseen
from bot.domain.errors import PermanentError
from bot.domain.project import Project
from bot.git.repository import GitCache
from bot.keys import make_data_folder
from bot.render.helm_program import GET_IT, HelmProgram

FOLDER, GIT, HELM = "data folder", "git", "helm"
GIB = 1 << 30
# Repositories are cloned into it, and trees are unpacked there.
ENOUGH = 1 * GIB
REPOSITORY_SECONDS = 30.0


async def data_folder(folder: Path) -> Answer:
    async def look() -> str:
        await asyncio.to_thread(make_data_folder, folder)
        free = shutil.disk_usage(folder).free
        if free < ENOUGH:
            text = f"{folder} has only {free / GIB:.1f} GiB left"
            raise PermanentError(text, next_step="Make room, or let OCTOPOD_DATA name a folder with 1 GiB or more.")
        return f"{folder} can be written to and has {free / GIB:.1f} GiB left"

    return await check(FOLDER, look, "Give it to the user that the bot runs as, or set OCTOPOD_DATA.")


async def helm(program: str) -> Answer:
    """In a folder of its own: the bot may be rendering at this moment."""

    async def look() -> str:
        with tempfile.TemporaryDirectory() as folder:
            return f"version {await HelmProgram(program, Path(folder)).version()}"

    return await check(HELM, look, GET_IT)


async def repositories(folder: Path, projects: Iterable[Project], environ: Mapping[str, str]) -> list[Answer]:
    """`folder`: the bot's own for git, where known hosts and key files are. Nothing is cloned."""
    cache = GitCache(folder, environ)

    async def version() -> str:
        return f"version {await cache.check()}"

    git = await check(GIT, version)
    names = [(project, f"repository of {project.name}") for project in projects]
    if not git.well:
        return [git, *(unseen(name, GIT) for _, name in names)]
    return [git, *await asyncio.gather(*(_repository(cache, project, name) for project, name in names))]


async def _repository(cache: GitCache, project: Project, name: str) -> Answer:
    async def look() -> str:
        found = await cache.heads(project)
        return f"can be read, {len(found)} {'branch' if len(found) == 1 else 'branches'}"

    return await check(name, look, "See that this machine reaches the git host.", REPOSITORY_SECONDS)
