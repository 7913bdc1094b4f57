"""Stagings and releases as facts, and the phase people see, derived from them.

All times are aware UTC datetimes. Ids are opaque strings; Slack users are named by their ids (`U…`), the clock
by CLOCK. What follows from a push is asked for by PUSH; what every project has by itself (the staging of its baseline)
is PROJECT's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain.checks import Stand
from bot.domain.configuration import Layer, Overrides, Secret
from bot.domain.finding import Finding
from bot.domain.hearsay import CiRun
from bot.domain.status import Sign

CLOCK = "clock"
PUSH = "push"
PROJECT = "project"
NO_PERSON = frozenset({CLOCK, PUSH, PROJECT})


def is_person(actor: str) -> bool:
    return actor not in NO_PERSON


class Desired(StrEnum):
    """What the people want of a staging. RESET: its data wiped, and then PRESENT again."""

    PRESENT = "present"
    ASLEEP = "asleep"
    RESET = "reset"
    ABSENT = "absent"


class Stage(StrEnum):
    """How far a release came. QUEUED, APPLIED and READY are under way, the others final."""

    QUEUED = "queued"
    APPLIED = "applied"
    READY = "ready"
    LIVE = "live"
    FAILED = "failed"
    SUPERSEDED = "superseded"

    @property
    def under_way(self) -> bool:
        return self in (Stage.QUEUED, Stage.APPLIED, Stage.READY)


class Health(StrEnum):
    """How the serving release is doing. DEGRADED: fewer replicas than wanted, or a health check fails; DOWN: a workload
    has none, or no health check gets an answer."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DOWN = "down"


class Ending(StrEnum):
    """How a branch came to its end, or the pull request that its staging was made for."""

    MERGED = "merged"
    DELETED = "deleted"
    CLOSED = "closed"
    UNLABELLED = "unlabelled"

    @property
    def of_pull(self) -> bool:
        """The branch is there still; it is its pull request that came to an end, or lost its label."""
        return self in (Ending.CLOSED, Ending.UNLABELLED)


class WitnessOf(StrEnum):
    """MERGE_BASE: the commit where the branch left the baseline, with the configuration of the staging that is ill.
    SAME_COMMIT: its own commit and configuration. Both with fresh data."""

    MERGE_BASE = "merge base"
    SAME_COMMIT = "same commit"


class Phase(StrEnum):
    """Where a staging stands, in the words of cards and lists."""

    WAITING = "waiting"
    ROLLING_OUT = "rolling out"
    LIVE = "live"
    FAILED = "failed"
    BROKEN = "broken"
    FALLING_ASLEEP = "falling asleep"
    ASLEEP = "asleep"
    WAKING = "waking up"
    RESETTING = "resetting"
    DELETING = "deleting"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Pull:
    """The pull request of a branch, as people see it."""

    number: int
    title: str = ""
    url: str = ""
    author: str = ""

    @property
    def label(self) -> str:
        return f"{'!' if '/merge_requests/' in self.url else '#'}{self.number}"


@dataclass(frozen=True, slots=True)
class WorkloadProgress:
    """A workload as the progress message shows it."""

    name: str
    ready: int
    wanted: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Build:
    """The run of CI that tells most of when an image will be there. `usual`: how long its like took lately, if that is
    known."""

    run: CiRun
    usual: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """One commit and configuration put on a staging.

    `actor` asked for it at `requested_at`. The `*_at` of the steps are None until the step is done for the first time;
    `ended_at` is when it went live, failed or was superseded. `reason`, `details`, `next_step` say why it failed.
    `overrides`: what people had changed of its configuration; `env`, `values` and `secrets`: the whole of it, in force.
    `awaits`: its image that is in no registry yet, if that is so; it is waited for until `awaits_until`.
    `build`: what CI says of it.
    `copy_of`: the number of the release that it returns to, if it is a rollback.
    """

    id: str
    staging: str
    number: int
    branch: str
    commit: str
    subject: str
    author: str
    actor: str
    requested_at: datetime
    stage: Stage = Stage.QUEUED
    env: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    overrides: Overrides = field(default_factory=Overrides)
    files_at: datetime | None = None
    applied_at: datetime | None = None
    ready_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str = ""
    details: tuple[str, ...] = ()
    next_step: str = ""
    workloads: tuple[WorkloadProgress, ...] = ()
    awaits: str = ""
    awaits_until: datetime | None = None
    build: Build | None = None
    copy_of: int | None = None

    @property
    def configuration(self) -> Layer:
        return Layer(self.env, self.values, self.secrets)

    @property
    def waiting(self) -> bool:
        """Under way, but for its image."""
        return self.stage.under_way and bool(self.awaits)

    @property
    def unsteady_since(self) -> datetime | None:
        """It was ready and is not any more: when it was ready first."""
        return self.ready_at if self.stage is Stage.APPLIED else None

    def anew(self, **changes: Any) -> "Release":
        """The same commit and configuration, with nothing done of it yet."""
        steps: dict[str, Any] = dict.fromkeys(("files_at", "applied_at", "ready_at", "ended_at", "awaits_until"))
        told = {
            "reason": "",
            "details": (),
            "next_step": "",
            "workloads": (),
            "awaits": "",
            "build": None,
            "copy_of": None,
        }
        return replace(self, stage=Stage.QUEUED, **(steps | told | changes))

    def same_as(self, other: "Release") -> bool:
        """Whether both put the same commit with the same configuration on their staging."""
        who = {"id": "", "number": 0, "subject": "", "author": "", "actor": "", "requested_at": self.requested_at}
        return self.anew(**who) == other.anew(**who)


@dataclass(frozen=True, slots=True)
class Staging:
    """One per-branch environment: the stored axes, from which `phase` derives what people see.

    `revision` grows with every saved change. `attempt` is the newest release, `live` the last one that went live,
    `serving` the id of the one that answers requests, as far as the engine has told. `unhealthy_since` survives short
    recoveries (a crash loop flickers) until `healthy_since` is old enough. `broken_since`: when that was announced.
    `reminded_for`, `warned_for`: the expiries that its owner was told of, a day and an hour before. `urls`: name to
    URL, the first is the main one.
    `health_reason`: why it is not healthy; of one that is being deleted: why that takes so long.
    `claims`: names of the volumes whose data a delete destroys. `look_at`: when the registry is asked again for the
    image that the newest release awaits. `wake_at`: when the clock should look at it next.

    Asleep since `asleep_at`: by then nothing of it ran any more. `slept_by` asked for it at `sleep_asked_at`, and
    `visited_at` is when somebody opened its URL meanwhile. `waking`: how far `attempt`, which was live before, has come
    back since `woken_by` asked for it at `wake_asked_at`. `reset_at`: when a reset was asked for that is not over.
    `undo_until`: until then a delete can be taken back; None of one that is being deleted: its data goes already.
    `deleted_by`: who wanted it gone; of one that wakes: whose delete is taken back by that, if it is.
    `lost`: the engine has nothing any more of what was to sleep: the volumes that it had (maybe none); None: it has.
    `last_number`: of the newest release, if that is not `attempt`. `good`: the number of the last release that was
    live and well before the one that is.

    `head`: where its branch was when that was last acted upon. `frozen`: pushes do not update it. `kept`: it never
    expires. `branch_ended`, `branch_ended_by`: how its branch came to its end and by whom; None: it has not.
    `last_used_at`: when somebody opened its URL, to a minute, as far as that was seen. `in_use_since`: when its time
    was over and it was not taken away, as somebody used it. `turns_at`: when the clock puts it to sleep, or wakes it,
    by its project's hours.
    `pull`: the pull request of its branch, if there is one.

    `health` is of both: what the engine says (`engine_health`, `engine_reason`, `engine_details`; `engine_worst`: of
    which workload), and how the health checks stand with the serving release (`checks`). `signs`: what the engine saw
    happen to it lately.
    `finding`: what was concluded about the breakage that is, or about the last one. `alerted_at`: when that was told as
    an alert; None: it was not, or all is quiet since. `called_at`: when that called whoever did it.
    `excused_at`: when its thread was told that it is not its branch.
    `breaks`: how often it broke since it was steady, `recovered_at`: when it got well last: what comes and goes is told
    once. `mutes`: until when nobody is told that this check fails; under "" of anything.
    `well_from`: since when its live release was well, but for what lasted shorter than a breakage; once that was for
    long enough to call it good, it stays. `unproven`: the numbers of those that were live and never good.
    `witness_for`: it is a throw-away staging that tells more of the breakage of the staging with this
    id: no card, no messages, in no list; `witness_of`: what it is to tell about.
    """

    id: str
    project: str
    name: str
    branch: str
    owner: str
    created_at: datetime
    attempt: Release
    live: Release | None = None
    serving: str | None = None
    desired: Desired = Desired.PRESENT
    revision: int = 1
    health: Health = Health.HEALTHY
    health_reason: str = ""
    health_details: tuple[str, ...] = ()
    unhealthy_since: datetime | None = None
    healthy_since: datetime | None = None
    broken_since: datetime | None = None
    expires_at: datetime | None = None
    reminded_for: datetime | None = None
    warned_for: datetime | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    deleted_by: str | None = None
    delete_reason: str = ""
    delete_asked_at: datetime | None = None
    deleted_at: datetime | None = None
    look_at: datetime | None = None
    wake_at: datetime | None = None
    slept_by: str | None = None
    sleep_asked_at: datetime | None = None
    asleep_at: datetime | None = None
    visited_at: datetime | None = None
    waking: Stage | None = None
    woken_by: str | None = None
    wake_asked_at: datetime | None = None
    reset_at: datetime | None = None
    undo_until: datetime | None = None
    last_number: int = 0
    good: int | None = None
    head: str = ""
    frozen: bool = False
    kept: bool = False
    branch_ended: Ending | None = None
    branch_ended_by: str = ""
    lost: tuple[str, ...] | None = None
    last_used_at: datetime | None = None
    in_use_since: datetime | None = None
    turns_at: datetime | None = None
    pull: Pull | None = None
    engine_health: Health = Health.HEALTHY
    engine_reason: str = ""
    engine_details: tuple[str, ...] = ()
    engine_worst: str = ""
    checks: tuple[Stand, ...] = ()
    signs: tuple[Sign, ...] = ()
    finding: Finding | None = None
    alerted_at: datetime | None = None
    breaks: int = 0
    recovered_at: datetime | None = None
    called_at: datetime | None = None
    excused_at: datetime | None = None
    mutes: Mapping[str, datetime] = field(default_factory=dict)
    well_from: datetime | None = None
    unproven: tuple[int, ...] = ()
    witness_for: str = ""
    witness_of: WitnessOf | None = None

    @property
    def phase(self) -> Phase:
        return phase(self)

    @property
    def failing(self) -> tuple[Stand, ...]:
        """The health checks that fail."""
        return tuple(stand for stand in self.checks if not stand.ok)

    @property
    def resting(self) -> bool:
        """Nothing of it shall run, and its data stays: asleep, about to be reset, or deleted and not yet wiped."""
        if self.desired is Desired.ABSENT:
            return self.undo_until is not None
        return self.desired in (Desired.ASLEEP, Desired.RESET)

    @property
    def holds_place(self) -> bool:
        """It uses compute, or will by itself: the clock wakes what it put to sleep."""
        return self.desired is Desired.PRESENT or (self.desired is Desired.ASLEEP and self.slept_by == CLOCK)

    @property
    def behind(self) -> bool:
        """Its branch has been moved, and it has not followed."""
        return bool(self.head) and self.head != self.attempt.commit and self.branch_ended is None

    @property
    def was_there(self) -> bool:
        """The engine has had something of it."""
        return self.live is not None or self.attempt.applied_at is not None

    @property
    def can_roll_back(self) -> bool:
        """Whether a release was live that is another than the one which failed or broke."""
        if self.phase is Phase.FAILED and self.live and not self.live.same_as(self.attempt):
            return True
        return self.good is not None

    @property
    def answers(self) -> bool:
        """Somebody who opens its URL finds it there, as far as is known."""
        return self.serving is not None and not self.resting

    @property
    def url(self) -> str | None:
        """The main URL."""
        return next(iter(self.urls.values()), None)

    @property
    def older_serves(self) -> Release | None:
        """The older release that still answers although the newest one failed or is under way."""
        if self.live and self.live.id != self.attempt.id and self.serving == self.live.id:
            return self.live
        return None


def phase(staging: Staging) -> Phase:
    """Total: every combination of the stored axes has exactly one phase."""
    if staging.deleted_at:
        return Phase.DELETED
    match staging.desired:
        case Desired.ABSENT:
            return Phase.DELETING
        case Desired.ASLEEP:
            return Phase.ASLEEP if staging.asleep_at else Phase.FALLING_ASLEEP
        case Desired.RESET:
            return Phase.RESETTING
    if staging.waking:
        return Phase.RESETTING if staging.reset_at else Phase.WAKING
    if staging.attempt.stage.under_way:
        return Phase.WAITING if staging.attempt.waiting else Phase.ROLLING_OUT
    if staging.broken_since:
        return Phase.BROKEN
    if staging.attempt.stage is Stage.LIVE:
        return Phase.LIVE
    return Phase.FAILED
