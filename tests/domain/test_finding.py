"""What is concluded about a breakage: who or what did it, how certain that is, and what would tell more."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from builders import seconds
from facts import (
    ALICE,
    BASE,
    BEFORE,
    BEGAN,
    BOB,
    BY_BOB,
    CAROL,
    CART,
    CRASHES,
    FORMER,
    HEAD,
    LATER,
    LONG_AGO,
    MAIN,
    NONE,
    OWN,
    WITH_CART,
    a_range,
    facts,
    fails,
    includes,
    key,
    named,
    of_main,
    other,
    passes,
    sign,
    was_well,
)

from bot.domain.evidence import NOBODY, Facts
from bot.domain.finding import Cause, Confidence, Finding, Offer, find
from bot.domain.status import SignKind

MEMORY, RESTARTED, EVICTED = SignKind.OUT_OF_MEMORY, SignKind.RESTARTED, SignKind.EVICTED
NODE, IMAGE = SignKind.NODE, SignKind.IMAGE
LOGIN = "feature/login"

JUST_BEFORE = BEGAN - seconds(1)
LETTERS = {
    Offer.ROLLBACK: "rollback",
    Offer.REVERT_KEY: "key",
    Offer.CHECK_BASE: "base",
    Offer.FRESH_DATA: "data",
}


def told(finding: Finding) -> str:
    """In the words of the tables below."""
    certain = "" if finding.confidence is Confidence.PROVEN else "?"
    keys = ", ".join(change.key for change in finding.changes)
    commits = "".join(change.commit[0] for change in finding.commits.changes) if finding.commits else ""
    parts = {
        "": f"{finding.cause}{certain}",
        "of ": finding.feature or " or ".join(finding.suspects),
        "commits ": commits,
        "by ": named(finding.people),
        "keys ": keys,
        "shared ": finding.shared,
        "with ": ", ".join(finding.others),
        "offers ": " ".join(LETTERS[offer] for offer in finding.offers),
    }
    return "; ".join(label + text for label, text in parts.items() if text)


Case = tuple[str, Facts, str]

# Its own staging tells nothing: neither this release nor an earlier one was ever well.
NEVER_WELL: list[Case] = [
    (
        "the merge base and main are well with the same configuration",
        facts(base_says=passes(BASE), main=passes()),
        "code; of feature/login; commits 42; by Alice",
    ),
    (
        "several have written it: all of them, who wrote most first",
        facts(base_says=passes(BASE), own=a_range(("4", BOB), ("3", ALICE), ("2", ALICE))),
        "code; of feature/login; commits 432; by Alice, Bob",
    ),
    (
        "main runs the merge base itself",
        facts(main=passes(BASE), behind=0),
        "code; of feature/login; commits 42; by Alice",
    ),
    (
        "the merge base was well some days ago, and main is now",
        facts(base_says=passes(BASE, at=LONG_AGO), main=passes()),
        "code; of feature/login; commits 42; by Alice",
    ),
    (
        "the merge base was well some days ago, and nobody knows about now",
        facts(base_says=passes(BASE, at=LONG_AGO)),
        "code?; of feature/login; commits 42; offers base",
    ),
    (
        "the merge base was well some days ago, and main is now, but with other keys",
        facts(base_says=passes(BASE, at=LONG_AGO), main=passes(MAIN, "PAYMENTS")),
        "code?; of feature/login; commits 42; offers base",
    ),
    (
        "the merge base was well a second before it began",
        facts(base_says=passes(BASE, at=JUST_BEFORE)),
        "code?; of feature/login; commits 42; offers base",
    ),
    (
        "the merge base is well, of main nothing is known",
        facts(base_says=passes(BASE)),
        "code; of feature/login; commits 42; by Alice",
    ),
    (
        "the baseline lacks the configuration",
        facts(base_says=passes(BASE, "PAYMENTS"), main=passes(MAIN, "PAYMENTS"), overrides=(key("PAYMENTS"),)),
        "unknown?; commits 42; keys PAYMENTS; offers base",
    ),
    (
        "main runs the merge base, without the configuration",
        facts(main=passes(BASE, "PAYMENTS"), behind=0),
        "unknown?; commits 42; keys PAYMENTS; offers base",
    ),
    (
        "the merge base was well with other keys, main is with the same",
        facts(base_says=passes(BASE, "PAYMENTS"), main=passes()),
        "code?; of feature/login; commits 42; offers base",
    ),
    (
        "the merge base was ill with other keys than these, main is well",
        facts(base_says=fails(BASE, "PAYMENTS"), main=passes()),
        "code?; of feature/login; commits 42; offers base",
    ),
    (
        "the branch is behind: main had it, and is well again",
        facts(base_says=fails(BASE), main=passes(), healed=MAIN),
        "behind",
    ),
    (
        "the same, by what main's records say of some days ago",
        facts(base_says=fails(BASE, at=LONG_AGO), main=passes(), healed=MAIN),
        "behind",
    ),
    (
        "the merge base was ill some days ago, and who knows why",
        facts(base_says=fails(BASE, at=LONG_AGO), main=passes()),
        "behind?; offers base",
    ),
    (
        "the merge base is ill, main is well: with the same configuration",
        facts(base_says=fails(BASE), main=passes()),
        "behind",
    ),
    (
        "the merge base is what main has newest, and is ill: main's staging is older",
        facts(base_says=fails(BASE), main=passes(), behind=0),
        "baseline?",
    ),
    ("both are ill", facts(base_says=fails(BASE), main=fails()), "baseline"),
    ("main is ill, with other keys", facts(main=fails(MAIN, "PAYMENTS")), "baseline"),
    ("main was ill before it began", facts(main=fails(at=LONG_AGO)), "baseline"),
    ("the merge base is well, but main is ill", facts(base_says=passes(BASE), main=fails()), "baseline"),
    ("the merge base is ill, of main nothing is known", facts(base_says=fails(BASE)), "baseline?"),
    (
        "main is well, of the merge base nothing is known",
        facts(main=passes()),
        "code?; of feature/login; commits 42; offers base",
    ),
    ("main was well before it began", facts(main=passes(at=JUST_BEFORE)), "unknown?; offers base"),
    ("nothing is known of anybody", facts(), "unknown?; offers base"),
    ("git knows nothing either", facts(base="", own=None, behind=None), "unknown?"),
    ("git can't be read, main is well", facts(base="", own=None, main=passes()), "code?; of feature/login"),
    (
        "more commits than were listed: nobody is named",
        facts(base_says=passes(BASE), own=replace(OWN, count=70)),
        "code; of feature/login; commits 42",
    ),
    (
        "the branch has no commits of its own, and is behind",
        facts(base=HEAD, own=NONE, main=passes()),
        "behind?",
    ),
    (
        "a branch without commits of its own is never to blame",
        facts(own=NONE, base_says=passes(BASE)),
        "unknown?",
    ),
    (
        "main runs the very same commit with another key",
        facts(base=HEAD, own=NONE, behind=0, main=passes(HEAD, "PAYMENTS"), overrides=(key("PAYMENTS"),)),
        "configuration; keys PAYMENTS; offers key",
    ),
    (
        "the very same commit is well elsewhere",
        facts(base_says=passes(BASE), main=passes(), same_commit=passes(HEAD)),
        "unknown?",
    ),
    (
        "the merge base is ill with these keys, and well on main without them",
        facts(
            base_says=fails(BASE), main=passes(BASE, "PAYMENTS"), behind=0, overrides=(key("PAYMENTS", "live", "test"),)
        ),
        "configuration; keys PAYMENTS; offers key",
    ),
    (
        "the merge base is ill with these keys, a newer main is well without them",
        facts(base_says=fails(BASE), main=passes(MAIN, "A", "B")),
        "configuration?; keys A, B; offers key",
    ),
    (
        "the same, and main had it once: it may be that as well",
        facts(base_says=fails(BASE), main=passes(MAIN, "A"), healed=MAIN),
        "behind",
    ),
]

# It has data of its own, and never was well.
WITH_DATA: list[Case] = [
    (
        "its data is older than any check of it",
        facts(base_says=passes(BASE), has_data=True, data_since=LONG_AGO),
        "code?; of feature/login; commits 42; offers data",
    ),
    (
        "since when it has its data is not known",
        facts(base_says=passes(BASE), has_data=True),
        "code?; of feature/login; commits 42; offers data",
    ),
    (
        "it was ill as soon as it had data",
        facts(base_says=passes(BASE), has_data=True, data_since=LONG_AGO, ill_since=LONG_AGO + seconds(60)),
        "code; of feature/login; commits 42; by Alice",
    ),
    (
        "its first release is ill at once",
        facts(base_says=passes(BASE), has_data=True, release=1),
        "code; of feature/login; commits 42; by Alice",
    ),
    (
        "its first release is ill with data that it was given last year",
        facts(base_says=passes(BASE), has_data=True, release=1, live_at=LONG_AGO),
        "code?; of feature/login; commits 42; offers data",
    ),
    (
        "it is ill with fresh data as well",
        facts(base_says=passes(BASE), has_data=True, data_since=LONG_AGO, same_commit=fails(HEAD, fresh=True)),
        "code; of feature/login; commits 42; by Alice",
    ),
    (
        "it is well with fresh data",
        facts(base_says=passes(BASE), has_data=True, same_commit=passes(HEAD, fresh=True)),
        "data",
    ),
]

WELL = {"passed_here": BEFORE}
# This very release was well before.
UNCHANGED: list[Case] = [
    ("nothing is known", facts(**WELL), "unknown?"),
    (
        "the merge base and main are well: that is no matter of commits",
        facts(**WELL, base_says=passes(BASE), main=passes()),
        "unknown?",
    ),
    ("the same commit was put there again", facts(former=was_well()), "unknown?; offers rollback"),
    (
        "the release before it fell ill already, and new commits do not help",
        facts(former=was_well(first_bad=3, bad_commit=FORMER, commit=FORMER), own=a_range(("4", BOB)), main=passes()),
        "unknown?",
    ),
    ("main is ill, too", facts(**WELL, main=fails()), "baseline"),
    ("well with fresh data", facts(**WELL, has_data=True, same_commit=passes(HEAD, fresh=True)), "data"),
    (
        "well with fresh data, before it began",
        facts(**WELL, has_data=True, same_commit=passes(HEAD, fresh=True, at=JUST_BEFORE)),
        "unknown?; offers data",
    ),
    (
        "well elsewhere, with data of another",
        facts(**WELL, has_data=True, same_commit=passes(HEAD)),
        "unknown?; offers data",
    ),
    (
        "ill with fresh data as well",
        facts(**WELL, has_data=True, same_commit=fails(HEAD, fresh=True), main=passes()),
        "unknown?",
    ),
    ("well elsewhere, and there is no data", facts(**WELL, same_commit=passes(HEAD, fresh=True)), "unknown?"),
    ("it has data", facts(**WELL, has_data=True), "unknown?; offers data"),
    ("it has data, and main is well", facts(**WELL, has_data=True, main=passes()), "data?; offers data"),
    (
        "it has data, and main is well with other keys",
        facts(**WELL, has_data=True, main=passes(MAIN, "PAYMENTS")),
        "unknown?; offers data",
    ),
    (
        "a process was ended, and main is well: it need not be data",
        facts(**WELL, has_data=True, main=passes(), signs=(sign(RESTARTED, -3),)),
        "restart?; offers data",
    ),
    ("ended for want of memory", facts(**WELL, symptom=CRASHES, signs=(sign(MEMORY, -2, "256Mi"),)), "memory"),
    ("ended and started again", facts(**WELL, symptom=CRASHES, signs=(sign(RESTARTED, 2),)), "restart"),
    (
        "ended for want of memory tells more than that it was started again",
        facts(**WELL, symptom=CRASHES, signs=(sign(RESTARTED), sign(MEMORY, 5))),
        "memory",
    ),
    (
        "what is ill is another workload",
        facts(**WELL, symptom=CRASHES, signs=(sign(RESTARTED, -5, workload="db"),)),
        "restart?",
    ),
    ("ended long before", facts(**WELL, symptom=CRASHES, signs=(sign(RESTARTED, -61),)), "unknown?"),
    ("ended again and again, long after", facts(**WELL, symptom=CRASHES, signs=(sign(RESTARTED, 600),)), "restart?"),
    ("a check fails, and long after something was ended", facts(**WELL, signs=(sign(RESTARTED, 600),)), "unknown?"),
    ("a check fails, just after want of memory", facts(**WELL, signs=(sign(MEMORY, -20),)), "memory?"),
    (
        "its node is not well, another staging says so, too",
        facts(
            **WELL,
            symptom=CRASHES,
            signs=(sign(NODE, 0, "worker-2"),),
            others=(other("cart", "node worker-2"), other("shop")),
        ),
        "node; shared node worker-2; with cart",
    ),
    ("evicted", facts(**WELL, symptom=CRASHES, signs=(sign(EVICTED, 0, "worker-2"),)), "node; shared node worker-2"),
    (
        "a registry does not answer",
        facts(**WELL, symptom=CRASHES, signs=(sign(IMAGE, 0, "ghcr.io"),)),
        "shared; shared registry ghcr.io",
    ),
    (
        "others can't reach the same address",
        facts(
            **WELL,
            symptom=CRASHES,
            shared=("address 10.0.0.5:5432",),
            others=(other("cart", "address 10.0.0.5:5432", check="cart"), other("shop", check="cart")),
        ),
        "shared; shared address 10.0.0.5:5432; with cart",
    ),
    (
        "others can't reach it since yesterday",
        facts(
            **WELL, shared=("address 10.0.0.5:5432",), others=(other("cart", "address 10.0.0.5:5432", since=LONG_AGO),)
        ),
        "unknown?",
    ),
    (
        "who has this value is ill, who is well has not",
        facts(
            **WELL, shared=("PAYMENTS=test",), others=(other("cart", "PAYMENTS=test"),), healthy=(("PAYMENTS=live",),)
        ),
        "shared?; shared PAYMENTS=test; with cart",
    ),
    (
        "who is well has the value, too",
        facts(
            **WELL, shared=("PAYMENTS=test",), others=(other("cart", "PAYMENTS=test"),), healthy=(("PAYMENTS=test",),)
        ),
        "unknown?",
    ),
    (
        "others are ill in the same way, so it is not its data alone",
        facts(**WELL, has_data=True, main=passes(MAIN, "A"), others=(other("cart"),)),
        "unknown?; offers data",
    ),
]

# An earlier release of it was well.
CHANGED: list[Case] = [
    (
        "one key was changed",
        facts(former=was_well(None, key("PAYMENTS"))),
        "configuration; keys PAYMENTS; offers rollback key",
    ),
    (
        "several keys were: it is one of them",
        facts(former=was_well(None, key("A"), key("B")), main=passes(MAIN, "A", "B")),
        "configuration; keys A, B; offers rollback key",
    ),
    (
        "a key was changed, and main is ill",
        facts(former=was_well(None, key("A")), main=fails()),
        "baseline; offers rollback",
    ),
    (
        "a key was changed, and its data wiped",
        facts(former=was_well(None, key("A")), has_data=True, data_since=BEGAN - seconds(9)),
        "configuration?; keys A; offers rollback key base data",
    ),
    (
        "a key was changed after a long sleep",
        facts(former=was_well(None, key("A"), until=LONG_AGO)),
        "configuration?; keys A; offers rollback key base",
    ),
    (
        "a key was changed after a long sleep: main, which lacks just that, is well",
        facts(former=was_well(None, key("A"), until=LONG_AGO), main=passes(MAIN, "A")),
        "configuration; keys A; offers rollback key",
    ),
    (
        "a key was changed after a long sleep: main, which lacks others as well, is well",
        facts(former=was_well(None, key("A"), until=LONG_AGO), main=passes(MAIN, "A", "B")),
        "configuration?; keys A; offers rollback key base",
    ),
    (
        "one push by Bob: Alice's commits are innocent",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB), ("2", ALICE)), base_says=passes(BASE), main=passes()),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "the last commit is innocent: it came with a later release",
        facts(
            release=5,
            commit=LATER,
            own=a_range(("5", CAROL), ("4", BOB), ("2", ALICE), new=LATER),
            former=was_well(BY_BOB, bad_since=BEFORE + seconds(10)),
            main=passes(),
        ),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "a later release, and when the first one fell ill is not known",
        facts(release=5, commit=LATER, own=a_range(("5", CAROL), ("4", BOB), new=LATER), former=was_well(BY_BOB)),
        "code?; of feature/login; commits 4; offers rollback base",
    ),
    (
        "new commits after a long sleep",
        facts(former=was_well(BY_BOB, until=LONG_AGO), own=a_range(("4", BOB))),
        "code?; of feature/login; commits 4; offers rollback base",
    ),
    (
        "new commits after a long sleep, and main is well",
        facts(former=was_well(BY_BOB, until=LONG_AGO), own=a_range(("4", BOB)), main=passes()),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "new commits, and its data was wiped",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB)), has_data=True, data_since=BEGAN - seconds(9)),
        "code?; of feature/login; commits 4; offers rollback base data",
    ),
    (
        "new commits, and nobody with older code was heard: something outside may have gone in that moment",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB))),
        "code?; of feature/login; commits 4; offers rollback base",
    ),
    (
        "new commits, and main is well with another key, which may be what has gone",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB)), main=passes(MAIN, "PAYMENTS")),
        "code?; of feature/login; commits 4; offers rollback base",
    ),
    (
        "new commits, and the merge base is well with the same configuration",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB)), base_says=passes(BASE)),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "new commits, with the data of before: whoever doubts that can try",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB)), has_data=True, data_since=LONG_AGO, main=passes()),
        "code; of feature/login; commits 4; by Bob; offers rollback data",
    ),
    (
        "new commits, with data that is hardly older",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB)), has_data=True, data_since=BEFORE, main=passes()),
        "code; of feature/login; commits 4; by Bob; offers rollback data",
    ),
    (
        "the same, and fresh data is tried by itself: nobody is named before that",
        facts(
            former=was_well(BY_BOB),
            own=a_range(("4", BOB)),
            has_data=True,
            data_since=LONG_AGO,
            main=passes(),
            tries=True,
        ),
        "code?; of feature/login; commits 4; offers rollback base data",
    ),
    (
        "new commits, and it is ill with fresh data as well",
        facts(
            former=was_well(BY_BOB),
            own=a_range(("4", BOB)),
            has_data=True,
            tries=True,
            same_commit=fails(HEAD, fresh=True),
            base_says=passes(BASE),
        ),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "the same, but main is well with another key only: something outside may have gone in that moment",
        facts(
            former=was_well(BY_BOB),
            own=a_range(("4", BOB)),
            has_data=True,
            tries=True,
            main=passes(MAIN, "PAYMENTS"),
            same_commit=fails(HEAD, fresh=True),
        ),
        "code?; of feature/login; commits 4; offers rollback base",
    ),
    (
        "the same, and the merge base is ill now, with the same configuration",
        facts(
            former=was_well(BY_BOB),
            own=a_range(("4", BOB)),
            has_data=True,
            tries=True,
            main=passes(MAIN, "PAYMENTS"),
            same_commit=fails(HEAD, fresh=True),
            base_says=fails(BASE),
        ),
        "code?; of feature/login; commits 4; offers rollback",
    ),
    (
        "new commits, and it is well with fresh data: its data went bad in that moment",
        facts(
            former=was_well(BY_BOB),
            own=a_range(("4", BOB)),
            has_data=True,
            tries=True,
            same_commit=passes(HEAD, fresh=True),
        ),
        "data; offers rollback",
    ),
    (
        "new commits, while one that was not touched fell ill in the same way",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB)), others=(other("cart"),)),
        "code?; of feature/login; commits 4; offers rollback base",
    ),
    (
        "the same, but main is well with the same configuration",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB)), others=(other("cart"),), main=passes()),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "new commits, while its node was lost",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB)), signs=(sign(NODE, -10, "worker-2"),)),
        "node?; shared node worker-2; offers rollback base",
    ),
    (
        "new commits, while an address that others need was lost",
        facts(
            former=was_well(BY_BOB),
            own=a_range(("4", BOB)),
            shared=("address pay.example.com:443",),
            others=(other("cart", "address pay.example.com:443"),),
        ),
        "shared; shared address pay.example.com:443; with cart; offers rollback",
    ),
    (
        "new commits that need more memory than there is",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB)), signs=(sign(MEMORY, -1),), main=passes()),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "which commits is not known",
        facts(former=replace(was_well(), commit=FORMER)),
        "code?; of feature/login; offers rollback base",
    ),
    (
        "main was merged in: what it brought is innocent, as the merge base is well",
        facts(
            former=was_well(a_range(("4", BOB), ("9", CAROL), old=FORMER)),
            own=a_range(("4", BOB)),
            base_says=passes(BASE),
        ),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "main was merged in, and has what it brought, and is well",
        facts(
            former=was_well(a_range(("4", BOB), ("9", CAROL), old=FORMER)),
            own=a_range(("4", BOB)),
            main=passes(),
            main_has_base=True,
        ),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "main was merged in, and its staging, which is well, may be older than that",
        facts(former=was_well(a_range(("4", BOB), ("9", CAROL), old=FORMER)), own=a_range(("4", BOB)), main=passes()),
        "code?; of feature/login; commits 49; offers rollback base",
    ),
    (
        "main was merged in, and was ill then",
        facts(
            former=was_well(a_range(("4", BOB), ("9", CAROL), old=FORMER)),
            own=a_range(("4", BOB)),
            base_says=fails(BASE),
            main=passes(),
            healed=MAIN,
        ),
        "behind; offers rollback",
    ),
    (
        "nothing but main was merged in, and that is well",
        facts(former=was_well(a_range(("9", CAROL), old=FORMER)), base_says=passes(BASE)),
        "unknown?; offers rollback",
    ),
    (
        "what was merged in can't be told apart",
        facts(former=was_well(a_range(("4", BOB), ("9", CAROL), old=FORMER)), own=replace(OWN, count=90)),
        "code?; of feature/login; commits 49; offers rollback base",
    ),
    (
        "git told what was merged in",
        facts(
            former=was_well(a_range(("4", BOB), ("9", CAROL), old=FORMER), brought=a_range(("9", CAROL))),
            own=replace(OWN, count=90),
            base_says=passes(BASE),
        ),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "the branch mended what the merge base had, and broke it again",
        facts(
            former=was_well(BY_BOB),
            own=a_range(("4", BOB), ("2", ALICE)),
            base_says=fails(BASE, at=LONG_AGO),
            main=passes(),
        ),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "the merge base, which the former release had, is ill now",
        facts(former=was_well(BY_BOB), own=a_range(("4", BOB), ("2", ALICE)), base_says=fails(BASE), main=passes()),
        "code?; of feature/login; commits 4; offers rollback",
    ),
    (
        "it was rebased: old commits look new, so of two authors none is named",
        facts(
            former=was_well(a_range(("4", BOB), ("3", ALICE), old=FORMER), rewritten=True),
            own=a_range(("4", BOB), ("3", ALICE)),
            main=passes(),
        ),
        "code; of feature/login; commits 43; offers rollback",
    ),
    (
        "it was rebased, and one has written it all",
        facts(
            former=was_well(a_range(("4", BOB), ("3", BOB), old=FORMER), rewritten=True),
            own=a_range(("4", BOB), ("3", BOB)),
            main=passes(),
        ),
        "code; of feature/login; commits 43; by Bob; offers rollback",
    ),
    (
        "commits and keys are new",
        facts(former=was_well(BY_BOB, key("A")), own=a_range(("4", BOB), ("2", ALICE))),
        "unknown?; commits 4; keys A; offers rollback base",
    ),
    (
        "commits and keys are new, and the merge base is well with these keys",
        facts(former=was_well(BY_BOB, key("A")), own=a_range(("4", BOB), ("2", BOB)), base_says=passes(BASE)),
        "code; of feature/login; commits 42; by Bob; offers rollback",
    ),
    (
        "the same, but an older commit of another may be what can't do with the key",
        facts(former=was_well(BY_BOB, key("A")), own=a_range(("4", BOB), ("2", ALICE)), base_says=passes(BASE)),
        "code; of feature/login; commits 42; offers rollback",
    ),
    (
        "commits and keys are new, and main is well with these keys",
        facts(former=was_well(BY_BOB, key("A")), own=a_range(("4", BOB)), main=passes()),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "commits and keys are new, and main is well without these keys",
        facts(former=was_well(BY_BOB, key("A")), own=a_range(("4", BOB)), main=passes(MAIN, "A")),
        "unknown?; commits 4; keys A; offers rollback base",
    ),
    (
        "commits and keys are new, and the merge base is ill with these keys",
        facts(
            former=was_well(BY_BOB, key("A")), own=a_range(("4", BOB)), base_says=fails(BASE), main=passes(MAIN, "A")
        ),
        "configuration?; keys A; offers rollback key",
    ),
]

# Commits of another feature are in it.
INCLUDED: list[Case] = [
    (
        "the other is ill by itself",
        facts(base_says=passes(BASE), own=WITH_CART, included=(includes(fails("7" * 40)),)),
        "code; of feature/cart; commits 7; by Carol",
    ),
    (
        "the other is well by itself",
        facts(base_says=passes(BASE), own=WITH_CART, included=(includes(passes("7" * 40)),)),
        "code; of feature/login; commits 42; by Alice",
    ),
    (
        "of the other nothing is known",
        facts(base_says=passes(BASE), own=WITH_CART, included=(includes(NOBODY),)),
        "code?; of feature/login or feature/cart; commits 472",
    ),
    (
        "the other has gone on since: what it says is of other commits",
        facts(base_says=passes(BASE), own=WITH_CART, included=(includes(passes("8" * 40)),)),
        "code?; of feature/login or feature/cart; commits 472",
    ),
    (
        "the other is well with other keys",
        facts(base_says=passes(BASE), own=WITH_CART, included=(includes(passes("7" * 40, "A")),)),
        "code?; of feature/login or feature/cart; commits 472",
    ),
    (
        "the other is ill by itself, but nobody knows about the merge base",
        facts(main=passes(), own=WITH_CART, included=(includes(fails("7" * 40)),)),
        "code?; of feature/cart; commits 7; offers base",
    ),
    (
        "two others are ill by themselves",
        facts(
            base_says=passes(BASE),
            own=a_range(("4", ALICE), ("7", CAROL), ("6", BOB)),
            included=(
                includes(fails("7" * 40)),
                includes(fails("6" * 40), "feature/pay", a_range(("6", BOB), new="6")),
            ),
        ),
        "code?; of feature/cart or feature/pay; commits 476",
    ),
    (
        "the other is ill by itself, and so is what that has in it",
        facts(
            base_says=passes(BASE),
            own=a_range(("4", ALICE), ("7", CAROL), ("6", BOB)),
            included=(
                includes(fails("7" * 40), commits=a_range(("7", CAROL), ("6", BOB), new="7")),
                includes(fails("6" * 40), "feature/pay", a_range(("6", BOB), new="6")),
            ),
        ),
        "code; of feature/pay; commits 6; by Bob",
    ),
    (
        "the other came with an earlier release, which was well",
        facts(
            former=was_well(BY_BOB),
            own=a_range(("4", BOB), ("7", CAROL)),
            included=(includes(NOBODY),),
            main=passes(),
        ),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "the other was merged in, and each is well by itself",
        facts(
            former=was_well(replace(CART, old=FORMER)),
            own=WITH_CART,
            included=(includes(passes("7" * 40)),),
        ),
        "unknown?; offers rollback base",
    ),
]

# The baseline's own staging.
BASELINE: list[Case] = [
    ("its newest commits", of_main(former=was_well(BY_BOB)), "code; of main; commits 4; by Bob; offers rollback"),
    (
        "its newest commits, and others have it from there",
        of_main(
            former=was_well(BY_BOB),
            others=(other("cart", unchanged=False, excused=True), other("pay", check="cart", excused=True)),
        ),
        "code; of main; commits 4; by Bob; with cart; offers rollback",
    ),
    (
        "others fell ill at the same time without having been touched",
        of_main(former=was_well(BY_BOB), others=(other("cart"),)),
        "code?; of main; commits 4; offers rollback",
    ),
    ("a key of it", of_main(former=was_well(None, key("A"))), "configuration; keys A; offers rollback key"),
    ("what witnesses say is no matter", of_main(main=fails(), base_says=passes(BASE)), "unknown?"),
    ("nothing was changed", of_main(**WELL), "unknown?"),
    ("it was ended for want of memory", of_main(**WELL, symptom=CRASHES, signs=(sign(MEMORY),)), "memory"),
    ("never well, and its process ended", of_main(signs=(sign(RESTARTED),)), "restart?"),
    (
        "long asleep, then new commits",
        of_main(former=was_well(BY_BOB, until=LONG_AGO)),
        "code?; of main; commits 4; offers rollback",
    ),
]

AFTER = BEGAN - timedelta(minutes=10)
EARLY = replace(facts().symptom, since=AFTER)
# Main is ill now, but was not when this began.
BEFORE_MAIN: list[Case] = [
    (
        "main was seen well after it began, and has it since a while",
        facts(
            symptom=EARLY,
            former=was_well(BY_BOB, until=AFTER - seconds(5)),
            own=a_range(("4", BOB)),
            main=fails(since=BEGAN),
            main_passed=BEGAN - seconds(10),
        ),
        "code; of feature/login; commits 4; by Bob; offers rollback",
    ),
    (
        "whether main was well then is not known",
        facts(
            symptom=EARLY,
            former=was_well(BY_BOB, until=AFTER - seconds(5)),
            own=a_range(("4", BOB)),
            main=fails(since=BEGAN),
        ),
        "baseline; offers rollback",
    ),
    (
        "main fell ill half a minute later",
        facts(
            former=was_well(BY_BOB),
            own=a_range(("4", BOB)),
            main=fails(since=BEGAN + seconds(30)),
            main_passed=BEGAN + seconds(20),
        ),
        "baseline; offers rollback",
    ),
    (
        "nothing of its own explains it",
        facts(symptom=EARLY, main=fails(since=BEGAN), main_passed=BEGAN - seconds(10)),
        "baseline",
    ),
]

ALL = [
    *NEVER_WELL,
    *WITH_DATA,
    *UNCHANGED,
    *CHANGED,
    *INCLUDED,
    *BASELINE,
    *BEFORE_MAIN,
]


@pytest.mark.parametrize(("known", "expected"), [pytest.param(*case[1:], id=case[0]) for case in ALL])
def test_what_is_concluded(known: Facts, expected: str) -> None:
    assert told(find(known)) == expected


def test_all_evidence_goes_with_it() -> None:
    known: dict[str, Any] = {"base_says": fails(BASE), "main": passes(), "healed": MAIN, "behind": 12}
    finding = find(facts(**known, former=was_well(a_range(("9", CAROL), old=FORMER)), signs=(sign(RESTARTED),)))
    assert finding.cause is Cause.BEHIND
    assert (finding.base, finding.main, finding.healed, finding.behind) == tuple(known.values())
    assert (finding.passed_before, finding.signs) == (3, (sign(RESTARTED),))
    assert find(facts(passed_here=BEFORE)).passed_before == 4
    with_new_keys = facts(former=was_well(BY_BOB, key("A")), own=a_range(("4", BOB)), base_says=passes(BASE))
    assert find(with_new_keys).passed_before is None
