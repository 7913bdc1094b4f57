"""What witnesses prove. Only who was asked about this very breakage, and has the same configuration, proves much.

The feature's staging is compared with the merge base first; the baseline's staging is the second witness.
"""

from datetime import timedelta

from bot.domain.evidence import Facts, Says, Symptom, Testimony
from bot.domain.incident import TOGETHER

SOON = timedelta(minutes=10)


def passes(testimony: Testimony) -> bool:
    return testimony.says is Says.PASSES


def fails(testimony: Testimony) -> bool:
    return testimony.says is Says.FAILS


def alike(testimony: Testimony) -> bool:
    """Its configuration is the same as that of the staging that is ill."""
    return not testimony.differs


def asked(facts: Facts, testimony: Testimony) -> bool:
    """It was, since this breakage began: what is older says nothing of what happened outside meanwhile."""
    return testimony.at is not None and testimony.at >= facts.symptom.since


def passes_now(facts: Facts, testimony: Testimony) -> bool:
    return passes(testimony) and asked(facts, testimony)


def passes_alike(facts: Facts, testimony: Testimony) -> bool:
    return passes_now(facts, testimony) and alike(testimony)


def fails_alike(facts: Facts, testimony: Testimony) -> bool:
    return fails(testimony) and asked(facts, testimony) and alike(testimony)


def of_base(facts: Facts) -> Testimony:
    """What is known of the merge base. The baseline's staging may run just that; who tells most is heard."""
    if not facts.base or facts.main.commit != facts.base:
        return facts.base_says
    return max(facts.base_says, facts.main, key=lambda one: (_known(one), alike(one), asked(facts, one), fails(one)))


def _known(testimony: Testimony) -> bool:
    return testimony.says is not Says.UNKNOWN


def of_same(facts: Facts) -> Testimony:
    """What is known of the very commit that is ill. It may be the merge base itself."""
    if not _known(facts.same_commit) and facts.base and facts.base == facts.commit:
        return of_base(facts)
    return facts.same_commit


def base_is_innocent(facts: Facts) -> bool:
    """Nothing that the branch has from the baseline does it, with this configuration."""
    base = of_base(facts)
    if passes(base) and alike(base) and (asked(facts, base) or passes_alike(facts, facts.main)):
        return True
    return facts.main_has_base and passes_alike(facts, facts.main)


def unlike_others(facts: Facts) -> bool:
    """Nobody else who was not changed has got the same at the same time; or a witness shows that it is not outside."""
    if passes_alike(facts, facts.main) or passes_alike(facts, of_base(facts)):
        return True
    began = facts.symptom.since
    return not any(
        other.unchanged and same_trouble(facts.symptom, other.symptom) and abs(other.symptom.since - began) <= TOGETHER
        for other in facts.others
    )


def same_trouble(one: Symptom, other: Symptom) -> bool:
    """The same check fails, or the same workload is not well."""
    if one.check or other.check:
        return one.check == other.check
    return one.workload == other.workload if one.workload and other.workload else one.text == other.text
