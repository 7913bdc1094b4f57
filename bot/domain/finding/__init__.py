"""Who or what broke a staging, concluded from facts. Pure, and careful: who is named has to be the one.

What the facts do not decide is UNKNOWN, with the evidence; a GUESS is called one, and names nobody. The rules are tried
in their order; the first one that concludes anything counts.
"""

from dataclasses import replace

from bot.domain.evidence import NOBODY, Facts
from bot.domain.finding.baseline import base_has_it, baseline_has_it, before_the_baseline
from bot.domain.finding.changed import keys_and_commits, only_commits, only_keys
from bot.domain.finding.compared import (
    base_is_not_known,
    configuration_differs_as_well,
    older_than_the_baseline,
    only_the_configuration_differs,
    only_the_feature_differs,
)
from bot.domain.finding.conclusion import Cause, Confidence, Finding, Offer, unknown
from bot.domain.finding.offers import offers
from bot.domain.finding.outside import moved_or_ended, shared, some_sign, with_the_same
from bot.domain.finding.unchanged import data, nothing_known

__all__ = ["Cause", "Confidence", "Finding", "Offer", "find"]

RULES = (
    baseline_has_it,
    moved_or_ended,
    shared,
    # of what was well with this very commit and configuration
    data,
    nothing_known,
    # of what was well before something was changed, and of what never was
    base_has_it,
    only_keys,
    only_commits,
    keys_and_commits,
    only_the_configuration_differs,
    only_the_feature_differs,
    configuration_differs_as_well,
    older_than_the_baseline,
    base_is_not_known,
    some_sign,
)


def find(facts: Facts) -> Finding:
    """The finding that follows. Total: whatever the facts do not decide is UNKNOWN."""
    if facts.is_baseline:
        facts = _by_itself(facts)
    found = _before_the_baseline(facts) or _first(facts)
    others = with_the_same(facts) if facts.is_baseline else found.others
    return replace(found, others=others, offers=offers(facts, found))


def _first(facts: Facts) -> Finding:
    return next((found for rule in RULES if (found := rule(facts))), unknown(facts))


def _by_itself(facts: Facts) -> Facts:
    """The baseline is judged by its own history: whoever else has it may have got it from there."""
    return replace(facts, main=NOBODY, base="", base_says=NOBODY, own=None, behind=None, healed="", included=())


def _before_the_baseline(facts: Facts) -> Finding | None:
    """What was proven of it while the baseline was still well stays so."""
    then = before_the_baseline(facts)
    found = _first(then) if then else None
    if found is None or found.confidence is not Confidence.PROVEN:
        return None
    return replace(found, main=facts.main) if found.cause in (Cause.CODE, Cause.CONFIGURATION) else None
