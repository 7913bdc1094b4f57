"""How one workload is doing, and what everything that runs a workload can be asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.status import Sign, WorkloadState, WorkloadStatus
from bot.local.spec import Workload


@dataclass(frozen=True, slots=True)
class Standing:
    """`reason`, `tail` and `signs` as in WorkloadStatus."""

    state: WorkloadState
    wanted: int
    ready: int
    reason: str = ""
    tail: tuple[str, ...] = ()
    signs: tuple[Sign, ...] = ()

    def told(self, workload: Workload, release: str, since: datetime) -> WorkloadStatus:
        return WorkloadStatus(
            kind=workload.kind,
            name=workload.name,
            release=release,
            state=self.state,
            wanted=self.wanted,
            ready=self.ready,
            since=since,
            reason=self.reason,
            log_tail=self.tail,
            signs=self.signs,
        )


def not_begun(workload: Workload, release: str, since: datetime) -> WorkloadStatus:
    """Of a release that was accepted, and of which nothing runs yet."""
    wanted = 1 if workload.is_job else workload.replicas
    return Standing(WorkloadState.PROGRESSING, wanted, 0).told(workload, release, since)


class WorkloadRun(Protocol):
    """A workload at work. `on_its_way`: starts without trouble so far, so that others may be waiting for it."""

    spec: Workload

    @property
    def on_its_way(self) -> bool: ...

    def standing(self) -> Standing: ...

    async def run(self) -> None:
        """Until cancelled. Its processes are in the release's table; whoever cancels ends them there."""
        ...

    async def known(self) -> None:
        """Returns when all that an earlier bot has left running has been looked at."""
        ...
