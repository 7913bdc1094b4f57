"""Whose findings are looked at again when something of a staging is decided. Pure."""

from collections.abc import Iterator, Sequence

from bot.domain.finding import Cause
from bot.domain.model import Staging


def looks_again(before: Staging, after: Staging) -> bool:
    """Whether what was decided may change what is found out about anybody: cheap, as it is asked each time."""
    return bool(before.broken_since or after.broken_since)


def ripples(before: Staging, after: Staging, baseline: str, broken: Sequence[Staging]) -> Iterator[str]:
    """Ids. `broken`: the project's stagings that are.

    When the baseline breaks or recovers, whoever else is broken may not be to blame, or may be. The alert of the
    baseline lists who shares its trouble. And what else fails on a broken staging belongs to its own alert.
    """
    others = [one for one in broken if one.id != after.id]
    turned = bool(before.broken_since) is not bool(after.broken_since)
    if after.branch == baseline:
        yield from (one.id for one in others if turned)
    elif _shares(before) is not _shares(after):
        yield from (one.id for one in others if one.branch == baseline)
    if after.broken_since and not turned and _failing(before) != _failing(after):
        yield after.id


def _shares(staging: Staging) -> bool:
    found = staging.finding
    return bool(staging.broken_since and found and found.cause is Cause.BASELINE)


def _failing(staging: Staging) -> frozenset[str]:
    return frozenset(stand.check for stand in staging.checks if not stand.ok)
