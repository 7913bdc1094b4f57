"""The ports under which a release's services can be reached: the same as long as it lives, on record on disk."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.domain.errors import TemporaryError
from bot.local.environment import service_variables
from bot.local.folders import ReleaseFolder, read_json, write_json
from bot.local.forwarder import Forwarder
from bot.local.loopback import FreePorts
from bot.local.spec import Release, Service

log = logging.getLogger(__name__)

TRIES = 5


@dataclass(slots=True)
class ServicePorts:
    """`backends`: the ports of the ready replicas behind a service's port."""

    spec: Release
    folder: ReleaseFolder
    free: FreePorts
    backends: Callable[[Service, int], list[int]]
    _ports: dict[str, int] = field(default_factory=dict)
    _forwarders: list[Forwarder] = field(default_factory=list)

    async def open(self) -> bool:
        """Whether all ports are the ones that processes of an earlier bot were told."""
        file = self.folder.root / "services.json"
        before: Mapping[str, int] = read_json(file) or {}
        for service, port in self.spec.service_ports():
            name = _name(service, port.number)
            self._ports[name] = await self._open(service, port.number, before.get(name))
        if self._ports != before:
            write_json(file, self._ports)
        return self._ports == before

    async def close(self) -> None:
        await asyncio.gather(*(forwarder.close() for forwarder in self._forwarders))
        for port in self._ports.values():
            self.free.give_back(port)

    def variables(self) -> dict[str, str]:
        variables: dict[str, str] = {}
        for service in self.spec.services:
            ports = [self._ports[_name(service, port.number)] for port in service.ports]
            named = {port.name: number for port, number in zip(service.ports, ports, strict=True)}
            variables |= service_variables(service.name, ports[0], named)
        return variables

    async def _open(self, service: Service, number: int, before: int | None) -> int:
        forwarder = Forwarder(lambda: self.backends(service, number))
        self._forwarders.append(forwarder)
        if before is not None and await _opens(forwarder, before):
            self.free.hold(before)
            return before
        for _ in range(TRIES):
            port = self.free.take()
            if await _opens(forwarder, port):
                return port
        raise TemporaryError(f"The local engine finds no free port for the Service {service.name}.")


async def _opens(forwarder: Forwarder, port: int) -> bool:
    try:
        await forwarder.open(port)
    except OSError:
        log.info("port %s is taken by somebody else", port)
        return False
    return True


def _name(service: Service, port: int) -> str:
    return f"{service.name}:{port}"
