"""The doctor's rounds: everything that can be looked at, side by side, whatever of it is not well."""

import asyncio
import os
from collections.abc import Awaitable, Mapping
from pathlib import Path

import aiohttp

from bot.doctor.files import FOLDER, GIT, data_folder, helm, repositories
from bot.doctor.hosts import Network, hosts
from bot.doctor.registries import registries
from bot.doctor.report import Answer, unseen
from bot.doctor.secrets import placed, secrets
from bot.doctor.slack import CHANNELS, slack
from bot.domain.errors import ConfigError
from bot.domain.project import EngineKind, Helm, Project
from bot.environment import Places
from bot.projects import Configuration, load_projects
from bot.registry.client import Registries
from bot.settings import Settings, load_settings

SETTINGS, FILE, SLACK, HOSTS, SECRETS = "settings", "octopod.yaml", "Slack", "hosts", "secrets"


async def examine(environ: Mapping[str, str] = os.environ, network: Network | None = None) -> list[Answer]:
    """`environ`: the bot's settings, and the credentials that octopod.yaml names."""
    settings, told = _settings(environ)
    path = settings.octopod_config if settings else Path(environ.get("OCTOPOD_CONFIG") or "octopod.yaml")
    configuration, said = _configuration(path)
    groups: list[Awaitable[list[Answer]]] = [
        _slack(settings, configuration),
        _cluster(settings, configuration),
        _registries(settings, configuration),
        _secrets(settings, configuration, environ),
        _hosts(configuration, network),
        _files(settings, configuration, environ),
    ]
    found = await asyncio.gather(*groups)
    return [*told, *said, *(answer for answers in found for answer in answers)]


def _settings(environ: Mapping[str, str]) -> tuple[Settings | None, list[Answer]]:
    try:
        return load_settings(environ), [Answer(SETTINGS, True, "all can be read")]
    except ConfigError as error:
        step = "Set it right in the environment or in .env; .env.example explains each."
        return None, [Answer(SETTINGS, False, mistake, step) for mistake in error.mistakes]


def _configuration(path: Path) -> tuple[Configuration | None, list[Answer]]:
    try:
        found = load_projects(path)
    except ConfigError as error:
        return None, [Answer(FILE, False, mistake, "See docs/configuration.md.") for mistake in error.mistakes]
    return found, [Answer(FILE, True, f"engine {found.engine}, projects {', '.join(found.projects)}")]


async def _slack(settings: Settings | None, configuration: Configuration | None) -> list[Answer]:
    if settings is None:
        return [unseen(SLACK, SETTINGS)]
    projects = configuration.projects.values() if configuration else ()
    channels = list(dict.fromkeys(name for one in projects for name in (one.channel, one.alerts)))
    return [*await slack(settings, channels), *([] if configuration else [unseen(CHANNELS, FILE)])]


async def _cluster(settings: Settings | None, configuration: Configuration | None) -> list[Answer]:
    if configuration is None or configuration.engine is not EngineKind.KUBERNETES:
        return []
    # Its library takes a second and 40 MB.
    from bot.doctor.cluster import REACHED, cluster
    from bot.kube.connect import Access

    if settings is None:
        return [unseen(REACHED, SETTINGS)]
    reads = any(_reads_secrets(project) for project in configuration.projects.values())
    kinds = [kind for project in configuration.projects.values() for kind in project.kinds]
    return await cluster(Access(settings.kubeconfig, settings.octopod_kube_context), reads, kinds)


def _reads_secrets(project: Project) -> bool:
    """Those beside the bot: to copy them, or for the values in them."""
    return bool(project.copy_secrets) or any(place.secret for _, place in placed(project))


async def _registries(settings: Settings | None, configuration: Configuration | None) -> list[Answer]:
    if configuration is None or configuration.engine is not EngineKind.KUBERNETES:
        return []
    with_image = [one for one in configuration.projects.values() if one.image]
    if settings is None:
        return [unseen(f"registry of {one.name}", SETTINGS) for one in with_image]
    from bot.doctor.cluster import pulled_by
    from bot.kube.connect import Access

    access = Access(settings.kubeconfig, settings.octopod_kube_context)
    copied = {one.name: one.copy_secrets for one in with_image}
    async with aiohttp.ClientSession() as session:
        known = Registries(session, settings.docker_config, lambda project: pulled_by(access, copied[project]))
        return await registries(with_image, known)


async def _secrets(
    settings: Settings | None, configuration: Configuration | None, environ: Mapping[str, str]
) -> list[Answer]:
    if configuration is None:
        return []
    if configuration.engine is not EngineKind.KUBERNETES:
        return await secrets(configuration.projects.values(), Places(environ, None))
    if settings is None:
        return [unseen(SECRETS, SETTINGS)]
    from bot.doctor.cluster import beside
    from bot.kube.connect import Access

    access = Access(settings.kubeconfig, settings.octopod_kube_context)
    return await secrets(configuration.projects.values(), Places(environ, lambda name: beside(access, name)))


async def _hosts(configuration: Configuration | None, network: Network | None) -> list[Answer]:
    """The local engine's hosts are found by browsers, and answered by the bot itself."""
    if configuration is None:
        return [unseen(HOSTS, FILE)]
    if configuration.engine is EngineKind.LOCAL:
        return []
    return await hosts(configuration.projects.values(), network or Network())


async def _files(
    settings: Settings | None, configuration: Configuration | None, environ: Mapping[str, str]
) -> list[Answer]:
    if settings is None:
        return [unseen(name, SETTINGS) for name in (FOLDER, GIT)]
    folder = await data_folder(settings.octopod_data)
    if not folder.well:
        return [folder, unseen(GIT, FOLDER)]
    projects = configuration.projects.values() if configuration else ()
    answers = await repositories(settings.octopod_data / "git", projects, environ)
    if any(isinstance(one.source, Helm) for one in projects):
        answers.append(await helm(settings.octopod_helm))
    return [folder, *answers, *([] if configuration else [unseen("repositories", FILE)])]
