"""Long random lives of a staging, from its first deploy on: what must hold at every step of the way."""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from builders import NOW, POLICY, URL, a_deploy, a_finding, a_workload, seconds
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.checks import Stand
from bot.domain.errors import UserError
from bot.domain.events import (
    Applied,
    BranchBack,
    BranchEnded,
    ChecksDropped,
    CheckSeen,
    Decision,
    Delete,
    Event,
    Extend,
    FilesReady,
    Found,
    Freeze,
    ImageMissing,
    Keep,
    Mute,
    Notice,
    NoticeKind,
    Push,
    ReleaseFailed,
    Reset,
    Rollback,
    Sleep,
    Slept,
    StatusSeen,
    Target,
    Tick,
    UrlAnswered,
    Used,
    Visited,
    Wake,
    Where,
    Wiped,
    Withheld,
)
from bot.domain.finding import Cause
from bot.domain.lifecycle import decide, next_wake
from bot.domain.model import PUSH, Ending, Phase, Stage, Staging
from bot.domain.status import StagingStatus, WorkloadState
from bot.written import facts_json

PAUSES = [0, 0.5, 2, 5, 30, 3600, 20 * 3600, 70 * 3600]
KINDS = ["deploy", "files", "applied", "snapshot", "snapshot", "snapshot", "gone", "url", "fail", "extend", "delete"]
KINDS += [
    "image",
    "image",
    "rollback",
    "sleep",
    "slept",
    "asleep",
    "wake",
    "wake",
    "visited",
    "reset",
    "wiped",
    "delete now",
    "push",
    "withheld",
    "branch ended",
    "branch back",
    "freeze",
    "keep",
    "used",
    "check",
    "check",
    "check",
    "check dropped",
    "found",
    "mute",
    "unmute",
]
STEPS = st.tuples(
    st.sampled_from([*KINDS, *KINDS, "tick", "wait for the clock", "old news"]),
    st.sampled_from(PAUSES),
    st.integers(0, 3**4 - 1),
)


@dataclass
class Life:
    """A staging, what was decided about it, and what the engine was seen to say."""

    staging: Staging
    now: datetime = NOW
    deploys: int = 1
    ready: set[str] = field(default_factory=set)
    notices: list[tuple[str, Notice]] = field(default_factory=list)
    stages: dict[str, Stage] = field(default_factory=dict)

    def step(self, kind: str, pause: float, choice: int) -> None:
        self.now += seconds(pause)
        if kind == "wait for the clock" and self.staging.wake_at:
            self.now = max(self.now, self.staging.wake_at)
        event = self.event(kind, choice)
        with suppress(UserError):
            before = self.staging
            decision = decide(before, event, POLICY, self.now)
            self.check(before, event, decision)
            if Target.FINDING in decision.targets and choice % 2 == 0:
                self.step("found", 0, choice + 1)

    def event(self, kind: str, choice: int) -> Event:
        release = self.staging.attempt.id
        match kind:
            case "deploy" if not self.staging.deleted_at:  # another deploy would be another life
                self.deploys += 1
                number = self.deploys if choice % 3 else self.staging.attempt.number
                return a_deploy(f"r{self.deploys}", f"{number:040x}", urls={"web": URL} if choice % 4 else {})
            case "files":
                return FilesReady(release, ("data",))
            case "image":
                return ImageMissing(release, "shop:1")
            case "applied":
                return Applied(release)
            case "snapshot":
                return StatusSeen(self.snapshot(choice))
            case "gone":
                return StatusSeen(StagingStatus("s1", None, present=False))
            case "url":
                return UrlAnswered(release, "200")
            case "fail":
                return ReleaseFailed(release, "no")
            case "old news":
                old = f"r{max(1, self.staging.attempt.number - 1 - choice % 2)}"
                news: list[Event] = [Applied(old), UrlAnswered(old, "200"), ReleaseFailed(old, "no")]
                return news[choice % 3]
            case "extend":
                return Extend("UBOB", by=timedelta(hours=choice))
            case "delete":
                return Delete("UBOB")
            case "delete now":
                return Delete("UBOB", now=True)
            case "sleep":
                return Sleep("UBOB")
            case "wake":
                return Wake("UBOB")
            case "reset":
                return Reset("UBOB")
            case "slept":
                return Slept()
            case "asleep":
                return StatusSeen(StagingStatus("s1", release, asleep=True))
            case "wiped":
                return Wiped()
            case "visited":
                return Visited()
            case "used":
                return Used()
            case "check":
                old = self.staging.live.id if self.staging.live else release
                stand = Stand(("login", "shelf")[choice % 2], choice % 3 > 0, "answers", self.now, choice % 4 > 0)
                return CheckSeen(old if choice % 5 else release, stand)
            case "check dropped":
                return ChecksDropped(frozenset({"login"}))
            case "found":
                return Found(a_finding(list(Cause)[choice % len(Cause)], str(choice)), "i1" if choice % 7 == 6 else "")
            case "mute":
                return Mute("UBOB", ("", "login")[choice % 2], self.now + timedelta(minutes=choice))
            case "unmute":
                return Mute("UBOB", "", None)
            case "push" if not self.staging.deleted_at:
                self.deploys += 1
                commit = f"{self.deploys:040x}"
                return a_deploy(f"r{self.deploys}", commit, actor=PUSH, head=commit, push=Push(1, ("Bob",)))
            case "withheld":
                return Withheld(f"{self.deploys + choice:040x}", Push(1, ("Bob",)), "it is guarded")
            case "branch ended":
                return BranchEnded(Ending.MERGED, "Alice")
            case "branch back":
                return BranchBack()
            case "freeze":
                return Freeze("UBOB", bool(choice % 2))
            case "keep":
                return Keep("UBOB", bool(choice % 2))
            case "rollback" if self.staging.live:
                self.deploys += 1
                return Rollback("UBOB", f"r{self.deploys}", self.staging.live, self.now)
            case _:
                return Tick()

    def snapshot(self, choice: int) -> StagingStatus:
        """Two workloads of the newest release. It serves once both are ready; until then the live one does, or none."""
        release, live = self.staging.attempt.id, self.staging.live
        states = [list(WorkloadState)[choice % 3], list(WorkloadState)[choice // 3 % 3]]
        workloads = tuple(a_workload(state, release, name) for state, name in zip(states, ("web", "api"), strict=True))
        if all(state is WorkloadState.READY for state in states):
            self.ready.add(release)
            return StagingStatus("s1", release, workloads, release, workloads)
        older = live.id if live and choice // 9 % 3 else None
        well = a_workload(list(WorkloadState)[choice // 27 % 3], older or "", "web")
        return StagingStatus("s1", release, workloads, older, workloads if older == release else (well,))

    def check(self, before: Staging, event: Event, decision: Decision) -> None:
        after = self.staging = decision.staging
        assert after.revision == before.revision + (after != before)
        assert before.phase is not Phase.DELETED or after == before
        assert after.wake_at == next_wake(after, POLICY)
        assert not isinstance(event, Tick) or after.wake_at is None or after.wake_at > self.now
        assert after.phase is before.phase or Target.CARD in decision.targets
        assert not decision.releases or Target.PROGRESS in decision.targets
        assert not decision.notices or decision.what or isinstance(event, Visited | Withheld)
        if after.phase in (Phase.DELETING, Phase.DELETED) and before.phase not in (Phase.DELETING, Phase.DELETED):
            assert isinstance(event, Delete) or (before.expires_at and self.now >= before.expires_at)
        if after.resting or after.waking:
            assert not any(notice.kind is NoticeKind.BROKEN for notice in decision.notices)
            assert not after.broken_since
        self.check_releases(decision, isinstance(event, Wake | Wiped))
        for notice in decision.notices:
            json.dumps(facts_json(notice.facts))
            self.notices.append((after.attempt.id, notice))
        self.check_notices()

    def check_releases(self, decision: Decision, again: bool) -> None:
        """`again`: what never was live may be tried once more."""
        for release in decision.releases:
            was = self.stages.get(release.id)
            assert was is not Stage.LIVE and (again or was is not Stage.SUPERSEDED), "it had ended for good"
            assert release.stage is not Stage.LIVE or release.id in self.ready
            assert release.stage.under_way == (release.ended_at is None)
            self.stages[release.id] = release.stage
        newest = decision.staging.attempt
        assert self.stages[newest.id] is newest.stage, "what is saved of it is what the staging says"
        assert all(not stage.under_way for id, stage in self.stages.items() if id != newest.id)

    def check_notices(self) -> None:
        told = Counter((release, notice.kind) for release, notice in self.notices)
        assert all(count == 1 for (_, kind), count in told.items() if kind is NoticeKind.LIVE)
        warnings = Counter((n.where, n.facts["expires_at"]) for _, n in self.notices if n.kind is NoticeKind.EXPIRING)
        most = {Where.THREAD: 1, Where.OWNER: 2}
        assert all(count <= most[where] for (where, _), count in warnings.items()), "each warning once for each expiry"
        self.check_alerts([n for _, n in self.notices if n.where in (Where.ALERTS, Where.ALERT_EDIT)])
        ends = [n.kind for _, n in self.notices if n.kind is NoticeKind.DELETED and n.where is Where.THREAD]
        assert len(ends) <= 1

    def check_alerts(self, alerts: list[Notice]) -> None:
        there = is_open = False
        for notice in alerts:
            if notice.where is Where.ALERTS:
                assert not is_open, "each alert is closed before the next one"
                there = True
            assert there, "only what was sent is edited"
            assert is_open or notice.kind is NoticeKind.BROKEN, "it is closed once"
            is_open = notice.kind is NoticeKind.BROKEN


NOT_OF_A_STAGING = {NoticeKind.ANSWER, NoticeKind.OUTAGE, NoticeKind.OUTAGE_OVER, NoticeKind.IDLE, NoticeKind.INCIDENT}
NOT_OF_A_STAGING |= {NoticeKind.NOT_MADE, NoticeKind.FORK}
GO_LIVE = [("applied", 0.5, 0), ("snapshot", 0.5, 4), ("url", 0.5, 0)]


@settings(max_examples=150)
@given(st.lists(STEPS, min_size=20, max_size=50))
@example([*GO_LIVE, ("snapshot", 2, 9), ("wait for the clock", 0, 0), ("snapshot", 5, 4), ("wait for the clock", 0, 0)])
@example([*GO_LIVE, ("wait for the clock", 0, 0), ("extend", 30, 24), ("wait for the clock", 0, 0), ("tick", 3600, 0)])
@example([("fail", 2, 0), ("deploy", 2, 1), ("snapshot", 2, 2), ("snapshot", 2, 4), ("url", 2, 0), ("delete", 2, 0)])
def test_a_life(steps: list[tuple[str, float, int]]) -> None:
    created = decide(None, a_deploy("r1"), POLICY, NOW)
    life = Life(created.staging, stages={"r1": Stage.QUEUED})
    for step in [*GO_LIVE[: len(steps) % 4], *steps]:
        life.step(*step)


def test_lives_do_get_somewhere() -> None:
    """The walk's own check: the steps above reach every phase and every kind of notice."""
    life = Life(decide(None, a_deploy("r1"), POLICY, NOW).staging, stages={"r1": Stage.QUEUED})
    phases = {life.staging.phase}
    way = [*GO_LIVE, ("snapshot", 2, 9), ("wait for the clock", 0, 0), ("snapshot", 9, 4), ("wait for the clock", 0, 0)]
    way += [("sleep", 1, 0), ("slept", 1, 0), ("visited", 1, 0), ("visited", 1, 0), ("wake", 1, 0), ("applied", 1, 0)]
    way += [("snapshot", 1, 2), ("sleep", 1, 0), ("slept", 1, 0), ("wake", 1, 0), *GO_LIVE, ("reset", 1, 0)]
    way += [("slept", 1, 0), ("wiped", 1, 0), *GO_LIVE, ("push", 1, 0), *GO_LIVE, ("withheld", 1, 1)]
    way += [("branch ended", 1, 0), ("branch back", 1, 0)]
    way += [("sleep", 1, 0), ("gone", 1, 0), ("wake", 1, 0), ("wiped", 1, 0), *GO_LIVE]
    way += [("deploy", 1, 1), ("image", 1, 0), ("fail", 1, 0), *2 * [("wait for the clock", 0, 0)], ("used", 3550, 0)]
    way += [*2 * [("wait for the clock", 0, 0)], ("gone", 1, 0)]
    for step in way:
        life.step(*step)
        phases.add(life.staging.phase)
    assert phases == set(Phase)
    assert {notice.kind for _, notice in life.notices} == set(NoticeKind) - NOT_OF_A_STAGING
