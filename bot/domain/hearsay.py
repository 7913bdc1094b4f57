"""What git hosts, CI and registries tell of their own accord.

It says where to look, and who did it; what is so is found out by looking. So it may be lost, late, repeated or wrong.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Pushed:
    """A branch was moved. `commit`: to where, 40 hex digits; None: the branch was deleted. `by`: who did it, as their
    host names them."""

    branch: str
    commit: str | None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """A branch was merged. `by`: who did it, as their host names them."""

    branch: str
    by: str = ""


class PullState(StrEnum):
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull or merge request, as it is now. `branch`, `commit`: what it brings; `base`: the branch that it is for.

    `fork`: the branch is another repository's. `author` made it, `by` did what is told. `updated_at`: UTC, by the clock
    of its host.
    """

    number: int
    branch: str
    commit: str
    base: str
    state: PullState
    title: str = ""
    url: str = ""
    author: str = ""
    by: str = ""
    fork: bool = False
    labels: tuple[str, ...] = ()
    updated_at: datetime | None = None


class CiState(StrEnum):
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CiRun:
    """A run of CI over a commit. `name`: of what ran, `number`: as people count its runs (without "#").

    `started_at`: UTC. `url`: where to look at it. `at`: when this was so (UTC), if that was said. `part`: it is a check
    or a status, which is a part of a run at most.
    """

    commit: str
    state: CiState
    name: str = ""
    number: str = ""
    url: str = ""
    started_at: datetime | None = None
    at: datetime | None = None
    part: bool = False


@dataclass(frozen=True, slots=True)
class ImagePushed:
    """A registry has a new image, as manifests name it: `ghcr.io/acme/shop:1a2b3c`."""

    image: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody opened a page at this host (lower case, no port)."""

    host: str


Hearsay = Pushed | Merged | PullRequest | CiRun | ImagePushed | Visit
