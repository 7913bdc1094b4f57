"""What follows from looking at a repository's branches again and again: which moved, came and went; when to look next.

A look that failed says nothing of any branch, and one that went well nothing of a branch that it does not show: that
one has to be missing twice, or its host has to say so as well. What hosts say of their own accord only makes us look.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often is looked, and how long is waited before something is told.

    `least`, `most`: from the beginning of a look to that of the next; `apart`: the same when somebody asks for it.
    `pause`, `longest`: after the first failure in a row, and after many; it doubles in between.
    `settle`: from one told move of a branch to the next. `missing`: from the first good listing without a branch to one
    by which it is gone. `patience`: how long all looks have to fail until it is told.
    """

    least: timedelta = timedelta(seconds=30)
    most: timedelta = timedelta(seconds=50)
    apart: timedelta = timedelta(seconds=2)
    pause: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=10)
    settle: timedelta = timedelta(seconds=10)
    missing: timedelta = timedelta(minutes=2)
    patience: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Outage:
    """No look goes well. `since`: the first of them began; `failures`: how many there were. `reason`: of the last one.
    `told`: that it has been."""

    since: datetime
    failures: int
    reason: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class Repository:
    """What is remembered of the repository at the address `repo`.

    `heads`: the commit of each branch, as it was last told; empty: it was never listed. `missing`: of these, since
    which listing they are not there. `deleted`: when their host said so. `moved`: when those that moved lately were
    told. `looked_at`: when the last look began; `asked_at`: when somebody asked for one that has not been yet.
    """

    repo: str
    next_look: datetime
    heads: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, datetime] = field(default_factory=dict)
    deleted: Mapping[str, datetime] = field(default_factory=dict)
    moved: Mapping[str, datetime] = field(default_factory=dict)
    looked_at: datetime | None = None
    asked_at: datetime | None = None
    outage: Outage | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """When a look began and ended. `chance`: from 0 to 1, drawn for it, so that not all are looked at together."""

    began: datetime
    ended: datetime
    chance: float

    def shows(self, at: datetime) -> bool:
        """Whether it surely shows what was so then."""
        return at < self.began


@dataclass(frozen=True, slots=True)
class Moved:
    """A branch is at another commit."""

    branch: str
    before: str
    commit: str


@dataclass(frozen=True, slots=True)
class Appeared:
    """A branch is new, or there again after it was gone."""

    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A branch was deleted. `commit`: where it was last."""

    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class OutageBegan:
    """Nothing can be followed since then, for the reason of the last failure."""

    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class OutageEnded:
    """What was told of as an outage is over."""

    since: datetime


News = Moved | Appeared | Gone | OutageBegan | OutageEnded


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be remembered now, and what is to be told; at most one thing of each branch."""

    repository: Repository
    news: tuple[News, ...] = ()


RHYTHM = Rhythm()


def listed(repository: Repository, listing: Mapping[str, str], look: Look, rhythm: Rhythm = RHYTHM) -> Outcome:
    """A look went well: `listing` has the commit of every branch, and surely all of them.

    `repository` is what is remembered by now, with what was heard during the look. The first listing tells of nothing.
    """
    assert listing, "what shows no branches is no good listing"
    lately = {b: at for b, at in repository.moved.items() if timedelta() <= look.ended - at < rhythm.settle}
    missing = _missing(repository, listing, look)
    gone = {branch for branch, since in missing.items() if _is_gone(repository, branch, since, look, rhythm)}
    changed = [branch for branch in listing if repository.heads and repository.heads.get(branch) != listing[branch]]
    # Pushes often come in a row: after one that was told, the next that is told is to the newest.
    settling = {branch for branch in changed if branch in lately and branch in repository.heads}
    told = [branch for branch in changed if branch not in settling]
    after = replace(
        repository,
        heads={**listing, **{branch: repository.heads[branch] for branch in settling | missing.keys() - gone}},
        missing={branch: since for branch, since in missing.items() if branch not in gone},
        deleted={b: min(at, look.ended) for b, at in repository.deleted.items() if not look.shows(at)},
        moved={**lately, **dict.fromkeys(told, look.ended)},
        looked_at=look.began,
        asked_at=_still_asked(repository, look),
        outage=None,
    )
    branches = [_moved(repository, branch, listing[branch]) for branch in told]
    branches += [Gone(branch, repository.heads[branch]) for branch in sorted(gone)]
    return Outcome(replace(after, next_look=_next_look(after, settling, look, rhythm)), (*_over(repository), *branches))


def failed(repository: Repository, reason: str, look: Look, rhythm: Rhythm = RHYTHM) -> Outcome:
    """A look brought no list that can be relied on."""
    before = repository.outage or Outage(look.began, 0, reason)
    since = min(before.since, look.began)
    told = before.told or look.ended - since >= rhythm.patience
    outage = Outage(since, before.failures + 1, reason, told)
    due = look.ended + _pause(outage, rhythm) * (0.8 + 0.2 * look.chance)
    after = replace(
        repository,
        outage=outage,
        looked_at=look.began,
        asked_at=_still_asked(repository, look),
        next_look=due if told else min(due, since + rhythm.patience),
    )
    return Outcome(after, (OutageBegan(since, reason),) if told and not before.told else ())


def asked(repository: Repository, now: datetime, rhythm: Rhythm = RHYTHM) -> Repository:
    """Somebody says that there is something to be seen."""
    soonest = now
    if repository.looked_at:
        pause = min(_pause(repository.outage, rhythm), rhythm.least) if repository.outage else rhythm.apart
        soonest = max(now, min(repository.looked_at, now) + pause)
    return replace(repository, asked_at=now, next_look=min(repository.next_look, soonest))


def said_deleted(repository: Repository, branch: str, now: datetime, rhythm: Rhythm = RHYTHM) -> Repository:
    """Its host says that a branch was deleted. It is looked whether that is so, and still is."""
    return asked(replace(repository, deleted={**repository.deleted, branch: now}), now, rhythm)


def host_answered(repository: Repository, now: datetime, chance: float) -> Repository:
    """Another repository of its host could be read again, so this one may be, too."""
    if repository.outage is None:
        return repository
    return replace(repository, next_look=min(repository.next_look, now + timedelta(seconds=10) * chance))


def at_address(repository: Repository | None, repo: str, now: datetime) -> Repository:
    """What is remembered of the repository at this address. What another one had is not missing in this one."""
    if repository is None:
        return Repository(repo, now)
    if repository.repo == repo:
        return repository
    return Repository(repo, now, outage=repository.outage)


def _missing(repository: Repository, listing: Mapping[str, str], look: Look) -> Mapping[str, datetime]:
    """The branches that are not there, and since which listing; none began later than this one."""
    absent = [branch for branch in repository.heads if branch not in listing]
    return {branch: min(repository.missing.get(branch, look.began), look.began) for branch in absent}


def _is_gone(repository: Repository, branch: str, since: datetime, look: Look, rhythm: Rhythm) -> bool:
    said = repository.deleted.get(branch)
    return look.began - since >= rhythm.missing or (said is not None and look.shows(said))


def _moved(repository: Repository, branch: str, commit: str) -> News:
    before = repository.heads.get(branch)
    return Moved(branch, before, commit) if before else Appeared(branch, commit)


def _over(repository: Repository) -> Sequence[OutageEnded]:
    return [OutageEnded(repository.outage.since)] if repository.outage and repository.outage.told else []


def _still_asked(repository: Repository, look: Look) -> datetime | None:
    """The next look shows it, even if the clock was set back meanwhile."""
    at = repository.asked_at
    return None if at is None or look.shows(at) else min(at, look.ended)


def _next_look(repository: Repository, settling: Collection[str], look: Look, rhythm: Rhythm) -> datetime:
    soonest = look.began + rhythm.apart
    due = [look.began + rhythm.least + (rhythm.most - rhythm.least) * look.chance]
    due += [repository.moved[branch] + rhythm.settle for branch in settling]
    due += [soonest] if repository.asked_at else []
    return max(min(due), soonest, look.ended)


def _pause(outage: Outage, rhythm: Rhythm) -> timedelta:
    doubled: timedelta = rhythm.pause * 2 ** min(outage.failures - 1, 20)
    return min(doubled, rhythm.longest)
