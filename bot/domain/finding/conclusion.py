"""What can be concluded about a breakage."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.evidence import NOBODY, Author, Facts, KeyChange, Range, Symptom, Testimony
from bot.domain.status import Sign


class Cause(StrEnum):
    """CODE: commits of this staging. CONFIGURATION: keys that were changed. DATA: what it stores. RESTART, MEMORY: its
    processes were ended, or ran out of memory. NODE: where it runs. SHARED: something that it shares with others.
    BASELINE: the baseline has it as well. BEHIND: the baseline had it, and is well again."""

    CODE = "code"
    CONFIGURATION = "configuration"
    DATA = "data"
    RESTART = "restart"
    MEMORY = "memory"
    NODE = "node"
    SHARED = "shared"
    BASELINE = "baseline"
    BEHIND = "behind"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    PROVEN = "proven"
    GUESS = "guess"


class Offer(StrEnum):
    """What would help, or tell more."""

    ROLLBACK = "rollback"
    REVERT_KEY = "revert key"
    CHECK_BASE = "check base"
    FRESH_DATA = "fresh data"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is concluded.

    `feature`: the branch whose commits did it (CODE); it may be another one that was merged into this staging's.
    `suspects`: the branches of which it is one, if it can't be told which (GUESS; `feature` is empty).
    `commits`: which of them; `people`: who wrote them, and is told (PROVEN only). `changes`: keys (CONFIGURATION): it
    is one of them, or all together. UNKNOWN with `commits` and `changes`: it can't be told which of both it is.
    `base`, `main`, `same_commit`: what the witnesses say. `passed_before`: the release on which it was well.
    `behind`, `healed`: as in Facts. `shared`: what it has in common with others; `others`: these, by name (of the
    baseline: those that have the same). `words`: all that it could have in common with others, as in Other.
    """

    cause: Cause
    confidence: Confidence
    symptom: Symptom
    feature: str = ""
    commits: Range | None = None
    people: tuple[Author, ...] = ()
    changes: tuple[KeyChange, ...] = ()
    base: Testimony = NOBODY
    main: Testimony = NOBODY
    same_commit: Testimony = NOBODY
    passed_before: int | None = None
    behind: int | None = None
    healed: str = ""
    signs: tuple[Sign, ...] = ()
    shared: str = ""
    others: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()
    suspects: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def unknown(facts: Facts) -> Finding:
    """With all the evidence; what is concluded is put in its place."""
    before = facts.former.number if facts.former else None
    return Finding(
        Cause.UNKNOWN,
        Confidence.GUESS,
        facts.symptom,
        base=facts.base_says,
        main=facts.main,
        same_commit=facts.same_commit,
        passed_before=facts.release if facts.passed_here else before,
        behind=facts.behind,
        healed=facts.healed,
        signs=facts.signs,
    )


def confidence(proven: bool) -> Confidence:
    return Confidence.PROVEN if proven else Confidence.GUESS
