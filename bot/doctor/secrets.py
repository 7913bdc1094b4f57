"""The places of secret values that octopod.yaml names: is each of them there. Values are read, and never told."""

from collections.abc import Iterable, Sequence

from bot.doctor.checking import check
from bot.doctor.report import Answer
from bot.domain.errors import PermanentError
from bot.domain.project import Project, SecretPlace
from bot.ports import Secrets

STEP = "Put it there, or change `secrets:` in octopod.yaml."
ALL_STEP = "Releases that use them fail until they are there."


async def secrets(projects: Iterable[Project], places: Secrets) -> list[Answer]:
    """An answer per project that has any, and one for each value that is not at its place."""
    return [answer for one in projects if placed(one) for answer in await _project(one, places)]


def placed(project: Project) -> Sequence[tuple[str, SecretPlace]]:
    """What each is called for people, and where it is: those of the project, then of its profiles."""
    own = [(f"secret {key} of {project.name}", place) for key, place in project.secrets.items()]
    return own + [
        (f"secret {key} of {project.name}, profile {name}", place)
        for name, profile in project.profiles.items()
        for key, place in profile.secrets.items()
    ]


async def _project(project: Project, places: Secrets) -> list[Answer]:
    known, missing = placed(project), list[Answer]()

    async def look() -> str:
        for what, place in known:
            try:
                await places.read(place)
            except PermanentError as error:
                missing.append(Answer(what, False, error.text, STEP))
        if missing:
            raise PermanentError(f"{len(missing)} of {len(known)} missing", next_step=ALL_STEP)
        return "it is there" if len(known) == 1 else f"all {len(known)} are there"

    return [await check(f"secrets of {project.name}", look), *missing]
