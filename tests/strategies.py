"""Any staging, event and snapshot, for property tests: every combination of the stored axes, sensible or not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from builders import NOW, URL, a_commit
from hypothesis import strategies as st

from bot.domain.checks import Stand
from bot.domain.configuration import Overrides, Secret
from bot.domain.events import (
    Applied,
    BranchBack,
    BranchEnded,
    BuildSeen,
    ChecksDropped,
    CheckSeen,
    Delete,
    Deploy,
    Event,
    Extend,
    FilesReady,
    Found,
    Freeze,
    ImageMissing,
    Keep,
    Mute,
    PullSeen,
    Push,
    ReleaseFailed,
    Reset,
    Rollback,
    Sleep,
    Slept,
    StatusSeen,
    Tick,
    UrlAnswered,
    Used,
    Visited,
    Wake,
    Wiped,
    Withheld,
)
from bot.domain.evidence import Author, Symptom
from bot.domain.finding import Cause, Confidence, Finding
from bot.domain.hearsay import CiRun, CiState
from bot.domain.hours import Hours
from bot.domain.model import CLOCK, Build, Desired, Ending, Health, Pull, Release, Stage, Staging, WorkloadProgress
from bot.domain.policy import Policy
from bot.domain.status import Sign, SignKind, StagingStatus, WorkloadState, WorkloadStatus

WEEK = 7 * 24 * 3600
IDS = ("r1", "r2", "r3")

moments = st.integers(-WEEK, WEEK).map(lambda seconds: NOW + timedelta(seconds=seconds))
maybe_moments = st.none() | moments
texts = st.sampled_from(
    ["", "exit code 1", "Ünïcode ☃ 🐙", "'; DROP TABLE stagings; --", "two\nlines", "100 %_", "\x00"]
)
reasons = texts
lines = st.sampled_from([(), ("Traceback",), ("one", "", "Ünïcode ☃")])
images = st.sampled_from(["", "registry.example.com/acme/shop:1", "Ünïcode ☃"])
policies = st.builds(
    Policy,
    ttl=st.none() | st.sampled_from([timedelta(minutes=1), timedelta(hours=1), timedelta(days=3)]),
    probes=st.booleans(),
    undo=st.sampled_from([timedelta(), timedelta(minutes=15)]),
    hours=st.sampled_from([None, Hours("Europe/Berlin", frozenset(range(5)), 480, 1080)]),
)
envs = st.dictionaries(st.sampled_from(["A", "B"]), texts, max_size=2)
values = st.dictionaries(st.sampled_from(["web", "a.b"]), st.none() | st.integers(0, 2) | texts, max_size=2)
secrets = st.dictionaries(
    st.sampled_from(["KEY", "B"]),
    st.builds(Secret, place=st.sampled_from(["", "env:KEY", "payments/key"]), sealed=texts, mark=texts),
    max_size=2,
)
overrides = st.builds(Overrides, st.sampled_from([(), ("live",), ("live", "many")]), envs, values, secrets)

builds = st.none() | st.builds(
    Build,
    st.builds(
        CiRun,
        commit=st.just(a_commit(1)),
        state=st.sampled_from(CiState),
        name=texts,
        number=st.sampled_from(["", "812"]),
        url=st.sampled_from(["", URL]),
        started_at=maybe_moments,
        at=maybe_moments,
        part=st.booleans(),
    ),
    st.none() | st.just(timedelta(minutes=9)),
)


def releases(ids: Sequence[str] = IDS) -> st.SearchStrategy[Release]:
    return st.builds(
        Release,
        id=st.sampled_from(ids),
        staging=st.just("s1"),
        number=st.integers(1, 3),
        branch=st.sampled_from(["main", "feature/PAY-12_X"]),
        commit=st.integers(1, 3).map(a_commit),
        subject=texts,
        author=texts,
        actor=st.sampled_from(["UALICE", "UBOB"]),
        requested_at=moments,
        stage=st.sampled_from(Stage),
        env=envs,
        values=values,
        secrets=secrets,
        overrides=overrides,
        files_at=maybe_moments,
        applied_at=maybe_moments,
        ready_at=maybe_moments,
        ended_at=maybe_moments,
        reason=reasons,
        details=lines,
        next_step=texts,
        awaits=images,
        awaits_until=maybe_moments,
        build=builds,
        copy_of=st.none() | st.integers(1, 3),
        workloads=st.lists(
            st.builds(WorkloadProgress, texts, st.integers(0, 3), st.integers(0, 3), reasons), max_size=2
        ).map(tuple),
    )


pulls = st.builds(Pull, number=st.integers(1, 3), title=texts, url=st.sampled_from(["", "https://host/pull/1"]))
maybe_pulls = st.none() | pulls

stands = st.builds(
    Stand,
    check=st.sampled_from(["login", "shelf", "Ünïcode ☃"]),
    ok=st.booleans(),
    text=texts,
    since=moments,
    answered=st.booleans(),
)
signs = st.builds(
    Sign, kind=st.sampled_from(SignKind), workload=st.sampled_from(["web", "api"]), at=moments, of=texts, text=texts
)
findings = st.builds(
    Finding,
    cause=st.sampled_from(Cause),
    confidence=st.sampled_from(Confidence),
    symptom=st.builds(Symptom, text=texts, since=moments, check=st.sampled_from(["", "login"]), details=lines),
    feature=texts,
    people=st.sampled_from([(), (Author("Alice", "alice@example.com", "UALICE"),)]),
    signs=st.lists(signs, max_size=1).map(tuple),
    shared=texts,
)

# The newest release may be the one that is live, or another one.
_pairs = st.one_of(
    st.tuples(releases(["r2"]), st.none()),
    st.tuples(releases(["r2"]), releases(["r1"])),
    releases(["r2"]).map(lambda release: (release, release)),
)


@st.composite
def stagings(draw: st.DrawFn) -> Staging:
    attempt, live = draw(_pairs)
    # Only what was live is woken, and not while it is to sleep.
    desired = draw(st.sampled_from(Desired))
    wakes = attempt.stage is Stage.LIVE and desired is not Desired.ASLEEP
    waking = st.none() | st.sampled_from([Stage.QUEUED, Stage.APPLIED, Stage.READY])
    return Staging(
        id="s1",
        project="shop",
        name="orange-button",
        branch=draw(st.sampled_from(["main", "feature/PAY-12_X"])),
        owner="UALICE",
        created_at=draw(moments),
        attempt=attempt,
        live=live,
        serving=draw(st.none() | st.sampled_from(IDS)),
        desired=desired,
        revision=draw(st.integers(1, 1000)),
        health=draw(st.sampled_from(Health)),
        health_reason=draw(reasons),
        health_details=draw(lines),
        unhealthy_since=draw(maybe_moments),
        healthy_since=draw(maybe_moments),
        broken_since=draw(maybe_moments),
        expires_at=draw(maybe_moments),
        reminded_for=draw(maybe_moments),
        warned_for=draw(maybe_moments),
        urls=draw(st.sampled_from([{}, {"web": URL}, {"web": URL, "api": "https://orange-api.example.com"}])),
        claims=draw(st.sampled_from([(), ("data",), ("cache", "data")])),
        deleted_by=draw(st.none() | st.just("UBOB")),
        delete_reason=draw(reasons),
        delete_asked_at=draw(maybe_moments),
        deleted_at=draw(st.none() | st.none() | moments),
        look_at=draw(maybe_moments),
        wake_at=draw(maybe_moments),
        slept_by=draw(st.sampled_from([None, "UBOB", CLOCK])),
        sleep_asked_at=draw(maybe_moments),
        asleep_at=draw(maybe_moments),
        visited_at=draw(maybe_moments),
        waking=draw(waking if wakes else st.none()),
        woken_by=draw(st.none() | st.just("UBOB")),
        wake_asked_at=draw(maybe_moments),
        reset_at=draw(maybe_moments),
        undo_until=draw(maybe_moments),
        last_number=draw(st.integers(0, 5)),
        good=draw(st.none() | st.integers(1, 3)),
        head=draw(st.sampled_from(["", a_commit(1), a_commit(2)])),
        frozen=draw(st.booleans()),
        kept=draw(st.booleans()),
        branch_ended=draw(st.none() | st.sampled_from(Ending)),
        branch_ended_by=draw(st.sampled_from(["", "Alice"])),
        pull=draw(maybe_pulls),
        lost=draw(st.sampled_from([None, None, (), ("data",)])),
        last_used_at=draw(maybe_moments),
        in_use_since=draw(maybe_moments),
        turns_at=draw(maybe_moments),
        engine_health=draw(st.sampled_from(Health)),
        engine_reason=draw(reasons),
        checks=draw(st.lists(stands, max_size=3, unique_by=lambda stand: stand.check).map(tuple)),
        signs=draw(st.lists(signs, max_size=2).map(tuple)),
        finding=draw(st.none() | findings),
        alerted_at=draw(maybe_moments),
        called_at=draw(maybe_moments),
        excused_at=draw(maybe_moments),
        breaks=draw(st.integers(0, 3)),
        recovered_at=draw(maybe_moments),
        mutes=draw(st.dictionaries(st.sampled_from(["", "login", "shelf"]), moments, max_size=2)),
        well_from=draw(maybe_moments),
        unproven=draw(st.sampled_from([(), (1,)])),
        witness_for=draw(st.sampled_from(["", "", "", "s2"])),
    )


def kept() -> st.SearchStrategy[Staging]:
    """Not deleted, however it stands."""
    return stagings().map(lambda staging: replace(staging, deleted_at=None))


def wanted() -> st.SearchStrategy[Staging]:
    """Not deleted, and nobody asked for its sleep or its end."""
    return kept().map(lambda staging: replace(staging, desired=Desired.PRESENT))


_workloads = st.builds(
    WorkloadStatus,
    kind=st.just("Deployment"),
    name=st.sampled_from(["web", "api"]),
    release=st.sampled_from(IDS),
    state=st.sampled_from(WorkloadState),
    wanted=st.integers(0, 3),
    ready=st.integers(0, 3),
    since=moments,
    reason=reasons,
    log_tail=lines,
    awaits=images,
    signs=st.lists(signs, max_size=2).map(tuple),
)
_several = st.lists(_workloads, max_size=3).map(tuple)
statuses = st.builds(
    StagingStatus,
    staging=st.just("s1"),
    release=st.none() | st.sampled_from(IDS),
    workloads=_several,
    serving=st.none() | st.sampled_from(IDS),
    serving_workloads=_several,
    present=st.booleans(),
    resuming=st.booleans(),
    hanging=reasons,
    asleep=st.booleans(),
)

_of_release = st.sampled_from(IDS)
deploys = st.builds(
    Deploy,
    actor=st.just("UALICE"),
    staging=st.just("s1"),
    release=st.just("r4"),
    project=st.just("shop"),
    name=st.just("orange-button"),
    branch=st.just("main"),
    commit=st.integers(1, 3).map(a_commit),
    subject=texts,
    author=texts,
    requested_at=moments,
    urls=st.just({"web": URL}),
    env=envs,
    values=values,
    secrets=secrets,
    overrides=overrides,
    changed=texts,
    head=st.sampled_from(["", a_commit(1), a_commit(2)]),
    push=st.none() | st.just(Push(2, ("Bob",))),
)
_far = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
wishes: st.SearchStrategy[Event] = st.one_of(
    deploys,
    st.builds(Extend, actor=st.just("UBOB"), until=st.none() | moments | _far, by=st.none() | st.timedeltas()),
    st.builds(Delete, actor=st.just("UBOB"), reason=reasons, now=st.booleans()),
    st.builds(Rollback, actor=st.just("UBOB"), release=st.just("r4"), former=releases(["r1"]), requested_at=moments),
    st.sampled_from([Sleep("UBOB"), Wake("UBOB"), Wake("UBOB", undo=True), Reset("UBOB")]),
    st.builds(Freeze, actor=st.just("UBOB"), frozen=st.booleans()),
    st.builds(Keep, actor=st.just("UBOB"), kept=st.booleans()),
    st.builds(Mute, actor=st.just("UBOB"), check=st.sampled_from(["", "login"]), until=maybe_moments),
)
reports: st.SearchStrategy[Event] = st.one_of(
    st.builds(FilesReady, release=_of_release, claims=st.sampled_from([(), ("data",)])),
    st.builds(ImageMissing, release=_of_release, image=images, trouble=texts),
    st.builds(BuildSeen, release=_of_release, build=builds, look=st.booleans()),
    st.builds(Applied, release=_of_release),
    st.builds(StatusSeen, status=statuses),
    st.builds(UrlAnswered, release=_of_release, text=texts),
    st.builds(ReleaseFailed, release=_of_release, reason=reasons, details=lines, next_step=texts),
    st.sampled_from([Slept(), Wiped(), Visited()]),
)
of_branch: st.SearchStrategy[Event] = st.one_of(
    st.builds(Withheld, head=st.integers(1, 3).map(a_commit), push=st.just(Push(2, ("Bob",))), why=texts),
    st.builds(BranchEnded, how=st.sampled_from(Ending), by=st.sampled_from(["", "Alice"])),
    st.just(BranchBack()),
    st.builds(PullSeen, pulls),
)
of_health: st.SearchStrategy[Event] = st.one_of(
    st.builds(CheckSeen, release=_of_release, stand=stands),
    st.builds(ChecksDropped, checks=st.frozensets(st.sampled_from(["login", "shelf"]))),
    st.builds(Found, finding=findings, incident=st.sampled_from(["", "i1"])),
)
events: st.SearchStrategy[Event] = st.one_of(wishes, reports, of_branch, of_health, st.sampled_from([Tick(), Used()]))
