"""Small worlds in which one thing is wrong, and what can be seen of a breakage in them.

Whoever makes a world knows what is wrong with it; what is seen are only results of checks at certain times. So it can
be told whether somebody is named who has done nothing. Nothing here knows how a finding is made.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from builders import NOW, seconds
from facts import ALICE, BOB, CAROL, LOGIN

from bot.domain.evidence import (
    NOBODY,
    Change,
    Facts,
    Former,
    Included,
    KeyChange,
    Other,
    Range,
    Says,
    Testimony,
)
from bot.domain.status import Sign, SignKind

START = NOW - seconds(3600)
EVERY = 10
END = 3600


class Wrong(StrEnum):
    COMMIT = "a commit"
    KEY = "a value of a key"
    DATA = "data"
    PROCESS = "a process"
    OUTAGE = "something that all need"
    OUTAGE_OF_KEY = "something that all with a value of a key need"


Commits = frozenset[str]
Keys = frozenset[str]
WROTE = {"b": CAROL, "m": CAROL, "f": CAROL, "o1": ALICE, "o2": BOB, "o3": ALICE, "x1": CAROL, "x2": CAROL}
OF_MAIN = ("b", "m", "f")
OTHER = ("x1", "x2")
"""Commits: `b` is where the branch began, `m` and `f` are newer ones of the baseline, `o…` of the branch, `x…` of
another that was merged into it."""


@dataclass(frozen=True)
class Put:
    """A release: put there at `at`, seen from then until `seen_until` (seconds; nobody looks after that)."""

    at: int
    seen_until: int
    commits: Commits
    keys: Keys = frozenset()
    again: bool = False


@dataclass(frozen=True)
class World:
    """`since`: when what is wrong began to be, unless that is a commit or a key. `mended`: the baseline's commit `f`
    mends the bad one. `reads`: a bad value of a key does harm only with one of these commits ((): always)."""

    wrong: Wrong
    bad: str = ""
    since: int = 0
    mended: bool = False
    reads: Commits = frozenset()
    releases: tuple[Put, ...] = ()
    main: Commits = frozenset({"b"})
    main_asked: bool = True
    base_asked: bool = True
    other_asked: bool = True
    data: bool = False
    fresh_asked: bool = False
    base_recorded: bool = False
    neighbour: bool = False

    def works(self, commits: Commits, keys: Keys, at: int, own_data: bool = False, own_process: bool = False) -> bool:
        match self.wrong:
            case Wrong.COMMIT:
                return self.bad not in commits or (self.mended and "f" in commits)
            case Wrong.KEY:
                return self.bad not in keys or not (not self.reads or commits & self.reads)
            case Wrong.DATA:
                return not own_data or at < self.since
            case Wrong.PROCESS:
                return not own_process or at < self.since
            case Wrong.OUTAGE:
                return at < self.since
            case Wrong.OUTAGE_OF_KEY:
                return self.bad not in keys or at < self.since

    @property
    def ill(self) -> Put:
        return self.releases[-1]


def moment(at: int) -> datetime:
    return START + seconds(at)


def looks(put: Put) -> Iterator[int]:
    yield from range(put.at, put.seen_until + 1, EVERY)


@dataclass(frozen=True)
class Seen:
    """What the staging's own records say."""

    number: int
    put: Put
    results: Sequence[tuple[int, bool]] = field(default_factory=tuple)

    def last(self, well: bool) -> int | None:
        return next((at for at, ok in reversed(self.results) if ok is well), None)

    def first_ill(self) -> int | None:
        return next((at for at, ok in self.results if not ok), None)


def records(world: World) -> list[Seen]:
    seen = []
    for number, put in enumerate(world.releases, 1):
        # Each release has processes of its own.
        own = put.at <= world.since <= put.seen_until
        results = [(at, world.works(put.commits, put.keys, at, own_data=True, own_process=own)) for at in looks(put)]
        seen.append(Seen(number, put, results))
    return seen


def commit(commits: Commits) -> str:
    return "-".join(sorted(commits)).encode().hex()[:40].ljust(40, "0")


def between(old: Commits, new: Commits) -> Range:
    order = [*OF_MAIN, "x1", "x2", "o1", "o2", "o3"]
    new_ones = [one for one in reversed(order) if one in new - old]
    changes = tuple(Change(commit(frozenset({one})), one, WROTE[one]) for one in new_ones)
    return Range(commit(old), commit(new), changes, len(changes))


def facts_of(world: World) -> Facts | None:
    """None: nothing is broken at the end."""
    seen = records(world)
    newest, put = seen[-1], world.ill
    if newest.results[-1][1]:
        return None
    began = _began(newest)
    base = put.commits & set(OF_MAIN)
    others = (Other("neighbour", replace(LOGIN, since=moment(world.since)), True, ()),) if _hits_others(world) else ()
    plain = Facts(
        staging="login",
        branch="feature/login",
        baseline="main",
        symptom=replace(LOGIN, since=moment(began)),
        now=moment(END),
        release=newest.number,
        commit=commit(put.commits),
        live_at=moment(put.at),
        passed_here=_moment(newest.last(well=True)),
        former=_former(seen),
        base=commit(base),
        base_says=_base(world, base),
        own=between(base, put.commits),
        behind=len(world.main - base),
        main=_says(world, world.main, frozenset()) if world.main_asked else NOBODY,
        main_has_base=base <= world.main,
        included=_included(world, base),
        same_commit=replace(_says(world, put.commits, put.keys), fresh=True) if world.fresh_asked else NOBODY,
        has_data=world.data,
        data_since=moment(world.releases[0].at) if world.data else None,
        ill_since=moment(_first_ill(seen)) if not any(ok for one in seen for _, ok in one.results) else None,
        signs=(Sign(SignKind.RESTARTED, "web", moment(world.since)),) if world.wrong is Wrong.PROCESS else (),
        others=others,
        overrides=tuple(KeyChange(key, None, "on", "UCAROL") for key in sorted(put.keys)),
    )
    return plain


def _first_ill(seen: Sequence[Seen]) -> int:
    return next(at for one in seen if (at := one.first_ill()) is not None)


def _began(newest: Seen) -> int:
    well = newest.last(well=True)
    return next(at for at, ok in newest.results if not ok and (well is None or at > well))


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)


def _hits_others(world: World) -> bool:
    """A neighbour that nobody changed needs the same, and looks at the same times."""
    return world.neighbour and world.wrong in (Wrong.OUTAGE, Wrong.OUTAGE_OF_KEY)


def _former(seen: Sequence[Seen]) -> Former | None:
    """From when it was well last, on a release that is not there any more, to when it was ill first after that."""
    told = [(one, at, ok) for one in seen for at, ok in one.results]
    good = next((place for place, (one, _, ok) in reversed([*enumerate(told)]) if ok and one is not seen[-1]), None)
    if good is None:
        return None
    old, until, _ = told[good]
    new, since = next((one, at) for one, at, ok in told[good:] if not ok)
    changed = tuple(KeyChange(key, None, "on", "UCAROL") for key in sorted(old.put.keys ^ new.put.keys))
    same = old.put.commits == new.put.commits
    return Former(
        old.number,
        commit(old.put.commits),
        moment(until),
        new.number,
        commit(new.put.commits),
        None if same else between(old.put.commits, new.put.commits),
        changed,
        moment(since),
    )


def _says(world: World, commits: Commits, keys: Keys, at: int = END) -> Testimony:
    """Of a staging with data and processes of its own, in which nothing is wrong with these."""
    well = Says.PASSES if world.works(commits, keys, at) else Says.FAILS
    differs = tuple(sorted(world.ill.keys ^ keys))
    return Testimony(well, commit(commits), differs, moment(at), moment(0))


def _base(world: World, base: Commits) -> Testimony:
    if world.base_asked:
        return replace(_says(world, base, world.ill.keys), fresh=True)
    if world.base_recorded:
        return _says(world, base, frozenset(), at=0)
    return NOBODY


def _included(world: World, base: Commits) -> tuple[Included, ...]:
    theirs = world.ill.commits & set(OTHER)
    if not theirs:
        return ()
    says = _says(world, base | theirs, world.ill.keys) if world.other_asked else NOBODY
    return (Included("feature/cart", says, between(base, base | theirs)),)


def culprits(world: World) -> Collection[str]:
    """The commits that did it, alone or with a key."""
    if world.wrong is Wrong.COMMIT:
        return {world.bad}
    return world.reads if world.wrong is Wrong.KEY else ()
