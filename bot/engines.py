"""The engine that octopod.yaml asks for, and what goes with it. It is said there, never detected."""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from bot.domain.project import EngineKind, Project
from bot.domain.redaction import secrets_in
from bot.environment import Beside
from bot.ports import Engine
from bot.probe.url import Inside
from bot.projects import Configuration
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

    `answering`: what answers at the hosts of stagings, made of what answers where none does. `pulls`: it runs images;
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


def choose(configuration: Configuration, settings: Settings) -> Chosen:
    if configuration.engine is EngineKind.LOCAL:
        return _local(configuration, settings)
    return _kubernetes(configuration, settings)


def _local(configuration: Configuration, settings: Settings) -> Chosen:
    from bot.local.engine import LocalEngine
    from bot.local.proxy import Proxy

    port = settings.octopod_http_port
    secrets = own_secrets(settings, configuration.projects.values(), os.environ)
    engine = LocalEngine(settings.octopod_data, port, _now, secrets=secrets)
    return Chosen(engine, engine, f"{LOOPBACK}:{port}", lambda gone: Proxy(engine, gone).handle, pulls=False)


def _kubernetes(configuration: Configuration, settings: Settings) -> Chosen:
    """Imported here only: its library takes a second and 40 MB."""
    from bot.kube.connect import Access
    from bot.kube.engine import KubernetesEngine

    copied = {name: project.copy_secrets for name, project in configuration.projects.items()}
    fences = {name: project.fence for name, project in configuration.projects.items()}
    access = Access(settings.kubeconfig, settings.octopod_kube_context)
    secrets = own_secrets(settings, configuration.projects.values(), os.environ)
    engine = KubernetesEngine(access, _now, copied=copied, fences=fences, secrets=secrets)
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


def renderer(configuration: Configuration, settings: Settings, chosen: Chosen) -> SourceRenderer:
    """What makes the objects of this engine's stagings."""
    helm = HelmProgram(settings.octopod_helm, settings.octopod_data / "helm")
    secrets = own_secrets(settings, configuration.projects.values(), os.environ)
    docker = settings.docker_config
    if docker and docker.is_dir():
        docker = next((docker / name for name in FILES if (docker / name).exists()), None)
    return SourceRenderer(HelmRenderer(helm, registry_config=docker, window=chosen.window, secrets=secrets))


def _now() -> datetime:
    return datetime.now(UTC)
