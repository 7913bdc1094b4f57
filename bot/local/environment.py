"""What a container's process is started with: its command, its variables, its folder. Pure.

Nothing comes from the bot's own environment, which holds tokens, except the search path that was handed in.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.local.spec import Container, Source, Variable

REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")
INTERPRETERS = ("python", "python3")


@dataclass(frozen=True, slots=True)
class Launch:
    argv: tuple[str, ...]
    env: Mapping[str, str]
    folder: Path


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all processes of a release find: its files, the staging's own folders, the services' addresses."""

    tree: Path
    home: Path
    scratch: Path
    volumes: Path
    services: Mapping[str, str]
    path: str


def launch(container: Container, pod: str, ports: Mapping[int, int], around: Surroundings) -> Launch:
    """`ports`: containerPort to the free port that stands for it this time."""
    fixed = {**_ports(container, ports), **_volumes(container, around)}
    known = {**_base(around), **around.services}
    for variable in container.variables:
        known[variable.name] = _value(variable, pod, {**known, **fixed})
    env = {**known, **fixed}
    argv = [expand(word, env) for word in container.command]
    if argv[0] in INTERPRETERS:
        argv[0] = sys.executable
    return Launch(tuple(argv), env, around.tree / container.folder)


def expand(text: str, env: Mapping[str, str]) -> str:
    """`$(NAME)` as Kubernetes does it: unknown names stay as they are, `$$` is one dollar sign."""
    return REFERENCE.sub(lambda found: "$" if found[1] is None else env.get(found[1], found[0]), text)


def service_variables(service: str, port: int, named: Mapping[str, int]) -> dict[str, str]:
    """Where a service can be reached, under the names that Kubernetes uses."""
    prefix = _upper(service)
    return {
        f"{prefix}_SERVICE_HOST": "127.0.0.1",
        f"{prefix}_SERVICE_PORT": str(port),
        **{f"{prefix}_SERVICE_PORT_{_upper(name)}": str(number) for name, number in named.items() if name},
    }


def _value(variable: Variable, pod: str, env: Mapping[str, str]) -> str:
    match variable.source:
        case Source.LITERAL:
            return variable.value
        case Source.EXPANDED:
            return expand(variable.value, env)
        case Source.POD_NAME:
            return pod


def _base(around: Surroundings) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{around.path}",
        "HOME": str(around.home),
        "TMPDIR": str(around.scratch),
        "LANG": "C.UTF-8",
        # Output goes to a file: without this the last words of a Python process come late or never.
        "PYTHONUNBUFFERED": "1",
    }


def _ports(container: Container, ports: Mapping[int, int]) -> dict[str, str]:
    named = {f"PORT_{_upper(port.name)}": str(ports[port.number]) for port in container.ports if port.name}
    first = {"PORT": str(ports[container.ports[0].number])} if container.ports else {}
    return {**named, **first}


def _volumes(container: Container, around: Surroundings) -> dict[str, str]:
    return {f"OCTOPOD_VOLUME_{_upper(claim)}": str(around.volumes / claim) for claim in container.claims}


def _upper(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
