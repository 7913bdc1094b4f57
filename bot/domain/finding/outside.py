"""What came from outside: what engines saw happen, and what others share."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from bot.domain.evidence import Facts
from bot.domain.finding.conclusion import Cause, Finding, confidence, unknown
from bot.domain.finding.past import unchanged
from bot.domain.finding.witnesses import same_trouble
from bot.domain.incident import Breakage, Group, groups
from bot.domain.sharing import WordKind, kind, sign_word, sign_words
from bot.domain.status import Sign, SignKind

NEAR = timedelta(seconds=60)

# What tells more comes first: a node that is not well ends processes, too.
CAUSES = {
    SignKind.NODE: Cause.NODE,
    SignKind.EVICTED: Cause.NODE,
    SignKind.IMAGE: Cause.SHARED,
    SignKind.OUT_OF_MEMORY: Cause.MEMORY,
    SignKind.RESTARTED: Cause.RESTART,
}
NO_COMMITS = frozenset({SignKind.NODE, SignKind.EVICTED, SignKind.IMAGE})
"""What no commit of a staging brings about."""


def moved_or_ended(facts: Facts) -> Finding | None:
    """Something happened to its workloads when it began. Whether that did it is certain only if they are what is ill.
    Of one whose commit or configuration is new, only what these can't bring about counts."""
    kinds = CAUSES if unchanged(facts) else NO_COMMITS
    sign = _telling(facts, kinds)
    return _of_sign(facts, sign, bool(not facts.symptom.check and near(facts, sign))) if sign else None


def some_sign(facts: Facts) -> Finding | None:
    """When nothing else is known, what happened to its workloads is the best guess."""
    sign = _telling(facts, CAUSES)
    return _of_sign(facts, sign, proven=False) if sign else None


def near(facts: Facts, sign: Sign) -> bool:
    """It happened when the breakage began, to what is ill."""
    return abs(sign.at - facts.symptom.since) <= NEAR and facts.symptom.workload in ("", sign.workload)


def _telling(facts: Facts, kinds: Collection[SignKind]) -> Sign | None:
    found = [sign for sign in facts.signs if sign.kind in kinds and _counts(facts, sign)]
    return min(found, key=lambda sign: _weight(facts, sign), default=None)


def _counts(facts: Facts, sign: Sign) -> bool:
    """What fails a check may well end processes later; workloads that are ill go on ending."""
    after = sign.at - facts.symptom.since
    return after >= -NEAR and (after <= NEAR or not facts.symptom.check)


def _weight(facts: Facts, sign: Sign) -> tuple[bool, int, timedelta]:
    return not near(facts, sign), list(CAUSES).index(sign.kind), abs(sign.at - facts.symptom.since)


def _of_sign(facts: Facts, sign: Sign, proven: bool) -> Finding:
    word = sign_word(sign)
    found = replace(unknown(facts), cause=CAUSES[sign.kind], confidence=confidence(proven))
    return replace(found, shared=word, others=_who_have(facts, word)) if word else found


def _who_have(facts: Facts, word: str) -> tuple[str, ...]:
    return tuple(other.staging for other in facts.others if word in other.shared)


def shared(facts: Facts) -> Finding | None:
    """Others broke at the same time, and there is evidence that all of them share. It is certain if that was found
    where they broke, and one of them at least had not been changed."""
    group = _group(facts)
    if group is None:
        return None
    others = tuple(staging for staging in group.stagings if staging != facts.staging)
    untouched = {other.staging for other in facts.others if other.unchanged}
    proven = kind(group.word) is not WordKind.VALUE and bool(untouched.intersection(others))
    found = replace(unknown(facts), cause=Cause.SHARED, confidence=confidence(proven))
    return replace(found, shared=group.word, others=others)


def _group(facts: Facts) -> Group | None:
    symptom = facts.symptom
    seen = sign_words(sign for sign in facts.signs if _counts(facts, sign))
    mine = Breakage(facts.staging, symptom.since, symptom.check, unchanged(facts), (*facts.shared, *seen))
    theirs = (
        Breakage(one.staging, one.symptom.since, one.symptom.check, one.unchanged, one.shared) for one in facts.others
    )
    found = groups((mine, *theirs), facts.healthy)
    return next((group for group in found if facts.staging in group.stagings), None)


def with_the_same(facts: Facts) -> tuple[str, ...]:
    """The other stagings that have the same trouble from the baseline, by name."""
    return tuple(one.staging for one in facts.others if one.excused and same_trouble(facts.symptom, one.symptom))
