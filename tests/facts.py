"""Facts about a breakage for tests: `feature/login` fails *login* since half a minute, and nothing else is known."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from builders import NOW, seconds

from bot.domain.evidence import (
    Author,
    Change,
    Facts,
    Former,
    Included,
    KeyChange,
    Other,
    Range,
    Says,
    Symptom,
    Testimony,
)
from bot.domain.status import Sign, SignKind

BEGAN = NOW - seconds(30)
LIVE_AT = BEGAN - seconds(5)
BEFORE = BEGAN - seconds(15)
LONG_AGO = BEGAN - timedelta(days=2)

BASE, HEAD, FORMER, MAIN, LATER = ("b" * 40, "4" * 40, "3" * 40, "a" * 40, "5" * 40)
ALICE, BOB, CAROL = (
    Author(name, f"{name.lower()}@example.com", f"U{name.upper()}") for name in ("Alice", "Bob", "Carol")
)

LOGIN = Symptom("`/login` answers 500", BEGAN, "login")
CRASHES = Symptom("web: exit code 1, again and again", BEGAN, workload="web")


def a_range(*commits: tuple[str, Author], old: str = BASE, new: str = HEAD, count: int | None = None) -> Range:
    """The newest first; an id may be one digit."""
    changes = tuple(Change(_id(commit), f"Work on {commit[:1]}", author) for commit, author in commits)
    return Range(_id(old), _id(new), changes, len(changes) if count is None else count)


def _id(commit: str) -> str:
    return commit * 40 if len(commit) == 1 else commit


OWN = a_range(("4", ALICE), ("2", ALICE))
BY_BOB = a_range(("4", BOB), old=FORMER)
NONE = a_range(new=BASE)


def says(what: Says, commit: str, *differs: str, at: datetime | None = NOW, **more: Any) -> Testimony:
    return Testimony(what, commit, differs, at, more.pop("since", LONG_AGO), **more)


def passes(commit: str = MAIN, *differs: str, **more: Any) -> Testimony:
    return says(Says.PASSES, commit, *differs, **more)


def fails(commit: str = MAIN, *differs: str, **more: Any) -> Testimony:
    return says(Says.FAILS, commit, *differs, **more)


def facts(**known: Any) -> Facts:
    """Release 4 of `feature/login`, which never was well, with two commits by Alice; no data, no witnesses."""
    plain = Facts(
        staging="login",
        branch="feature/login",
        baseline="main",
        symptom=LOGIN,
        now=NOW,
        release=4,
        commit=HEAD,
        live_at=LIVE_AT,
        base=BASE,
        own=OWN,
        behind=3,
    )
    return replace(plain, **known)


def of_main(**known: Any) -> Facts:
    return facts(
        **{"staging": "main", "branch": "main", "is_baseline": True, "commit": MAIN, "base": "", "own": None, **known}
    )


def key(name: str, before: str | None = "old", after: str | None = "new", by: str = "UCAROL") -> KeyChange:
    return KeyChange(name, before, after, by)


def was_well(commits: Range | None = None, *changes: KeyChange, **more: Any) -> Former:
    """On release 3, until a quarter of a minute before; with these commits, release 4 has another one."""
    plain = Former(3, FORMER if commits else HEAD, BEFORE, 4, HEAD, commits, changes)
    return replace(plain, **more)


def includes(testimony: Testimony, branch: str = "feature/cart", commits: Range | None = None) -> Included:
    return Included(branch, testimony, commits or CART)


CART = a_range(("7", CAROL), new="7")
WITH_CART = a_range(("4", ALICE), ("7", CAROL), ("2", ALICE))


def other(
    staging: str,
    *shared: str,
    since: datetime = BEGAN,
    unchanged: bool = True,
    check: str = "login",
    excused: bool = False,
) -> Other:
    return Other(staging, Symptom("`/login` answers 500", since, check), unchanged, shared, excused)


def sign(kind: SignKind, after: float = 0, of: str = "", workload: str = "web") -> Sign:
    """`after`: seconds after the breakage began."""
    return Sign(kind, workload, BEGAN + seconds(after), of)


def named(authors: Sequence[Author]) -> str:
    return ", ".join(author.name for author in authors)
