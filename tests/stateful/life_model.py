"""A staging as somebody would tell it who has read the decision table in docs/design.md, and nothing of the code."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service_world import TTL

from bot.domain.events import NoticeKind, Where
from bot.domain.model import Health, Phase
from bot.domain.status import WorkloadState

DEBOUNCE = SETTLE = timedelta(seconds=5)
UNSTEADY = timedelta(minutes=5)
WARNED_BEFORE = timedelta(hours=1)
READY, FAILED = WorkloadState.READY, WorkloadState.FAILED
UNDER_WAY = ("queued", "applied", "ready")


@dataclass(frozen=True, slots=True)
class Report:
    """One snapshot of the engine. `serving`: the release that answers, and whether all of it is there."""

    release: str
    state: WorkloadState
    serving: str | None
    serves_well: bool


@dataclass
class Life:
    """`told`: every notice that must come of it, in order. `journal`: how many lines there must be."""

    id: str
    name: str
    branch: str
    release: str
    commit: int
    expires: datetime
    number: int = 1
    stage: str = "queued"
    ready_at: datetime | None = None
    live: str | None = None
    absent: bool = False
    unwanted_at: datetime | None = None
    gone: bool = False
    health: Health = Health.HEALTHY
    ill_since: datetime | None = None
    well_since: datetime | None = None
    broken: bool = False
    warned_for: datetime | None = None
    told: list[tuple[NoticeKind, Where]] = field(default_factory=list)
    journal: int = 1
    releases: dict[str, str] = field(default_factory=dict)

    @property
    def phase(self) -> Phase:
        if self.gone or self.absent:
            return Phase.DELETED if self.gone else Phase.DELETING
        if self.stage in UNDER_WAY:
            return Phase.ROLLING_OUT
        if self.broken:
            return Phase.BROKEN
        return Phase.LIVE if self.stage == "live" else Phase.FAILED

    # --- wishes

    def deployed(self, release: str, commit: int, now: datetime) -> None:
        self._superseded()
        self.release, self.commit, self.stage, self.ready_at = release, commit, "queued", None
        self.number += 1
        self.expires = max(self.expires, now + TTL)
        self.journal += 1

    def nothing_new(self, commit: int) -> bool:
        return self.commit == commit and (self.stage in UNDER_WAY or (self.stage == "live" and not self.broken))

    def extended(self, until: datetime) -> None:
        if until > self.expires:
            self.expires, self.warned_for = until, None
            self.journal += 1

    def deleted(self, unwanted_at: datetime | None = None) -> None:
        """`unwanted_at`: when a person asked for it; None: by the clock."""
        self.unwanted_at = unwanted_at or self.unwanted_at
        if self.absent:
            self.journal += unwanted_at is not None
            return
        self._superseded()
        self.absent = True
        self.journal += 1
        if self.broken:
            self.told.append((NoticeKind.DELETED, Where.ALERT_EDIT))

    def _superseded(self) -> None:
        if self.stage in UNDER_WAY:
            self.stage = "superseded"
        self.releases[self.release] = self.stage

    # --- what the engine and the prober say

    def applied(self) -> None:
        if self.stage == "queued":
            self.stage = "applied"

    def failed(self) -> None:
        if self.stage in UNDER_WAY:
            self.stage = "failed"
            self.told.append((NoticeKind.FAILED, Where.THREAD))
            self.journal += 1

    def answered(self) -> None:
        if self.stage != "ready":
            return
        self.stage, self.live = "live", self.release
        self.told.append((NoticeKind.LIVE, Where.THREAD))
        self.journal += 1
        self._recovered()
        self.health, self.ill_since, self.well_since = Health.HEALTHY, None, None

    def reported(self, said: Report, now: datetime) -> None:
        if self.absent:
            return
        before = self.journal
        if said.release == self.release:
            self._rolled(said.state, now)
        if self.live and said.serving not in (None, self.live):
            if not self.broken:
                self.health, self.ill_since, self.well_since = Health.HEALTHY, None, None
        elif self.live:
            self._felt(Health.HEALTHY if said.serving and said.serves_well else Health.DOWN, now)
        self.journal = min(self.journal, before + 1)  # what is decided together is one line

    def vanished(self, now: datetime) -> None:
        """The engine has nothing of it."""
        if self.absent:
            if not self.gone:
                self.gone = True
                self.told.append((NoticeKind.DELETED, Where.THREAD))
                self.journal += 1
            return
        if self.stage == "ready":
            self.stage, self.ready_at = "applied", None
        if self.live:
            self._felt(Health.DOWN, now)

    def _rolled(self, state: WorkloadState, now: datetime) -> None:
        if self.stage in UNDER_WAY or (self.stage == "failed" and not self.ready_at):
            if state is READY:
                self.stage, self.ready_at = "ready", self.ready_at or now
            elif state is FAILED:
                self.failed()
            elif self.stage == "ready":
                self.stage = "applied"

    # --- health and the clock

    def _felt(self, health: Health, now: datetime) -> None:
        self.health = health
        if health is not Health.HEALTHY:
            self.ill_since, self.well_since = self.ill_since or now, None
        elif self.ill_since:
            self.well_since = self.well_since or now
        self._judged(now)

    def _judged(self, now: datetime) -> None:
        if self.absent or self.stage in UNDER_WAY or self.ill_since is None:
            return
        if self.well_since and now >= self.well_since + SETTLE:
            if self.broken:
                self.journal += 1
            self._recovered()
            self.ill_since = self.well_since = None
        elif self.health is not Health.HEALTHY and now >= self.ill_since + DEBOUNCE and not self.broken:
            self.broken = True
            self.told.append((NoticeKind.BROKEN, Where.ALERTS))
            self.journal += 1

    def _recovered(self) -> None:
        if self.broken:
            self.told += [(NoticeKind.RECOVERED, Where.ALERT_EDIT), (NoticeKind.RECOVERED, Where.ALERT_THREAD)]
        self.broken = False

    def ticked(self, now: datetime) -> None:
        if self.absent:
            return
        if now >= self.expires:
            return self.deleted()
        before = self.journal
        if self.stage == "applied" and self.ready_at and now >= self.ready_at + UNSTEADY:
            self.failed()
        self._judged(now)
        if self.warned_for != self.expires and now >= self.expires - WARNED_BEFORE:
            self.warned_for = self.expires
            self.told.append((NoticeKind.EXPIRING, Where.THREAD))
            self.journal += 1
        self.journal = min(self.journal, before + 1)  # what is decided together is one line
