"""What an engine reports about a staging: whole snapshots, the same from every engine."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WorkloadState(StrEnum):
    """READY: as many as wanted (a Job: succeeded). FAILED: will not get there by itself. PROGRESSING: may still."""

    PROGRESSING = "progressing"
    READY = "ready"
    FAILED = "failed"


# Of a workload: the newest are worth telling.
MOST_SIGNS = 10


class SignKind(StrEnum):
    """What an engine saw happen that may explain a breakage. RESTARTED: a process or container ended and was started
    again. OUT_OF_MEMORY: it was ended for that. EVICTED: its node was short of something. NODE: its node is not well.
    IMAGE: its image can't be pulled."""

    RESTARTED = "restarted"
    OUT_OF_MEMORY = "out of memory"
    EVICTED = "evicted"
    NODE = "node"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Sign:
    """`of`: the node (EVICTED, NODE), the registry's host (IMAGE) or the memory limit (OUT_OF_MEMORY), if it is known.
    `text`: one sentence for people."""

    kind: SignKind
    workload: str
    at: datetime
    of: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class WorkloadStatus:
    """One workload, as its newest applied release has it.

    `ready` of `wanted` replicas (a Job: 1 when it has succeeded). `reason`: one sentence for people, empty while all
    is well. `log_tail`: the last lines of the process or container that died, if one did. `awaits`: the project's own
    image, when that is all it lacks: no registry has it yet. `signs`: what happened to it lately, the newest last.
    """

    kind: str
    name: str
    release: str
    state: WorkloadState
    wanted: int
    ready: int
    since: datetime
    reason: str = ""
    log_tail: tuple[str, ...] = ()
    awaits: str = ""
    signs: tuple[Sign, ...] = ()


@dataclass(frozen=True, slots=True)
class StagingStatus:
    """One staging, whole. `present=False`: the engine holds nothing of it any more (processes, files, routes).

    `release`: the newest release that the engine was asked to run, `workloads`: how far it came.
    `serving`: the release whose workloads answer requests now (an older one while a new one starts or after it failed),
    or None; `serving_workloads`: how that one is doing (equal to `workloads` when it is the newest). `resuming`: the
    engine itself was down and is bringing the staging back, so its workloads cannot be judged yet. `hanging`: why its
    removal takes longer than it should, and what can be done; empty while all is well. `ask_again`: what has to come
    first in the newest release is done, and the engine is to be asked for that release once more, for the rest of it.
    Of one that is put to sleep: something that runs others is left, and the engine is to be asked once more for that.
    `asleep`: it was put to sleep, and nothing of it runs any more; `hanging` tells why that takes long, too.
    """

    staging: str
    release: str | None
    workloads: tuple[WorkloadStatus, ...] = ()
    serving: str | None = None
    serving_workloads: tuple[WorkloadStatus, ...] = ()
    present: bool = True
    resuming: bool = False
    hanging: str = ""
    ask_again: bool = False
    asleep: bool = False


@dataclass(frozen=True, slots=True)
class Synced:
    """The end of a listing: every staging that the engine holds has been reported since the watch (re)started."""

    stagings: frozenset[str]
