"""Whose findings are looked at again when something of a staging is decided. Pure."""

from collections.abc import Iterator, Sequence

from bot.domain.finding import Cause
from bot.domain.model import Staging


def looks_again(before: Staging, after: Staging, baseline: str) -> bool:
    """Whether what was decided may change what is found out about anybody: cheap, as it is asked each time."""
    broken = before.broken_since or after.broken_since
    return bool(broken) and (_moves_others(before, after, baseline) or _fails_otherwise(before, after))


def ripples(before: Staging, after: Staging, baseline: str, broken: Sequence[Staging]) -> Iterator[str]:
    """Ids. `broken`: the project's stagings that are.

    When the baseline breaks or recovers, whoever else is broken may not be to blame, or may be. The alert of the
    baseline lists who shares its trouble. And what else fails on a broken staging belongs to its own alert.
    """
    if _moves_others(before, after, baseline):
        of_baseline = after.branch == baseline
        yield from (one.id for one in broken if one.id != after.id and (of_baseline or one.branch == baseline))
    if _fails_otherwise(before, after):
        yield after.id


def _moves_others(before: Staging, after: Staging, baseline: str) -> bool:
    """The findings of all others, if it is the baseline's; else that of the baseline's."""
    return _turned(before, after) if after.branch == baseline else _shares(before) is not _shares(after)


def _turned(before: Staging, after: Staging) -> bool:
    return bool(before.broken_since) is not bool(after.broken_since)


def _fails_otherwise(before: Staging, after: Staging) -> bool:
    return bool(after.broken_since) and not _turned(before, after) and _failing(before) != _failing(after)


def _shares(staging: Staging) -> bool:
    found = staging.finding
    return bool(staging.broken_since and found and found.cause is Cause.BASELINE)


def _failing(staging: Staging) -> frozenset[str]:
    return frozenset(stand.check for stand in staging.checks if not stand.ok)
