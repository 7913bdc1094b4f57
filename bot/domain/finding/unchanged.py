"""It was well with this very commit and configuration: they are innocent, so what is left?"""

from dataclasses import replace

from bot.domain.evidence import Facts
from bot.domain.finding.conclusion import Cause, Finding, confidence, unknown
from bot.domain.finding.past import unchanged
from bot.domain.finding.witnesses import fails, of_same, passes_alike, unlike_others


def data(facts: Facts) -> Finding | None:
    """It is if the very same with fresh data is well. Without that it is no more than what is left, if the baseline is
    well with the same configuration."""
    same = of_same(facts)
    if not unchanged(facts) or not facts.has_data or fails(same):
        return None
    proven = passes_alike(facts, same) and same.fresh
    likely = passes_alike(facts, facts.main) and unlike_others(facts)
    if not proven and not likely:
        return None
    return replace(unknown(facts), cause=Cause.DATA, confidence=confidence(proven))


def nothing_known(facts: Facts) -> Finding | None:
    """What is tried after this holds only of what is new."""
    return unknown(facts) if unchanged(facts) else None
