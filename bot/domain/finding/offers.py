"""What would help, or tell more than is known."""

from collections.abc import Iterator

from bot.domain.evidence import Facts, Says
from bot.domain.finding.conclusion import Cause, Confidence, Finding, Offer
from bot.domain.finding.past import data_is_innocent, unchanged
from bot.domain.finding.witnesses import alike, asked, of_base, of_same


def offers(facts: Facts, found: Finding) -> tuple[Offer, ...]:
    return tuple(_offers(facts, found))


def _offers(facts: Facts, found: Finding) -> Iterator[Offer]:
    if facts.former and facts.former.number != facts.former.first_bad:
        yield Offer.ROLLBACK
    if found.cause is Cause.CONFIGURATION and found.changes:
        yield Offer.REVERT_KEY
    if found.confidence is Confidence.GUESS and _base_would_tell(facts):
        yield Offer.CHECK_BASE
    if _fresh_data_would_tell(facts) and (found.confidence is Confidence.GUESS or _may_be_disputed(facts, found)):
        yield Offer.FRESH_DATA


def _base_would_tell(facts: Facts) -> bool:
    base = of_base(facts)
    known = base.says is not Says.UNKNOWN and alike(base) and asked(facts, base)
    there = bool(facts.base) and facts.base != facts.commit and not facts.is_baseline
    return there and not known and not unchanged(facts)


def _may_be_disputed(facts: Facts, found: Finding) -> bool:
    """That its data did not go bad in the very moment is likely, and no more than that."""
    return facts.former is not None and found.cause in (Cause.CODE, Cause.CONFIGURATION)


def _fresh_data_would_tell(facts: Facts) -> bool:
    same = of_same(facts)
    known = same.says is not Says.UNKNOWN and same.fresh and alike(same) and asked(facts, same)
    doubtful = unchanged(facts) or facts.former is not None or not data_is_innocent(facts)
    return facts.has_data and not known and doubtful
