"""It is not the branch: the baseline has it as well, or had it where the branch left it."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.evidence import Facts, Says
from bot.domain.finding.conclusion import Cause, Confidence, Finding, confidence, unknown
from bot.domain.finding.configuration import by_keys, unlike
from bot.domain.finding.past import was_well_with_base
from bot.domain.finding.witnesses import alike, asked, fails, fails_alike, of_base, passes_alike, passes_now

CLEARLY = timedelta(seconds=60)


def baseline_has_it(facts: Facts) -> Finding | None:
    if not fails(facts.main):
        return None
    return replace(unknown(facts), cause=Cause.BASELINE, confidence=Confidence.PROVEN)


def before_the_baseline(facts: Facts) -> Facts | None:
    """How things stood when it broke, if the baseline was seen well after that and broke clearly later. It may have got
    it from this very branch."""
    main, began = facts.main, facts.symptom.since
    if not fails(main) or main.since is None or facts.main_passed is None:
        return None
    if main.since - began <= CLEARLY or not began <= facts.main_passed < main.since:
        return None
    # Which commit it had then is not known.
    then = replace(main, says=Says.PASSES, commit="", at=facts.main_passed, since=None, text="")
    return replace(facts, main=then, main_has_base=False)


def base_has_it(facts: Facts) -> Finding | None:
    """What the branch began with has it already, whatever was done on it since."""
    base = of_base(facts)
    if not fails(base) or not (alike(base) or facts.healed) or was_well_with_base(facts):
        return None
    if not passes_now(facts, facts.main):
        return replace(unknown(facts), cause=Cause.BASELINE)
    if fails_alike(facts, base) and facts.main.differs and not facts.healed:
        return by_keys(facts, unlike(facts, facts.main), proven=facts.main.commit == facts.base)
    return _behind(facts)


def _behind(facts: Facts) -> Finding:
    if facts.behind == 0:  # then what the baseline's staging runs is older than that
        return replace(unknown(facts), cause=Cause.BASELINE)
    base = of_base(facts)
    certain = (alike(base) and asked(facts, base) and passes_alike(facts, facts.main)) or bool(facts.healed)
    return replace(unknown(facts), cause=Cause.BEHIND, confidence=confidence(certain))
