"""What is known about a breakage: the facts from which a finding is made. Nothing here concludes anything.

Commits are 40 hex digits, times aware UTC datetimes.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.status import Sign


class Says(StrEnum):
    PASSES = "passes"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Symptom:
    """What is wrong. `check`: the name of the health check that fails first; empty: the workloads themselves are not
    well, the worst of them is `workload`. `also`: further checks that fail. `since`: of the first sign of it."""

    text: str
    since: datetime
    check: str = ""
    workload: str = ""
    also: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Testimony:
    """What a witness says of the very symptom.

    `commit`: what it runs. `differs`: keys of its configuration that differ from those of the staging that is ill.
    `at`: when it was asked last; `since`: since when it says so. `fresh`: its data was made for this question.
    `staging`: the name of the staging that says it. `why`: of UNKNOWN: why nothing is known.
    """

    says: Says = Says.UNKNOWN
    commit: str = ""
    differs: tuple[str, ...] = ()
    at: datetime | None = None
    since: datetime | None = None
    text: str = ""
    fresh: bool = False
    staging: str = ""
    why: str = ""


NOBODY = Testimony()


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote commits. `user`: their Slack id, if that is known."""

    name: str
    email: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One commit."""

    commit: str
    subject: str
    author: Author


@dataclass(frozen=True, slots=True)
class Range:
    """Commits that `new` has and `old` has not. `changes`: the newest first, at most 50, without merges;
    `count`: how many there are.
    """

    old: str
    new: str
    changes: tuple[Change, ...] = ()
    count: int = 0

    @property
    def authors(self) -> tuple[Author, ...]:
        """Each once, who wrote most of it first."""
        by = {change.author.email or change.author.name: change.author for change in self.changes}
        wrote = [change.author.email or change.author.name for change in self.changes]
        return tuple(by[key] for key in sorted(by, key=lambda key: (-wrote.count(key), wrote.index(key))))


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key of the configuration that was changed by `by`. Secrets have no values here. None: it was not there."""

    key: str
    before: str | None
    after: str | None
    by: str
    secret: bool = False
    level: str = "env"


@dataclass(frozen=True, slots=True)
class Former:
    """The newest release of the same staging on which the symptom was not there.

    `until`: when it was seen well last. `commits`: from it to the first release on which the symptom was there
    (`first_bad`), if that has another commit; `changes`: what of the configuration is different there. `bad_since`:
    when the symptom was first seen there. `brought`: those of `commits` that are the baseline's, by a merge or a
    rebase; None: it has to be told by `Facts.own`. `rewritten`: `commit` is no part of `bad_commit` any more.
    """

    number: int
    commit: str
    until: datetime
    first_bad: int
    bad_commit: str
    commits: Range | None = None
    changes: tuple[KeyChange, ...] = ()
    bad_since: datetime | None = None
    brought: Range | None = None
    rewritten: bool = False


@dataclass(frozen=True, slots=True)
class Included:
    """Another feature whose commits are among those of this staging's branch. `commits`: only those of that feature."""

    branch: str
    says: Testimony
    commits: Range


@dataclass(frozen=True, slots=True)
class Other:
    """Another staging of the project that has the same kind of trouble now, or the baseline's.

    `unchanged`: it had passed with this very release before. `shared`: what it could have in common with others: words
    such as `node worker-2`, `address payments.example.com:443`, `PAYMENTS=production`. `excused`: of that one it was
    found that the baseline has it.
    """

    staging: str
    symptom: Symptom
    unchanged: bool = False
    shared: tuple[str, ...] = ()
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known when a finding is made.

    `passed_here`: when this very release was seen without the symptom last; None: never. `former`: an earlier release
    without it. `base`: the merge base; `own`: commits from there to the release's. `behind`: how many commits the
    baseline has that the branch has not. `main`: what the baseline's staging says now; `healed`: the commit on which
    the baseline was first seen without the symptom, after a commit that had it and that the branch has.
    `same_commit`: another staging (or a throw-away one) with this very commit and configuration, with fresh data.
    `has_data`: it has data of its own; `data_since`: since when that is the same. `ill_since`: if it was never seen
    without the symptom: when it was first seen with it, on whichever release.
    `main_has_base`: what `main` runs has the merge base in it (or is it). `main_passed`: when the baseline's staging
    was last seen without the symptom, if it has it now. `overrides`: the keys that are other than the baseline's
    (`before`: there). `shared`: as in Other, of this staging; `healthy`: the same of each staging of the project that
    is well. `tries`: what a throw-away staging can tell will be known, as one is made by itself.
    """

    staging: str
    branch: str
    baseline: str
    symptom: Symptom
    now: datetime
    release: int
    commit: str
    live_at: datetime
    is_baseline: bool = False
    passed_here: datetime | None = None
    former: Former | None = None
    base: str = ""
    base_says: Testimony = NOBODY
    own: Range | None = None
    behind: int | None = None
    main: Testimony = NOBODY
    healed: str = ""
    included: tuple[Included, ...] = ()
    same_commit: Testimony = NOBODY
    has_data: bool = False
    data_since: datetime | None = None
    signs: tuple[Sign, ...] = ()
    others: tuple[Other, ...] = ()
    ill_since: datetime | None = None
    main_has_base: bool = False
    main_passed: datetime | None = None
    overrides: tuple[KeyChange, ...] = ()
    shared: tuple[str, ...] = ()
    healthy: tuple[tuple[str, ...], ...] = ()
    tries: bool = False
