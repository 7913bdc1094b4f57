"""The registries that images come from: can they be asked, with what the bot has to show."""

import asyncio
from collections.abc import Iterable
from pathlib import PurePosixPath

from bot.doctor.checking import check
from bot.doctor.report import Answer
from bot.domain.errors import PermanentError
from bot.domain.project import Manifests, Project
from bot.ports import RenderFacts
from bot.registry.client import Registries
from bot.registry.names import parse
from bot.render.located import Mistake
from bot.render.references import own_image

# No commit has this id.
NO_COMMIT = "0" * 40
SECONDS = 30.0


async def registries(projects: Iterable[Project], known: Registries) -> list[Answer]:
    """One answer per project with an image."""
    return list(await asyncio.gather(*(_registry(one, known) for one in projects if one.image)))


async def _registry(project: Project, known: Registries) -> Answer:
    async def look() -> str:
        image = _image(project)
        there = await known.has(image, project.name)
        if there:
            return f"it has {image}"
        return f"{parse(image).registry} can be asked. It has no {image}, as is to be expected before it is built"

    step = (
        "See that this machine reaches the registry, and give the bot what it is asked with: a pull secret in "
        "`copy_secrets` of the project, or DOCKER_CONFIG."
    )
    return await check(f"registry of {project.name}", look, step, SECONDS)


def _image(project: Project) -> str:
    """As it would be for a commit that is not there. Raises PermanentError."""
    facts = RenderFacts(
        staging="doctor",
        release="doctor",
        name="doctor",
        project=project.name,
        branch=project.baseline,
        commit=NO_COMMIT,
        namespace="doctor",
        source=Manifests(PurePosixPath(".")),
        hosts={},
        scheme=project.scheme,
        image=project.image,
    )
    try:
        return own_image(facts) or ""
    except Mistake as mistake:
        raise PermanentError(f"image: {mistake}", next_step="Mend `image` in octopod.yaml.") from mistake
