"""The engine that octopod.yaml asks for, and what goes with it. It is said there, never detected."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.domain.project import EngineKind
from bot.ports import Engine
from bot.settings import Settings

LOOPBACK = "127.0.0.1"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """`running`: the engine's life. `probed_at`: what the URL probe dials for every URL, if not the URL's own address.

    `answering`: what answers at the hosts of stagings, made of what answers where none does.
    """

    engine: Engine
    running: AbstractAsyncContextManager[Any]
    probed_at: str | None
    answering: Callable[[Answer], Answer]


def choose(kind: EngineKind, settings: Settings) -> Chosen:
    return _local(settings) if kind is EngineKind.LOCAL else _kubernetes(settings)


def _local(settings: Settings) -> Chosen:
    from bot.local.engine import LocalEngine
    from bot.local.proxy import Proxy

    port = settings.octopod_http_port
    engine = LocalEngine(settings.octopod_data, port, _now)
    return Chosen(engine, engine, f"{LOOPBACK}:{port}", lambda gone: Proxy(engine, gone).handle)


def _kubernetes(settings: Settings) -> Chosen:
    """Imported here only: its library takes a second and 40 MB."""
    from bot.kube.connect import Access
    from bot.kube.engine import KubernetesEngine

    engine = KubernetesEngine(Access(settings.kubeconfig, settings.octopod_kube_context), _now)
    return Chosen(engine, engine, None, lambda gone: gone)


def _now() -> datetime:
    return datetime.now(UTC)
