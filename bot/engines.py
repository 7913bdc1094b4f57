"""The engine that octopod.yaml asks for, and what goes with it. It is said there, never detected."""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from bot.domain.project import EngineKind, Project
from bot.domain.redaction import secrets_in
from bot.environment import Beside
from bot.keys import Keys
from bot.ports import Engine
from bot.probe.url import Inside
from bot.projects import Projects
from bot.registry.credentials import FILES
from bot.render.helm import HelmRenderer, Window
from bot.render.helm_program import HelmProgram
from bot.render.renderer import SourceRenderer
from bot.settings import Settings

LOOPBACK = "127.0.0.1"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """`running`: the engine's life. `probed_at`: what the URL probe dials for every URL, if not the URL's own address.

    `answering`: what answers at the hosts of stagings, made of what answers where none does; `serves`: whether a
    staging is at this host, where stagings are reached through the bot. `pulls`: it runs images;
    `inside`: asks a staging from inside the cluster; `pulled_by`: what a project's stagings pull images by; `window`:
    what charts may see of the cluster; `beside`: what is in a Secret beside the bot, where there are such.
    """

    engine: Engine
    running: AbstractAsyncContextManager[Any]
    probed_at: str | None
    answering: Callable[[Answer], Answer]
    pulls: bool
    inside: Inside | None = None
    pulled_by: Callable[[str], Awaitable[Mapping[str, str]]] | None = None
    serves: Callable[[str], bool] = lambda host: False
    window: Window | None = None
    beside: Beside | None = None


def own_secrets(settings: Settings, projects: Iterable[Project], environ: Mapping[str, str]) -> frozenset[str]:
    """Tokens, keys and the credentials of repositories, which no output is to show."""
    fields = [getattr(settings, name) for name in type(settings).model_fields]
    own = [value.get_secret_value() for value in fields if isinstance(value, SecretStr)]
    lent = [environ.get(one.credentials or "", "") for one in projects]
    # Several keys have commas between them, and a token may have a user before it.
    parts = [part for one in own for part in one.split(",")] + [one.partition(":")[2] for one in lent]
    return frozenset().union(*(secrets_in({"secret": one}) for one in [*own, *lent, *parts]))


class Own:
    """`own_secrets` of the projects as they are now; found anew only when these have changed."""

    def __init__(self, settings: Settings, projects: Projects) -> None:
        self._settings, self._projects = settings, projects
        self._lent: tuple[str | None, ...] | None = None
        self._secrets: frozenset[str] = frozenset()

    def __call__(self) -> frozenset[str]:
        lent = tuple(project.credentials for project in self._projects.values())
        if lent != self._lent:
            self._lent, self._secrets = lent, own_secrets(self._settings, self._projects.values(), os.environ)
        return self._secrets


def choose(kind: EngineKind, projects: Projects, settings: Settings, keys: Keys) -> Chosen:
    """`projects` may change meanwhile."""
    return _local(projects, settings, keys) if kind is EngineKind.LOCAL else _kubernetes(projects, settings)


def _local(projects: Projects, settings: Settings, keys: Keys) -> Chosen:
    from bot.local.engine import LocalEngine
    from bot.local.proxy import Proxy

    port = settings.octopod_http_port
    engine = LocalEngine(settings.octopod_data, port, _now, secrets=Own(settings, projects), keys=keys)
    return Chosen(
        engine,
        engine,
        f"{LOOPBACK}:{port}",
        lambda gone: Proxy(engine, gone).handle,
        pulls=False,
        serves=lambda host: engine.serving(host) is not None,
    )


def encrypt_anew(data: Path, keys: Keys) -> None:
    """What engines keep in the data folder, with the newest key: only the local one keeps anything there."""
    from bot.local.folders import EngineFolder
    from bot.local.record import encrypt_anew as anew

    anew(EngineFolder(data / "local"), keys)


def _kubernetes(projects: Projects, settings: Settings) -> Chosen:
    """Imported here only: its library takes a second and 40 MB."""
    from bot.kube.connect import Access
    from bot.kube.engine import KubernetesEngine

    copied = projects.each(lambda project: project.copy_secrets)
    fences = projects.each(lambda project: project.fence)
    access = Access(settings.kubeconfig, settings.octopod_kube_context)
    engine = KubernetesEngine(access, _now, copied=copied, fences=fences, secrets=Own(settings, projects))
    return Chosen(
        engine,
        engine,
        None,
        lambda gone: gone,
        pulls=True,
        inside=engine.ask,
        pulled_by=engine.pulled_by,
        window=engine.window,
        beside=engine.secret_beside,
    )


def renderer(projects: Projects, settings: Settings, chosen: Chosen) -> SourceRenderer:
    """What makes the objects of this engine's stagings."""
    helm = HelmProgram(settings.octopod_helm, settings.octopod_data / "helm")
    docker = settings.docker_config
    if docker and docker.is_dir():
        docker = next((docker / name for name in FILES if (docker / name).exists()), None)
    return SourceRenderer(
        HelmRenderer(helm, registry_config=docker, window=chosen.window, secrets=Own(settings, projects))
    )


def _now() -> datetime:
    return datetime.now(UTC)
