"""The live processes of one release, each under its key, each on record on disk."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.local import marks, processes
from bot.local.environment import Launch
from bot.local.folders import ReleaseFolder, read_json, write_json
from bot.local.identity import Identity
from bot.local.loopback import FreePorts
from bot.local.processes import Process

Ports = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A process that an earlier bot has left running. `ports`: containerPort to the one it really has."""

    identity: Identity
    ports: Ports


@dataclass(slots=True)
class ProcessTable:
    """`owner`, `staging`, `release`: for the marks. `point` names the place a crash test may stop at."""

    owner: str
    staging: str
    release: str
    folder: ReleaseFolder
    free: FreePorts
    point: Callable[[str], None]
    live: dict[str, Process] = field(default_factory=dict)

    def start(self, key: str, launch: Launch, ports: Ports, output: Path | None) -> Process:
        """Raises OSError. The process is marked from its first instant, see marks.py."""
        marked = {**launch.env, **marks.mark(self.owner, self.staging, self.release, key, ports)}
        process = processes.start(replace(launch, env=marked), output)
        self.live[key] = process
        self.point("local.started")
        write_json(self.folder.record(key), _to_record(process.identity, ports))
        return process

    def adopt(self, key: str, found: Found) -> Process | None:
        """None if it has ended meanwhile."""
        process = processes.adopt(found.identity)
        if process is None:
            self.forget(key)
            return None
        self.live[key] = process
        for port in found.ports.values():
            self.free.hold(port)
        write_json(self.folder.record(key), _to_record(process.identity, found.ports))
        return process

    def forget(self, key: str) -> None:
        """It has ended."""
        self.live.pop(key, None)
        self.folder.record(key).unlink(missing_ok=True)

    async def end(self, key: str, grace: float) -> None:
        process = self.live.get(key)
        if process is not None:
            await process.end(grace)
            self.forget(key)

    async def end_all(self, grace: float) -> None:
        await asyncio.gather(*(self.end(key, grace) for key in list(self.live)))


def recorded(folder: ReleaseFolder) -> dict[str, Found]:
    """What the records on disk say is running."""
    found = {}
    for path in (folder.root / "processes").glob("*.json"):
        record = read_json(path)
        if record is not None:
            ports = {int(number): int(port) for number, port in record["ports"].items()}
            found[path.stem] = Found(Identity(record["pid"], record["started"]), ports)
    return found


def _to_record(identity: Identity, ports: Ports) -> dict[str, object]:
    return {"pid": identity.pid, "started": identity.started, "ports": {str(key): port for key, port in ports.items()}}
