"""Keys of the configuration, where they can be told from code."""

from dataclasses import replace

from bot.domain.evidence import Facts, KeyChange, Testimony
from bot.domain.finding.conclusion import Cause, Finding, confidence, unknown


def by_keys(facts: Facts, changes: tuple[KeyChange, ...], proven: bool) -> Finding:
    return replace(unknown(facts), cause=Cause.CONFIGURATION, confidence=confidence(proven), changes=changes)


def unlike(facts: Facts, witness: Testimony) -> tuple[KeyChange, ...]:
    """The keys that are other than a witness's, with what is known of them."""
    known = {change.key: change for change in facts.overrides}
    return tuple(known.get(key, KeyChange(key, None, None, "")) for key in witness.differs)
