"""Arithmetic of commits."""

from collections.abc import Collection
from dataclasses import replace

from bot.domain.evidence import Range


def ids(commits: Range) -> frozenset[str]:
    return frozenset(change.commit for change in commits.changes)


def whole(commits: Range) -> bool:
    """All of them are known, not only the newest."""
    return commits.count <= len(commits.changes)


def without(commits: Range, those: Collection[str]) -> Range:
    left = tuple(change for change in commits.changes if change.commit not in those)
    return replace(commits, changes=left, count=commits.count - (len(commits.changes) - len(left)))


def among(commits: Range, those: Range) -> Range:
    """Those of them that are also in the other range, as far as that is known whole."""
    return without(commits, ids(commits) - ids(those)) if whole(those) else commits


def meet(one: Range, other: Range) -> bool:
    """They have commits in common, or it can't be known."""
    return not (whole(one) and whole(other)) or bool(ids(one) & ids(other))


def holds(outer: Range, inner: Range) -> bool:
    """The outer one has all commits of the inner one, and others."""
    return ids(outer) > ids(inner)
