"""A staging as somebody would tell it who has read the decision table in docs/design.md, and nothing of the code."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service_world import TTL

from bot.domain.events import NoticeKind, Where
from bot.domain.model import Health, Phase
from bot.domain.status import WorkloadState

DEBOUNCE = SETTLE = timedelta(seconds=5)
UNSTEADY = timedelta(minutes=5)
REMINDED_BEFORE, WARNED_BEFORE = TTL / 2, timedelta(hours=1)
JUST_ASKED = timedelta(hours=12)
UNDO = WAKING = timedelta(minutes=15)
QUIET = timedelta(minutes=10)
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
    found: bool = False
    alerted: bool = False
    breaks: int = 0
    recovered_at: datetime | None = None
    reminded_for: datetime | None = None
    warned_for: datetime | None = None
    told: list[tuple[NoticeKind, Where]] = field(default_factory=list)
    journal: int = 1
    releases: dict[str, str] = field(default_factory=dict)
    sleeps: bool = False
    empties: bool = False
    rests: bool = False
    began: bool = False
    lost: bool = False
    visited: bool = False
    resetting: bool = False
    slept_at: datetime | None = None
    waking: str = ""
    woken_at: datetime | None = None
    serving: str | None = None
    undo_until: datetime | None = None
    copy_of: int | None = None
    last_number: int = 0
    were_live: dict[str, tuple[int, int, int | None]] = field(default_factory=dict)

    @property
    def resting(self) -> bool:
        return self.undo_until is not None if self.absent else self.sleeps or self.empties

    @property
    def phase(self) -> Phase:
        if self.gone or self.absent:
            return Phase.DELETED if self.gone else Phase.DELETING
        if self.sleeps:
            return Phase.ASLEEP if self.rests else Phase.FALLING_ASLEEP
        if self.empties or self.waking:
            return Phase.RESETTING if self.resetting else Phase.WAKING
        if self.stage in UNDER_WAY:
            return Phase.ROLLING_OUT
        if self.broken:
            return Phase.BROKEN
        return Phase.LIVE if self.stage == "live" else Phase.FAILED

    # --- wishes

    def deployed(self, release: str, commit: int, now: datetime, copy_of: int | None = None) -> None:
        self._superseded()
        if self.absent and self.resetting:
            self._up(empties=True)
        elif not self.empties:
            self._up()
        self.release, self.commit, self.stage, self.ready_at = release, commit, "queued", None
        self.began = False
        self.number, self.copy_of = max(self.last_number, self.number) + 1, copy_of
        self.expires = max(self.expires, now + TTL)
        self.journal += 1

    def nothing_new(self, commit: int) -> bool:
        if self.resting:
            return False
        return self.commit == commit and (self.stage in UNDER_WAY or (self.stage == "live" and not self.broken))

    def extended(self, until: datetime, now: datetime) -> None:
        if until > self.expires:
            self.expires, self.warned_for = until, None
            self.reminded_for = until if until - REMINDED_BEFORE < now + JUST_ASKED else None
            self.journal += 1

    def deleted(self, now: datetime, data: bool, person: bool = True, at_once: bool = False) -> None:
        self.unwanted_at = now if person else self.unwanted_at
        if self.absent:
            self.journal += person
            if at_once and self.undo_until:
                self.undo_until, self.resetting = None, False
            return
        self._superseded()
        self._alert_closed(NoticeKind.DELETED)
        resetting, rests = self.empties, self.rests
        self._up(unwanted_at=self.unwanted_at)
        self.absent, self.resetting, self.rests = True, resetting, rests
        self.undo_until = now + UNDO if data and not at_once else None
        self.journal += 1

    def slept_by(self, now: datetime) -> bool:
        """Whether that can be wished."""
        if self.absent or self.empties:
            return False
        if not self.sleeps:
            self._superseded()
            self._alert_closed(NoticeKind.SLEPT)
            self._up()
            self.sleeps, self.slept_at, self.visited = True, now, False
            self.journal += 1
        return True

    def woken(self, undo: bool, now: datetime) -> bool:
        if self.waking and not undo:
            return True
        if (self.absent and not self.undo_until) or (undo and not self.absent) or not (self.absent or self.sleeps):
            return False
        if self.lost or (self.absent and self.resetting):
            rests = self.rests
            self._up(empties=True)
            self.rests = rests
        else:
            self._back(now)
        self.journal += 1
        return True

    def reset(self) -> bool:
        if self.absent:
            return False
        if not self.empties:
            if self.stage in UNDER_WAY:
                self.stage, self.ready_at, self.began = "queued", None, False
            self._alert_closed(NoticeKind.SLEPT)
            rests = self.rests
            self._up(empties=True)
            self.rests, self.serving = rests, None
            self.journal += 1
        return True

    def goes_back_to(self) -> tuple[int, int] | None:
        """Number and commit of the last good release before the one that runs or failed."""
        before = self.copy_of or self.number
        bad = {self.commit, *([self.were_live[self.live][1]] if self.broken and self.live else [])}
        good = [(n, c) for n, c, _ in self.were_live.values() if n < before and c not in bad]
        return max(good, default=None)

    def opened(self) -> None:
        if self.phase is Phase.ASLEEP and not self.visited:
            self.visited = True
            self.told.append((NoticeKind.VISITED, Where.THREAD))

    def _alert_closed(self, kind: NoticeKind) -> None:
        if self.alert_is_open:
            self.told.append((kind, Where.ALERT_EDIT))
        self._well()

    def _well(self) -> None:
        self.broken, self.health, self.ill_since, self.well_since = False, Health.HEALTHY, None, None
        self._steady()

    def _up(self, empties: bool = False, unwanted_at: datetime | None = None) -> None:
        self.absent = self.sleeps = False
        self.unwanted_at, self.slept_at, self.undo_until = unwanted_at, None, None
        self.empties = self.resetting = empties
        self.rests = self.rests and empties
        self.waking, self.lost = "", False

    def _back(self, now: datetime) -> None:
        self._up()
        self.woken_at = now
        self.last_number = max(self.last_number, self.number)
        if self.live:
            self.releases[self.release] = self.stage
            self.release, self.stage, self.waking = self.live, "live", "queued"
            self.number, self.commit, self.copy_of = self.were_live[self.live]
        else:
            self.stage, self.ready_at, self.began = "queued", None, False

    def _superseded(self) -> None:
        if self.stage in UNDER_WAY:
            self.stage = "superseded"
        self.releases[self.release] = self.stage

    # --- what the engine and the prober say

    def at_rest(self) -> None:
        if self.resting and not self.rests:
            self.rests, self.serving = True, None
            if self.sleeps:
                self.told.append((NoticeKind.SLEPT, Where.THREAD))
                self.journal += 1

    def wiped(self, now: datetime) -> None:
        if self.empties and self.stage in UNDER_WAY:
            self._up()
        elif self.empties:
            self._back(now)
            self.resetting = bool(self.waking)

    def applied(self) -> None:
        if self.waking == "queued":
            self.waking = "ready" if self.serving == self.release else "applied"
        elif not self.waking and self.stage == "queued":
            self.stage, self.began = "applied", True

    def failed(self) -> None:
        if self.waking:
            return self._awake()
        if self.stage in UNDER_WAY:
            self.stage = "failed"
            self.told.append((NoticeKind.FAILED, Where.THREAD))
            self.journal += 1

    def _awake(self) -> None:
        self.waking, self.resetting, self.serving = "", False, self.release
        self.told.append((NoticeKind.AWAKE, Where.THREAD))
        self.journal += 1
        self._well()

    def _not_awake(self, now: datetime) -> None:
        self.waking, self.resetting = "", False
        self.told.append((NoticeKind.NOT_AWAKE, Where.THREAD))
        self._well()
        self.health, self.ill_since = Health.DOWN, now
        self._broke(now)

    def answered(self) -> None:
        if self.waking:
            return self._awake()
        if self.stage != "ready":
            return
        self.stage, self.live, self.serving = "live", self.release, self.release
        self.were_live[self.release] = self.number, self.commit, self.copy_of
        self.told.append((NoticeKind.LIVE, Where.THREAD))
        self.journal += 1
        self._over()
        self._well()

    def reported(self, said: Report, now: datetime) -> None:
        if self.absent or self.resting:
            self.lost, self.serving = False, None
            return
        if self.waking:
            return self._stirs(said, now)
        self.serving = said.serving
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
        self.serving = None
        if self.absent:
            if not self.gone:
                self.gone = True
                self.told.append((NoticeKind.DELETED, Where.THREAD))
                self.journal += 1
            return
        if self.sleeps and (self.live or self.began):
            if not self.lost:
                self.lost = self.rests = True
                self.told.append((NoticeKind.LOST, Where.THREAD))
                self.journal += 1
            return
        if self.resting:
            return self.at_rest()
        if self.waking:
            self.waking = "queued"
            return
        if self.stage == "ready":
            self.stage, self.ready_at = "applied", None
        if self.live:
            self._felt(Health.DOWN, now)

    def _stirs(self, said: Report, now: datetime) -> None:
        """What was seen before the engine was asked says nothing but what serves."""
        self.serving = said.serving
        if self.waking != "queued" and said.release == self.release:
            if said.state is FAILED:
                self._not_awake(now)
            else:
                self.waking = "ready" if said.state is READY else "applied"

    def _rolled(self, state: WorkloadState, now: datetime) -> None:
        if self.stage in UNDER_WAY or (self.stage == "failed" and not self.ready_at):
            if state is READY:
                self.stage, self.ready_at, self.began = "ready", self.ready_at or now, True
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
        if self.absent or self.resting or self.waking or self.stage in UNDER_WAY:
            return
        if self.ill_since is None:
            if self.alert_is_open and self.recovered_at and now >= self.recovered_at + QUIET:
                self._over()
                self._steady()
                self.journal += 1
        elif self.well_since and now >= self.well_since + SETTLE:
            if self.broken:
                self.journal += 1
                if self.breaks == 1:
                    self._over()
                self.broken, self.recovered_at = False, self.well_since
                if self.alert_is_open and now >= self.well_since + QUIET:
                    self._over()
                    self._steady()
            self.ill_since = self.well_since = None
        elif self.health is not Health.HEALTHY and now >= self.ill_since + DEBOUNCE and not self.broken:
            self._broke(now)

    @property
    def alert_is_open(self) -> bool:
        return self.alerted and (self.broken or self.breaks > 1)

    def _broke(self, now: datetime) -> None:
        """Within a while it comes and goes, and is not told anew."""
        if not self.recovered_at or now >= self.recovered_at + QUIET:
            self._steady()
        self.broken, self.found = True, False
        self.breaks += 1
        self.journal += 1

    def explained(self) -> None:
        """What is to be found out was: that it is not known."""
        if self.broken and not self.found:
            self.told.append((NoticeKind.BROKEN, Where.ALERT_EDIT if self.alerted else Where.ALERTS))
            self.found = self.alerted = True
            self.journal += 1

    def _steady(self) -> None:
        self.alerted, self.breaks, self.recovered_at = False, 0, None

    def _over(self) -> None:
        if self.alert_is_open:
            self.told += [(NoticeKind.RECOVERED, Where.ALERT_EDIT), (NoticeKind.RECOVERED, Where.ALERT_THREAD)]

    def ticked(self, now: datetime, data: bool) -> None:
        if self.absent:
            if self.undo_until and now >= self.undo_until:
                self.undo_until, self.resetting = None, False
                self.journal += 1
            return
        if now >= self.expires:
            return self.deleted(now, data, person=False)
        before = self.journal
        if self.waking and not self.resting and self.woken_at and now >= self.woken_at + WAKING:
            self._awake() if self.waking == "ready" else self._not_awake(now)
        if self.stage == "applied" and self.ready_at and now >= self.ready_at + UNSTEADY:
            self.failed()
        self._judged(now)
        if self.warned_for != self.expires and now >= self.expires - WARNED_BEFORE:
            self.warned_for = self.reminded_for = self.expires
            self.told += [(NoticeKind.EXPIRING, Where.OWNER), (NoticeKind.EXPIRING, Where.THREAD)]
            self.journal += 1
        elif self.warned_for != self.expires != self.reminded_for and now >= self.expires - REMINDED_BEFORE:
            self.reminded_for = self.expires
            self.told.append((NoticeKind.EXPIRING, Where.OWNER))
            self.journal += 1
        self.journal = min(self.journal, before + 1)  # what is decided together is one line
