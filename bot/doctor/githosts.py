"""The APIs of git hosts: can each be asked about its repository, with the credentials that octopod.yaml names."""

import asyncio
from collections.abc import Iterable

from bot.doctor.checking import check
from bot.doctor.report import Answer
from bot.domain.project import GitHost, Project
from bot.ports import GitHosts


async def githosts(projects: Iterable[Project], known: GitHosts) -> list[Answer]:
    """One answer per project with credentials for an API."""
    return list(await asyncio.gather(*(_api(one, one.host, known) for one in projects if one.host)))


async def _api(project: Project, host: GitHost, known: GitHosts) -> Answer:
    """Whether it may be written to could be found out only by writing."""

    async def look() -> str:
        api = known.of(project)
        assert api, "it has credentials"
        await api.pull(project.baseline)
        told = f"is told of {', '.join(host.report)}" if host.report else "is told nothing"
        return f"{host.api} can be asked about {host.repository}, and {told}"

    return await check(f"API of {project.name}", look, "See that this machine reaches the host of the repository.")
