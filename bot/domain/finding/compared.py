"""It was never seen well, so it is compared with others: with the merge base first."""

from dataclasses import replace

from bot.domain.evidence import Facts
from bot.domain.finding.blame import bare, blamed
from bot.domain.finding.conclusion import Cause, Finding, unknown
from bot.domain.finding.configuration import by_keys, unlike
from bot.domain.finding.past import data_is_innocent
from bot.domain.finding.witnesses import alike, asked, of_base, of_same, passes, passes_alike, passes_now, unlike_others


def only_the_configuration_differs(facts: Facts) -> Finding | None:
    """The very same commit is well elsewhere, with other keys."""
    witness = facts.main if facts.main.commit == facts.commit else of_same(facts)
    if not passes(witness) or alike(witness):
        return None
    certain = passes_now(facts, witness) and data_is_innocent(facts) and unlike_others(facts)
    return by_keys(facts, unlike(facts, witness), certain)


def only_the_feature_differs(facts: Facts) -> Finding | None:
    """The merge base is well with the same configuration."""
    base = of_base(facts)
    if bare(facts) or not passes(base) or not alike(base):
        return None
    heard = asked(facts, base) or passes_alike(facts, facts.main)
    return blamed(facts, facts.own, heard and data_is_innocent(facts) and unlike_others(facts))


def configuration_differs_as_well(facts: Facts) -> Finding | None:
    """Whoever is well lacks the configuration: it is the feature, or that."""
    if bare(facts) or passes_alike(facts, facts.main):
        return None
    well = (one for one in (of_base(facts), facts.main) if passes(one) and not alike(one))
    witness = next(well, None)
    return replace(unknown(facts), commits=facts.own, changes=unlike(facts, witness)) if witness else None


def older_than_the_baseline(facts: Facts) -> Finding | None:
    """It has no commits of its own, and the baseline that is ahead of it is well."""
    if not bare(facts) or not facts.behind or not passes_alike(facts, facts.main):
        return None
    return replace(unknown(facts), cause=Cause.BEHIND)


def base_is_not_known(facts: Facts) -> Finding | None:
    """The baseline is well: it is the feature, unless the branch left it where it was not."""
    if bare(facts) or not passes_now(facts, facts.main):
        return None
    return blamed(facts, facts.own, proven=False)
