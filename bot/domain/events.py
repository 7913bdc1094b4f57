"""Everything that can happen to a staging, and what a decision about it consists of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain.checks import Stand
from bot.domain.configuration import Overrides, Secret
from bot.domain.finding import Finding
from bot.domain.model import Build, Ending, Pull, Release, Staging, WitnessOf
from bot.domain.status import StagingStatus


@dataclass(frozen=True, slots=True)
class Push:
    """What came onto a branch: how many commits, and by whom, the newest first. None of it is known: (0, ()).

    `rewritten`: what was there before is not part of it any more.
    """

    commits: int = 0
    authors: tuple[str, ...] = ()
    rewritten: bool = False


@dataclass(frozen=True, slots=True)
class Deploy:
    """Somebody wants this commit on the staging.

    Ids are made by the caller; `staging` and `name` matter for a new one only. `overrides`, and what they make: `env`,
    `values`, `secrets`. `changed`: what of the configuration somebody changes by it, in words. `head`: where the
    branch was then, if that is known. `push`: it follows from that, and nobody asked for it. `owner`: whose a new one
    is, if not the actor's. `pull`: the pull request of its branch, as far as is known. `witness_for`, `witness_of`: as
    in Staging.
    """

    actor: str
    staging: str
    release: str
    project: str
    name: str
    branch: str
    commit: str
    subject: str
    author: str
    requested_at: datetime
    urls: Mapping[str, str]
    env: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    overrides: Overrides = field(default_factory=Overrides)
    changed: str = ""
    head: str = ""
    push: Push | None = None
    owner: str = ""
    pull: Pull | None = None
    witness_for: str = ""
    witness_of: WitnessOf | None = None


@dataclass(frozen=True, slots=True)
class PullSeen:
    """This is the pull request of its branch, and how it is called now."""

    pull: Pull


@dataclass(frozen=True, slots=True)
class Withheld:
    """Its branch was moved to `head`, and that is not deployed by itself. `why`: in words, if it is to be told."""

    head: str
    push: Push
    why: str = ""


@dataclass(frozen=True, slots=True)
class BranchEnded:
    """Its branch was merged or deleted. `by`: who did it, as their git host names them, if that is known."""

    how: Ending
    by: str = ""


@dataclass(frozen=True, slots=True)
class BranchBack:
    """Its branch, which was gone, is there again."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Pushes shall not update it any more, or shall again."""

    actor: str
    frozen: bool


@dataclass(frozen=True, slots=True)
class Keep:
    """It shall never expire, whatever becomes of its branch; or shall again."""

    actor: str
    kept: bool


@dataclass(frozen=True, slots=True)
class FilesReady:
    """The commit's files are exported and its objects rendered. `claims`: the volumes among them."""

    release: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImageMissing:
    """The registry does not have the release's image yet, so nothing was applied.

    `trouble`: why it could not be asked this time, when it was known to be missing before.
    """

    release: str
    image: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class BuildSeen:
    """There is news of the image that a release waits for. `build`: what CI says of it; None: nothing. `look`: it may
    be there by now."""

    release: str
    build: Build | None
    look: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """The engine accepted the release."""

    release: str


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """The engine reported how the staging is."""

    status: StagingStatus


@dataclass(frozen=True, slots=True)
class UrlAnswered:
    """The URL probe got an answer. `text` says which."""

    release: str
    text: str


@dataclass(frozen=True, slots=True)
class ReleaseFailed:
    """It will not work: manifests, engine or URL said so."""

    release: str
    reason: str
    details: tuple[str, ...] = ()
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Extend:
    """Let it live longer: until a time (buttons, so that a double click is one extension), or by a time (typed)."""

    actor: str
    until: datetime | None = None
    by: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Take it away with its data. `now`: without the time in which that can be taken back."""

    actor: str
    reason: str = ""
    now: bool = False


@dataclass(frozen=True, slots=True)
class Sleep:
    """Free its compute, keep its data."""

    actor: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Bring back what ran: of one that sleeps, or that was deleted and still has its data.

    `undo`: only the latter is meant.
    """

    actor: str
    undo: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """Wipe its data, and start the same release anew."""

    actor: str


@dataclass(frozen=True, slots=True)
class Rollback:
    """Return to `former`, a release that was live, by a new one of this id."""

    actor: str
    release: str
    former: Release
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Slept:
    """The engine has seen that nothing of it runs any more."""


@dataclass(frozen=True, slots=True)
class Wiped:
    """The engine has seen that its data is gone."""


@dataclass(frozen=True, slots=True)
class Visited:
    """Somebody opened its URL while nothing answers there."""


@dataclass(frozen=True, slots=True)
class Used:
    """Somebody opened its URL, and it answered."""


@dataclass(frozen=True, slots=True)
class CheckSeen:
    """How a health check stands with this release is decided, anew or otherwise than before."""

    release: str
    stand: Stand


@dataclass(frozen=True, slots=True)
class ChecksDropped:
    """These health checks are not made any more: octopod.yaml has them no longer."""

    checks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """What is concluded about its breakage. `incident`: the id of the one that it is part of, if it is of any: then it
    gets no alert of its own."""

    finding: Finding
    incident: str = ""


@dataclass(frozen=True, slots=True)
class Mute:
    """Nobody is to be told until then that this check fails ("": of any breakage of it); None: again from now on."""

    actor: str
    check: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: expiry, its warning, debounces and waits are looked at."""


OfBranch = PullSeen | Withheld | BranchEnded | BranchBack | Freeze | Keep
Rest = Sleep | Wake | Reset | Slept | Wiped | Visited
Work = FilesReady | ImageMissing | BuildSeen | Applied | StatusSeen | UrlAnswered | ReleaseFailed
OfHealth = CheckSeen | ChecksDropped | Found | Mute
Event = Deploy | Rollback | Work | Extend | Delete | Rest | OfBranch | OfHealth | Used | Tick


class Target(StrEnum):
    """What is reconciled to the newest wanted revision, one row per staging and kind."""

    ENGINE = "engine"
    CARD = "card"
    PROGRESS = "progress"
    HOST = "host"
    FINDING = "finding"


ALL = frozenset({Target.ENGINE, Target.CARD, Target.PROGRESS})
"""What is decided about. What a git host is told follows from the card."""


class NoticeKind(StrEnum):
    """Messages that are sent once each."""

    LIVE = "live"
    FAILED = "failed"
    EXPIRING = "expiring"
    IN_USE = "in use"
    DELETED = "deleted"
    BROKEN = "broken"
    RECOVERED = "recovered"
    SLEPT = "slept"
    AWAKE = "awake"
    NOT_AWAKE = "not awake"
    VISITED = "visited"
    UPDATING = "updating"
    WITHHELD = "withheld"
    BRANCH_ENDED = "branch ended"
    BRANCH_BACK = "branch back"
    NOT_MADE = "not made"
    FORK = "fork"
    OUTAGE = "outage"
    OUTAGE_OVER = "outage over"
    LOST = "lost"
    IDLE = "idle"
    INCIDENT = "incident"
    ANSWER = "answer"


class Where(StrEnum):
    """Where a notice goes: the staging's thread, its owner (a direct message), the alerts channel, the newest alert
    itself (an edit) or its thread; the same of an incident; the alerts or the cards' channel, if it is about no single
    staging that is there (PROJECT, CHANNEL); or privately to whoever asked."""

    THREAD = "thread"
    OWNER = "owner"
    ALERTS = "alerts"
    ALERT_EDIT = "alert edit"
    ALERT_THREAD = "alert thread"
    INCIDENT = "incident"
    INCIDENT_EDIT = "incident edit"
    INCIDENT_THREAD = "incident thread"
    PROJECT = "project"
    CHANNEL = "channel"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to send. `facts`: plain JSON data, and findings, as it was when it was decided; its text is made when
    it is sent."""

    kind: NoticeKind
    where: Where
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What shall be saved in one transaction. `what` and `why` make the journal line; an empty `what` writes none."""

    staging: Staging
    releases: tuple[Release, ...] = ()
    targets: frozenset[Target] = frozenset()
    notices: tuple[Notice, ...] = ()
    actor: str = ""
    what: str = ""
    why: str = ""
