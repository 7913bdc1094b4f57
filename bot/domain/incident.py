"""Breakages of several stagings that share a cause: which belong together, and what becomes of incidents. Pure.

What merely happens at the same time is no incident: there has to be evidence that all of them share.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.sharing import WordKind, kind

TOGETHER = timedelta(minutes=2)
LEAST = 2


@dataclass(frozen=True, slots=True)
class Breakage:
    """One that is not over. `check`: the health check that fails; "": the workloads themselves are not well.
    `unchanged`: it had passed with this very release before. `shared`: words, as in `sharing`."""

    staging: str
    began_at: datetime
    check: str = ""
    unchanged: bool = False
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Stagings whose breakages share `word`, the earliest first."""

    word: str
    stagings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """One that is not over. `members`: the stagings that are still broken by it, as far as was known."""

    id: str
    word: str
    began_at: datetime
    members: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Opened:
    group: Group


@dataclass(frozen=True, slots=True)
class Joined:
    incident: str
    staging: str


@dataclass(frozen=True, slots=True)
class Left:
    """It is well again, or nobody wants it any more."""

    incident: str
    staging: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Nobody is in it any more."""

    incident: str


Step = Opened | Joined | Left | Closed


def steps(
    incidents: Sequence[Incident], breakages: Sequence[Breakage], healthy: Sequence[Collection[str]]
) -> tuple[Step, ...]:
    """What becomes of the incidents that are open, and which begin. A staging is in one at most.

    `breakages`: all of the project that are open now. `healthy`: the words of each of its stagings that is well.
    """
    broken = {one.staging for one in breakages}
    free = {one.staging: one for one in breakages if not any(one.staging in i.members for i in incidents)}
    found: list[Step] = []
    for incident in sorted(incidents, key=lambda one: (one.began_at, one.id)):
        joining = [one.staging for one in free.values() if _joins(one, incident, breakages, healthy)]
        for staging in joining:
            del free[staging]
        found += _of_incident(incident, broken, joining)
    return (*found, *(Opened(group) for group in groups(tuple(free.values()), healthy)))


def _of_incident(incident: Incident, broken: Collection[str], joining: Sequence[str]) -> Iterator[Step]:
    gone = sorted(incident.members - frozenset(broken))
    yield from (Joined(incident.id, staging) for staging in joining)
    yield from (Left(incident.id, staging) for staging in gone)
    if len(gone) == len(incident.members) and not joining:
        yield Closed(incident.id)


def _joins(
    one: Breakage, incident: Incident, breakages: Sequence[Breakage], healthy: Sequence[Collection[str]]
) -> bool:
    """Later ones count, too, as long as it lasts: what wakes or is deployed meanwhile meets the same."""
    if incident.word not in one.shared or one.began_at < incident.began_at - TOGETHER:
        return False
    if not any(member.staging in incident.members for member in breakages):
        return False  # it is over, although nobody has said so yet
    if kind(incident.word) is not WordKind.VALUE:
        return True
    checks = {member.check for member in breakages if member.staging in incident.members}
    return one.unchanged and one.check in checks and not _is_had(incident.word, healthy)


def groups(breakages: Sequence[Breakage], healthy: Sequence[Collection[str]]) -> tuple[Group, ...]:
    """Those that belong together: the largest first, each staging in one at most."""
    left, found = list(breakages), list[Group]()
    while candidates := [*_by_word(left, healthy), *_by_value(left, healthy)]:
        best = min(candidates, key=lambda group: (-len(group.stagings), _rank(group.word), group.word))
        found.append(best)
        left = [one for one in left if one.staging not in best.stagings]
    return tuple(found)


def _by_word(breakages: Sequence[Breakage], healthy: Sequence[Collection[str]]) -> Iterator[Group]:
    """Evidence that was found where they broke: a node, a registry, a name, an address. Who is well and says it as well
    shows that it is no matter."""
    said = {word for one in breakages for word in one.shared if kind(word) is not WordKind.VALUE}
    for word in said:
        if _is_had(word, healthy):
            continue
        cluster = _cluster([one for one in breakages if word in one.shared])
        if len(cluster) >= LEAST:
            yield _group(word, cluster)


def _by_value(breakages: Sequence[Breakage], healthy: Sequence[Collection[str]]) -> Iterator[Group]:
    """A value of the configuration is evidence only by who has it: all that fail in the same way without having been
    changed, and nobody who is well."""
    if not healthy:
        return
    for check in {one.check for one in breakages if one.check and one.unchanged}:
        cluster = _cluster([one for one in breakages if one.unchanged and one.check == check])
        if len(cluster) < LEAST:
            continue
        in_all = frozenset.intersection(*(frozenset(one.shared) for one in cluster))
        yield from (
            _group(word, cluster) for word in in_all if kind(word) is WordKind.VALUE and not _is_had(word, healthy)
        )


def _is_had(word: str, healthy: Sequence[Collection[str]]) -> bool:
    return any(word in words for words in healthy)


def _cluster(breakages: Sequence[Breakage]) -> Sequence[Breakage]:
    """The most of them that began within the same two minutes; of equally many the latest."""
    in_order = sorted(breakages, key=lambda one: (one.began_at, one.staging))
    windows = [
        [one for one in in_order[start:] if one.began_at - first.began_at <= TOGETHER]
        for start, first in enumerate(in_order)
    ]
    return max(reversed(windows), key=len, default=())


def _group(word: str, cluster: Sequence[Breakage]) -> Group:
    return Group(word, tuple(one.staging for one in cluster))


def _rank(word: str) -> int:
    return list(WordKind).index(kind(word))
