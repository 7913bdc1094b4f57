"""The whole service against a small model, by whatever order of wishes, reports, repetitions, faults and crashes.

`make test` walks a few lives, the same each time; `make test-crash` walks 500.
"""

import asyncio
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from builders import NOW
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from life_model import Life, Report
from service_world import KINDS, POINTS, TTL, World
from structlog.testing import capture_logs

from bot.domain import commands
from bot.domain.errors import UserError
from bot.domain.events import NoticeKind, Where
from bot.domain.model import Desired, Phase, Staging, WitnessOf
from bot.domain.status import StagingStatus, WorkloadState, WorkloadStatus
from bot.domain.witness import AT_ONCE as AT_MOST
from bot.meaning import Asked
from bot.ports import ProbeResult
from bot.service import Repeated
from bot.store.homes import LOOKED_AT_FOR
from bot.store.migrate import migrate
from bot.store.queue import Claim

T = TypeVar("T")
PEOPLE, BRANCHES = ("U01ALICE", "U02BOB", "U03CAROL"), ("main", "feature", "with-data")
READY, PROGRESSING = WorkloadState.READY, WorkloadState.PROGRESSING
ANY, AT_ONCE, SOMEBODY = st.integers(0, 3), st.booleans(), st.sampled_from(PEOPLE)
LANES = ((Where.THREAD,), (Where.OWNER,), (Where.ALERTS, Where.ALERT_EDIT, Where.ALERT_THREAD))
DATABASE: Path  # a migrated one, which each machine copies
REACHED: Counter[str] = Counter()  # phases at the end of a walk, kinds of notices, releases


class Lives(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="octopod-lives-"))
        self.runner = asyncio.Runner()
        self.world = World(self.folder, DATABASE)
        self.do(self.world.open())
        self.lives: dict[str, Life] = {}
        self.serving: dict[str, str] = {}
        self.lookers: dict[str, datetime] = {}
        self.claims: list[tuple[str, Claim]] = []
        self.asked: list[tuple[Asked, Any]] = []
        self.logs = capture_logs()
        self.said = self.logs.__enter__()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    # --- people

    @initialize(branches=st.lists(st.sampled_from(BRANCHES), min_size=1, max_size=2, unique=True))
    def begin(self, branches: Sequence[str]) -> None:
        """Most lives begin the usual way: deployed, ready, live."""
        for branch in branches:
            self.deploy(branch, None, PEOPLE[0], False, True)
        for which in range(len(self.lives)):
            self.report(which, READY, False, True, True)

    @rule(
        branch=st.sampled_from(BRANCHES),
        name=st.sampled_from([None, None, "pay"]),
        who=SOMEBODY,
        pushed=st.booleans(),
        at_once=AT_ONCE,
    )
    def deploy(self, branch: str, name: str | None, who: str, pushed: bool, at_once: bool) -> None:
        self.world.neighbours.newest[branch] += pushed
        asked = self.world.ask(who)
        command = commands.Deploy(branch, name)
        self.do(self.world.service.accept(asked, command))
        self.asked.append((asked, command))
        self._then(at_once)

    @precondition(lambda self: self.lives)
    @rule(which=ANY, hours=st.sampled_from([-1, 1, 4, 24]), who=SOMEBODY)
    def extend(self, which: int, hours: int, who: str) -> None:
        life, asked = self._one(which), self.world.ask(who)
        until = self.world.now + timedelta(hours=hours)
        try:
            self.do(self.world.service.extend(asked, life.id, until=until))
        except UserError:
            assert life.absent
        else:
            self.asked.append((asked, (life.id, until)))
            life.extended(until, self.world.now)

    @precondition(lambda self: self.lives)
    @rule(which=ANY, who=SOMEBODY, now=st.booleans(), at_once=AT_ONCE)
    def delete(self, which: int, who: str, now: bool, at_once: bool) -> None:
        life, asked = self._one(which), self.world.ask(who)
        data = bool(self._staging(life.id).claims)
        try:
            self.do(self.world.service.delete(asked, life.id, now=now))
        except UserError:
            assert life.gone
        else:
            life.deleted(self.world.now, data, at_once=now)
        self._then(at_once)

    @precondition(lambda self: self.lives)
    @rule(which=ANY, who=SOMEBODY, wish=st.sampled_from(["sleep", "wake", "undo", "reset"]), at_once=AT_ONCE)
    def way_back(self, which: int, who: str, wish: str, at_once: bool) -> None:
        life, asked = self._one(which), self.world.ask(who)
        try:
            self.do(getattr(self.world.back, wish)(asked, life.id))
            granted = True
        except UserError:
            granted = False
        expected = not life.gone and self._expected(life, wish)
        assert granted == expected, (wish, life)
        self._then(at_once)

    def _expected(self, life: Life, wish: str) -> bool:
        match wish:
            case "sleep":
                return life.slept_by(self.world.now)
            case "reset":
                return life.reset()
            case _:
                return life.woken(wish == "undo", self.world.now)

    @precondition(lambda self: self.lives)
    @rule(which=ANY, who=SOMEBODY, at_once=AT_ONCE)
    def rollback(self, which: int, who: str, at_once: bool) -> None:
        life, asked = self._one(which), self.world.ask(who)
        found = life.goes_back_to()
        try:
            after = self.do(self.world.back.rollback(asked, self._staging(life.id), None))
        except UserError:
            assert life.gone or life.absent or found is None
        else:
            assert found and (after.attempt.copy_of, int(after.attempt.commit, 16)) == found
            life.deployed(after.attempt.id, found[1], self.world.now, copy_of=found[0])
        self._then(at_once)

    @precondition(lambda self: self.lives)
    @rule(which=ANY)
    def visit(self, which: int) -> None:
        life = self._one(which)
        self.do(self.world.back.visited(self._staging(life.id)))
        life.opened()

    @rule(at_once=st.booleans())
    def engine_is_slow(self, at_once: bool) -> None:
        self.world.neighbours.sleeps_at_once = at_once

    @precondition(lambda self: self.lives)
    @rule(which=ANY, visited=st.booleans())
    def comes_to_rest(self, which: int, visited: bool) -> None:
        life = self._one(which)
        if not life.resting:
            return
        self.do(self.world.service.statuses([StagingStatus(life.id, life.release, asleep=True)]))
        life.lost = False
        life.at_rest()
        if visited:
            self.visit(which)

    @precondition(lambda self: self.lives)
    @rule(which=ANY, who=SOMEBODY, stale=st.booleans())
    def retry(self, which: int, who: str, stale: bool) -> None:
        life = self._one(which)
        release = "another" if stale else life.release
        try:
            self.do(self.world.service.retry(self.world.ask(who), life.id, release))
        except UserError:
            assert stale or life.phase is not Phase.FAILED
        else:
            assert not stale and life.phase is Phase.FAILED

    @precondition(lambda self: self.lives)
    @rule(which=ANY, who=SOMEBODY, at_once=AT_ONCE)
    def try_it_with_fresh_data(self, which: int, who: str, at_once: bool) -> None:
        """A throw-away staging is made, of which nobody is told; no life goes otherwise for that."""
        life = self._one(which)
        try:
            self.do(self.world.service.witnessing.check(self.world.ask(who), life.id, WitnessOf.SAME_COMMIT))
        except UserError:
            return
        assert life.phase is Phase.BROKEN
        REACHED["witnesses"] += 1
        self._then(at_once)

    @rule(state=st.sampled_from(WorkloadState), at_once=AT_ONCE)
    def report_of_witnesses(self, state: WorkloadState, at_once: bool) -> None:
        for one in self._witnesses():
            workload = _workload(one.attempt.id, state)
            serving = one.attempt.id if state is READY else one.serving
            status = StagingStatus(one.id, one.attempt.id, (workload,), serving, (workload,))
            self.do(self.world.service.statuses([status]))
        self._then(at_once)

    @rule(who=SOMEBODY)
    def look_at_home(self, who: str) -> None:
        self.do(self.world.service.home_opened(who))
        self.lookers[who] = self.world.now

    @precondition(lambda self: self.asked)
    @rule(which=ANY)
    def repeat(self, which: int) -> None:
        """Slack sends the same once more."""
        asked, wish = self.asked[-1 - which % len(self.asked)]
        with pytest.raises((Repeated, UserError)):
            if isinstance(wish, commands.Deploy):
                self.do(self.world.service.accept(asked, wish))
            else:
                self.do(self.world.service.extend(asked, wish[0], until=wish[1] + timedelta(days=2)))

    # --- the engine, the prober and the clock

    @precondition(lambda self: self.lives)
    @rule(which=ANY, state=st.sampled_from(WorkloadState), old=st.booleans(), well=st.booleans(), at_once=AT_ONCE)
    def report(self, which: int, state: WorkloadState, old: bool, well: bool, at_once: bool) -> None:
        """Stale ones too, and of stagings that are gone; what is ready serves."""
        life = self._one(which)
        release = life.live if old and life.live else life.release
        if state is READY:
            self.serving[life.id] = release
        serving = self.serving.get(life.id)
        workload = _workload(release, state)
        of_serving = workload if serving == release else _workload(serving or "", READY if well else PROGRESSING)
        said = Report(release, state, serving, of_serving.ready > 0)
        status = StagingStatus(life.id, release, (workload,), serving, (of_serving,) if serving else ())
        self.do(self.world.service.statuses([status]))
        life.reported(said, self.world.now)
        self._then(at_once)

    @precondition(lambda self: self.lives)
    @rule(which=ANY, listed=st.booleans())
    def vanish(self, which: int, listed: bool) -> None:
        """The engine says that it is gone, or lists all others only."""
        life = self._one(which)
        self.serving.pop(life.id, None)
        if listed:
            held = {one.id for one in self.lives.values() if one is not life}
            self.do(self.world.service.synced(held))
        else:
            self.do(self.world.service.statuses([StagingStatus(life.id, None, present=False)]))
        life.vanished(self.world.now)

    @rule(ok=st.booleans())
    def urls(self, ok: bool) -> None:
        self.world.neighbours.result = ProbeResult(ok, "200 OK" if ok else "404", final=not ok)

    @rule(seconds=st.sampled_from([1, 4, 5, 6, 60, 3600, 2 * 3600]))
    def time(self, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)
        data = {life.id: bool(self._staging(life.id).claims) for life in self.lives.values()}
        self.do(self.world.service.tick())
        for life in self.lives.values():
            life.ticked(self.world.now, data[life.id])

    # --- several of these in a row, which chance alone would seldom do

    @rule(branch=st.sampled_from(BRANCHES), state=st.sampled_from([READY, WorkloadState.FAILED]))
    def release(self, branch: str, state: WorkloadState) -> None:
        self.deploy(branch, None, PEOPLE[1], True, True)
        there = [which for which in range(len(self.lives)) if self._one(which).branch == branch]
        if there:
            self.report(there[0], state, False, True, True)

    @precondition(lambda self: self.lives)
    @rule(which=ANY, recovers=st.booleans(), tried=st.booleans())
    def breaks(self, which: int, recovers: bool, tried: bool) -> None:
        self.report(which, PROGRESSING, True, False, True)
        self.time(6)
        if tried:
            self.try_it_with_fresh_data(which, PEOPLE[0], True)
            self.report_of_witnesses(READY, True)
        if recovers:
            self.report(which, READY, True, True, True)
            self.time(6)

    @precondition(lambda self: self.lives)
    @rule(which=ANY, wakes=st.sampled_from([READY, WorkloadState.FAILED, None]))
    def sleeps(self, which: int, wakes: WorkloadState | None) -> None:
        """And wakes, well or not; or is lost."""
        self.way_back(which, PEOPLE[2], "sleep", True)
        self.comes_to_rest(which, wakes is not READY)
        if wakes is None:
            return self.vanish(which, False)
        self.way_back(which, PEOPLE[2], "wake", True)
        self.report(which, wakes, False, True, True)

    # --- the worker, and what it has to live with

    @rule(kind=st.sampled_from(KINDS))
    def claim(self, kind: str) -> None:
        """What is due is taken now, and done whenever it is done."""
        self.claims += [(kind, claim) for claim in self._claimed(kind)]

    @precondition(lambda self: self.claims)
    @rule(which=ANY, point=st.sampled_from(["", "", "", *POINTS]))
    def perform(self, which: int, point: str) -> None:
        """The bot may be killed at a point on the way."""
        self.world.kill_at = point
        self._perform(*self.claims.pop(which % len(self.claims)))
        self.world.kill_at = ""

    @rule(kinds=st.permutations(KINDS))
    def work(self, kinds: Sequence[str]) -> None:
        for kind in kinds:
            for claim in self._claimed(kind):
                self._perform(kind, claim)

    @rule(fault=st.sampled_from(["before", "lost", "later"]))
    def trouble_in_slack(self, fault: str) -> None:
        self.world.chat.fault = fault

    @rule()
    def restart(self) -> None:
        self.claims = []
        self.do(self.world.restart())

    # --- what must hold

    @invariant()
    def the_service_is_where_the_model_is(self) -> None:
        """Phase, expiry, and a journal line for each change."""
        seen, lines = self.do(self.world.facts())
        ours = {life.id: (life.phase, life.expires, life.journal) for life in self.lives.values()}
        found = {one.id: (one.phase, one.expires_at, lines[one.id]) for one in seen if not one.witness_for}
        assert found == ours

    @invariant()
    def nobody_sees_a_witness_and_none_stays(self) -> None:
        there = [one for one in self._witnesses() if one.desired is Desired.PRESENT]
        assert len(there) <= AT_MOST
        assert all(self.world.now < one.created_at + timedelta(minutes=6) for one in there)
        hidden = "(SELECT id FROM stagings WHERE witness_for != '')"
        assert self.do(self.world.rows(f"SELECT id FROM notices WHERE staging_id IN {hidden}")) == []
        kinds = self.do(self.world.rows(f"SELECT DISTINCT kind FROM targets WHERE staging_id IN {hidden}"))
        assert kinds in ([], [("engine",)])
        assert {one.id for one in self.do(self.world.service.looking.present())} <= self.lives.keys()

    @invariant()
    def nothing_is_sent_twice_or_out_of_order(self) -> None:
        chat = self.world.chat
        assert all(count == 1 for count in [*chat.posted.values(), *chat.private.values()])
        for life in self.lives.values():
            for wanted, sent in self._lanes(life):
                assert sent == wanted[: len(sent)]

    @invariant()
    def nothing_is_a_bug(self) -> None:
        bad = [line for line in self.said if line["log_level"] == "error"]
        assert not bad, bad

    def teardown(self) -> None:
        """Everything comes to its end, and every staging can be deleted."""
        try:
            self.world.now += timedelta(minutes=2)  # wishes wait for a deletion for a minute, then are refused
            self._settled()
            self._reached()
            for life in self.lives.values():
                if not life.gone:
                    self.do(self.world.service.delete(self.world.ask("U02BOB"), life.id, now=True))
                    life.deleted(self.world.now, data=False, at_once=True)
                self.do(self.world.service.statuses([StagingStatus(life.id, None, present=False)]))
                life.vanished(self.world.now)
            self._settled()
            assert all(life.phase is Phase.DELETED for life in self.lives.values())
            self.the_service_is_where_the_model_is()
        finally:
            self.logs.__exit__(None, None, None)
            self.do(self.world.close())
            self.runner.close()
            shutil.rmtree(self.folder)

    # --- helpers

    def _reached(self) -> None:
        """For the walk's own check: lives that stay at their beginning would prove nothing."""
        REACHED["lives"] += len(self.lives)
        REACHED["releases"] += sum(life.number for life in self.lives.values())
        REACHED.update(life.phase for life in self.lives.values())
        REACHED.update(f"told: {kind}, {where}" for life in self.lives.values() for kind, where in life.told)

    def _then(self, at_once: bool) -> None:
        if at_once:
            self.work(KINDS)

    def _one(self, which: int) -> Life:
        """The newest ones more often than those long gone."""
        lives = list(self.lives.values())
        return lives[-1 - which % len(lives)]

    def _staging(self, id: str) -> Staging:
        found = self.do(self.world.service.looking.staging(id))
        assert found
        return found.staging

    def _witnesses(self) -> Sequence[Staging]:
        return [one for one in self.do(self.world.facts())[0] if one.witness_for and not one.deleted_at]

    def _perform(self, kind: str, claim: Claim) -> None:
        """And let the model know what follows. Whoever was killed, or lost the claim, has decided nothing."""
        before = self.do(self.world.rows("SELECT id, attempt_id FROM stagings"))
        of_witness = kind == "engine" and claim.staging not in self.lives
        stage = self._stage(claim) if kind == "engine" and not of_witness else ""
        if not self.do(self.world.perform(kind, claim)):
            self.claims = []
            return
        if of_witness:
            return
        if kind == "requests":
            self._granted(dict(before))
        elif kind == "engine":
            self._reconciled(self.lives[claim.staging], stage)
        elif kind == "finding":
            self.lives[claim.staging].explained()

    def _claimed(self, kind: str) -> Sequence[Claim]:
        """In an order that does not depend on random ids."""
        order = {id: number for number, id in enumerate(self.lives)}
        claims = self.do(self.world.claim(kind))
        return sorted(claims, key=lambda claim: (order.get(claim.staging, -1), claim.table, str(claim.key[1:])))

    def _stage(self, claim: Claim) -> str:
        life = self.lives[claim.staging]
        if life.resting:
            return "wipe" if life.empties and life.rests and not life.absent else "rest"
        return "absent" if life.absent else life.waking or life.stage

    def _reconciled(self, life: Life, stage: str) -> None:
        if stage == "rest" and self.world.neighbours.sleeps_at_once:
            life.at_rest()
        elif stage == "wipe":
            life.wiped(self.world.now)
        elif stage == "ready":
            life.answered() if self.world.neighbours.result.ok else life.failed()
        elif stage == "queued" or (stage == "applied" and life.waking):
            life.applied()

    def _granted(self, before: dict[str, str]) -> None:
        """A request came through: which release came of it is the service's choice, all else the model's."""
        for id, release in self.do(self.world.rows("SELECT id, attempt_id FROM stagings ORDER BY created_at, id")):
            if before.get(id) == release:
                continue
            staging = self._staging(id)
            commit = int(staging.attempt.commit, 16)
            assert commit == self.world.neighbours.newest[staging.branch]
            assert staging.attempt.actor in PEOPLE
            if id in self.lives:
                life = self.lives[id]
                assert not (life.absent and not life.undo_until) and not life.nothing_new(commit)
                assert life.slept_at is None or life.slept_at <= staging.attempt.requested_at
                life.deployed(release, commit, self.world.now)
            else:
                twins = [one for one in self.lives.values() if one.branch == staging.branch and not one.gone]
                assert staging.name in ("pay", staging.branch) or twins
                assert not any(self._took_back(one, staging) for one in self.lives.values())
                assert staging.name not in {one.name for one in self.lives.values() if not one.gone}
                self.lives[id] = Life(id, staging.name, staging.branch, release, commit, self.world.now + TTL)

    def _took_back(self, life: Life, staging: Staging) -> bool:
        """Somebody had asked for the end of this very staging after the deploy was asked for."""
        same = (life.name, life.branch) == (staging.name, staging.branch)
        return same and life.unwanted_at is not None and life.unwanted_at > staging.attempt.requested_at

    def _lanes(self, life: Life) -> Iterator[tuple[list[Any], list[Any]]]:
        """What must be told there in the end, and what has been. Lanes do not wait for each other."""
        told = [(kind, where) for id, kind, where in self.world.chat.told if id == life.id]
        for lane in LANES:
            yield [each for each in life.told if each[1] in lane], [each for each in told if each[1] in lane]

    def _settled(self) -> None:
        """All that is due is done; then everything must have been told and shown as it is."""
        self.world.chat.fault = ""
        self.do(self.world.restart() if self.claims else self.world.free())
        self.claims = []
        for _ in range(60):
            claims = [(kind, claim) for kind in KINDS for claim in self._claimed(kind)]
            for kind, claim in claims:
                self._perform(kind, claim)
            if not claims and not self._waiting():
                break
            self.world.now += timedelta(seconds=0 if claims else 0.1)
        else:
            raise AssertionError("it never settles")
        self._all_is_told()

    def _waiting(self) -> bool:
        """Wishes wait for the end of a deletion, which waits for the engine; all else ends by itself."""
        open_targets = "SELECT 1 FROM targets WHERE wanted > done"
        return bool(self.do(self.world.rows(open_targets)))

    def _all_is_told(self) -> None:
        chat = self.world.chat
        for life in self.lives.values():
            assert all(sent == wanted for wanted, sent in self._lanes(life))
            assert chat.posted[f"card-{life.id}"] == 1
            assert chat.shown[f"card-{life.id}"] == life.phase
            for release, stage in {**life.releases, life.release: life.stage}.items():
                shown = chat.shown.get(f"progress-{release}")
                assert shown == stage or (stage == "superseded" and shown is None), (release, shown, stage)
        present = {life.id: life.phase for life in self.lives.values() if not life.gone}
        for who, since in self.lookers.items():
            assert chat.homes[who] == present or self.world.now > since + LOOKED_AT_FOR
        assert sum(w is Where.THREAD for _, _, w in chat.told) == sum(
            where is Where.THREAD for life in self.lives.values() for _, where in life.told
        )


def _workload(release: str, state: WorkloadState) -> WorkloadStatus:
    return WorkloadStatus("Deployment", "web", release, state, 1, int(state is READY), NOW, "no" * (state is not READY))


@pytest.fixture
def database(tmp_path: Path) -> None:
    global DATABASE
    asyncio.run(migrate(f"sqlite+aiosqlite:///{tmp_path / 'octopod.db'}"))
    DATABASE = tmp_path / "octopod.db"


# What such a life is told; what branches, use, CI and projects tell is not walked here.
TOLD = {
    NoticeKind.LIVE,
    NoticeKind.FAILED,
    NoticeKind.EXPIRING,
    NoticeKind.DELETED,
    NoticeKind.BROKEN,
    NoticeKind.RECOVERED,
    NoticeKind.SLEPT,
    NoticeKind.VISITED,
    NoticeKind.AWAKE,
    NoticeKind.NOT_AWAKE,
    NoticeKind.LOST,
}
usual = settings(suppress_health_check=list(HealthCheck), database=None, print_blob=True)


def test_a_few_lives(database: None) -> None:
    run_state_machine_as_test(Lives, settings=settings(usual, max_examples=5, stateful_step_count=20, derandomize=True))


@pytest.mark.crash
@pytest.mark.timeout(2400)
def test_five_hundred_lives(database: None) -> None:
    REACHED.clear()
    chosen = seed(int(os.environ.get("OCTOPOD_TEST_SEED") or 0))  # which lives; without a seed always these
    run_state_machine_as_test(chosen(Lives), settings=settings(usual, max_examples=500, stateful_step_count=12))
    print("\n".join(f"{count:>9,} {what}" for what, count in sorted(REACHED.items())))
    assert REACHED["lives"] >= 500, "most walks ended early"
    assert REACHED["witnesses"] >= 5
    on_the_way = {Phase.ROLLING_OUT, Phase.WAITING, Phase.FALLING_ASLEEP, Phase.WAKING, Phase.RESETTING}
    assert {*Phase} - on_the_way <= REACHED.keys()
    assert {what.removeprefix("told: ").partition(",")[0] for what in REACHED} >= TOLD
