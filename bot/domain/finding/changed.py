"""An earlier release of it was well: what was changed then? What came later is innocent."""

from dataclasses import replace

from bot.domain.evidence import Facts, Former
from bot.domain.finding.blame import blamed
from bot.domain.finding.conclusion import Finding, unknown
from bot.domain.finding.configuration import by_keys
from bot.domain.finding.past import kept_its_data, seen_throughout, was_well_with_base
from bot.domain.finding.witnesses import (
    base_is_innocent,
    fails_alike,
    of_base,
    passes_alike,
    passes_now,
    unlike_others,
)


def only_keys(facts: Facts) -> Finding | None:
    former = facts.former
    if former is None or former.commit != former.bad_commit:
        return None
    changed = {change.key for change in former.changes}
    witness = passes_now(facts, facts.main) and changed.issuperset(facts.main.differs)
    sure = (seen_throughout(facts, former) or witness) and _undisturbed(facts, former)
    return by_keys(facts, former.changes, sure)


def only_commits(facts: Facts) -> Finding | None:
    former = facts.former
    if former is None or former.changes:
        return None
    sure = (seen_throughout(facts, former) or passes_alike(facts, facts.main)) and _undisturbed(facts, former)
    return blamed(facts, former.commits, sure and _not_from_outside(facts))


def _not_from_outside(facts: Facts) -> bool:
    """That nothing else went in the very moment is known only if somebody with older code and the same configuration is
    well. The baseline has nobody to ask."""
    base = of_base(facts)
    well = passes_alike(facts, facts.main) or passes_alike(facts, base)
    return facts.is_baseline or (well and not fails_alike(facts, base))


def keys_and_commits(facts: Facts) -> Finding | None:
    """It is the commits if others are well with these keys, and the keys if the merge base is ill with them."""
    former = facts.former
    if former is None:
        return None
    if fails_alike(facts, of_base(facts)):
        return by_keys(facts, former.changes, proven=False)
    innocent = base_is_innocent(facts) or (was_well_with_base(facts) and passes_alike(facts, facts.main))
    if not innocent:
        return replace(unknown(facts), commits=former.commits, changes=former.changes)
    return _with_new_keys(blamed(facts, facts.own, _undisturbed(facts, former)))


def _with_new_keys(found: Finding) -> Finding:
    """The older commits of the branch may be what can't do with the new keys: so of several authors none is named. The
    former release had other keys, so it is not what this is compared with."""
    return replace(found, passed_before=None, people=found.people if len(found.people) == 1 else ())


def _undisturbed(facts: Facts, former: Former) -> bool:
    return kept_its_data(facts, former) and unlike_others(facts)
