"""What a release's objects mean to the local engine: plain values, complete and free of mistakes. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from bot.domain.hooks import MAIN, Rank


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port as the manifest has it; the process gets a free one in its place."""

    number: int
    name: str = ""


class Source(Enum):
    """How a variable's value comes about: as it is, after `$(NAME)` expansion, or it is the pod's name."""

    LITERAL = "literal"
    EXPANDED = "expanded"
    POD_NAME = "pod name"


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    value: str = ""
    source: Source = Source.LITERAL


@dataclass(frozen=True, slots=True)
class HttpCheck:
    """`port`: the containerPort's number."""

    path: str
    port: int
    headers: tuple[tuple[str, str], ...] = ()
    scheme: str = "http"


@dataclass(frozen=True, slots=True)
class TcpCheck:
    port: int


@dataclass(frozen=True, slots=True)
class ExecCheck:
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """Seconds and counts as Kubernetes means them."""

    check: HttpCheck | TcpCheck | ExecCheck
    delay: float = 0
    period: float = 10
    timeout: float = 1
    failures: int = 3
    successes: int = 1


@dataclass(frozen=True, slots=True)
class Container:
    """`command` with its arguments, not expanded yet. `claims`: names of the claims that it mounts."""

    name: str
    command: tuple[str, ...]
    variables: tuple[Variable, ...] = ()
    folder: str = "."
    ports: tuple[ContainerPort, ...] = ()
    claims: tuple[str, ...] = ()
    readiness: Probe | None = None
    liveness: Probe | None = None
    startup: Probe | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment or a Job. Seconds: `grace` to stop, `deadline` to become ready, `limit` for a Job to run.

    `rank`: when it is started; hooks are Jobs that are started before all others, or when those are ready.
    """

    kind: str
    name: str
    containers: tuple[Container, ...]
    init: tuple[Container, ...] = ()
    labels: Mapping[str, str] | None = None
    replicas: int = 1
    grace: float = 30
    deadline: float = 600
    backoff_limit: int = 6
    limit: float | None = None
    rank: Rank = MAIN

    @property
    def is_job(self) -> bool:
        return self.kind == "Job"


@dataclass(frozen=True, slots=True)
class ServicePort:
    """`target`: a containerPort by number or by name."""

    number: int
    target: int | str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    selector: Mapping[str, str]
    ports: tuple[ServicePort, ...]

    def selects(self, workload: Workload) -> bool:
        labels = workload.labels or {}
        return not workload.is_job and all(labels.get(key) == value for key, value in self.selector.items())


@dataclass(frozen=True, slots=True)
class Route:
    """Requests to `host` whose path is `path` or, unless `exact`, lies below it go to a port of a service."""

    host: str
    path: str
    exact: bool
    service: str
    port: int

    def matches(self, path: str) -> bool:
        if self.exact:
            return path == self.path
        base = self.path.rstrip("/")
        return path == base or path.startswith(base + "/")


@dataclass(frozen=True, slots=True)
class Release:
    """Everything that a release asks for. Routes: the most specific first. `secrets`: not to be shown of its output."""

    workloads: tuple[Workload, ...] = ()
    services: tuple[Service, ...] = ()
    routes: tuple[Route, ...] = ()
    secrets: frozenset[str] = frozenset()

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(route.host for route in self.routes)

    def service_ports(self) -> Iterator[tuple[Service, ServicePort]]:
        for service in self.services:
            for port in service.ports:
                yield service, port


def target_number(container: Container, target: int | str) -> int | None:
    """The containerPort that a Service's or a probe's port means in this container, or None."""
    for port in container.ports:
        if target in (port.number, port.name or None):
            return port.number
    return None
